//! A history by subject: no rule looks across two of them.

use std::collections::{BTreeMap, BTreeSet};

use super::{Event, History, Request};

/// An event with its place in the history.
#[derive(Clone, Copy, Debug)]
pub struct Placed<'a> {
    /// Its place.
    pub place: usize,
    /// The event.
    pub event: &'a Event,
}

/// What is known of one subject.
#[derive(Debug)]
pub struct Subject<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its requests, by their start.
    pub events: Vec<Placed<'a>>,
    /// The codes that were sent to it, by challenge.
    codes: BTreeMap<&'a str, &'a str>,
}

/// All subjects of a history.
#[derive(Debug)]
pub struct Subjects<'a>(BTreeMap<&'a str, Subject<'a>>);

impl<'a> Subjects<'a> {
    /// Sorts a history.
    #[must_use]
    pub fn of(history: &'a History) -> Self {
        let mut subjects: BTreeMap<&str, Subject<'_>> = BTreeMap::new();
        for (place, event) in history.events.iter().enumerate() {
            let name = event.subject.as_str();
            let subject = subjects.entry(name).or_insert_with(|| Subject::new(name));
            subject.events.push(Placed { place, event });
        }
        for subject in subjects.values_mut() {
            subject.events.sort_by_key(|placed| placed.event.start);
            let named: BTreeSet<&str> =
                subject.events.iter().flat_map(|it| named(it.event)).collect();
            let codes = named.into_iter().filter_map(|id| {
                let (id, code) = history.codes.get_key_value(id)?;
                Some((id.as_str(), code.as_str()))
            });
            subject.codes = codes.collect();
        }
        Self(subjects)
    }

    /// Each of them.
    pub fn all(&self) -> impl Iterator<Item = &Subject<'a>> {
        self.0.values()
    }
}

/// The challenges that a request or its answer names.
fn named(event: &Event) -> impl Iterator<Item = &str> {
    let asked = match &event.request {
        Request::Verify { id: Some(id), .. } | Request::Resend { id } | Request::Revoke { id } => {
            Some(id.as_str())
        }
        Request::Verify { id: None, .. } | Request::Issue | Request::Status | Request::Unlock => {
            None
        }
    };
    asked.into_iter().chain([event.answered_id()]).filter(|id| !id.is_empty())
}

impl<'a> Subject<'a> {
    const fn new(name: &'a str) -> Self {
        Self { name, events: Vec::new(), codes: BTreeMap::new() }
    }

    /// The acknowledged issues, each with its challenge.
    pub fn issues(&self) -> impl Iterator<Item = (Placed<'a>, &'a str)> {
        self.events.iter().filter_map(|it| Some((*it, it.event.issued()?)))
    }

    /// The issue of a challenge, where it was acknowledged.
    #[must_use]
    pub fn issue_of(&self, id: &str) -> Option<Placed<'a>> {
        self.issues().find(|(_, issued)| *issued == id).map(|(issue, _)| issue)
    }

    /// The successes, each with its challenge.
    pub fn successes(&self) -> impl Iterator<Item = (Placed<'a>, &'a str)> {
        self.events.iter().filter_map(|it| Some((*it, it.event.succeeded()?)))
    }

    /// The verifications, each with the challenge that is named and the code.
    pub fn verifications(&self) -> impl Iterator<Item = (Placed<'a>, Option<&'a str>, &'a str)> {
        self.events.iter().filter_map(|it| match &it.event.request {
            Request::Verify { id, code } => Some((*it, id.as_deref(), code.as_str())),
            _ => None,
        })
    }

    /// The challenges whose code this is.
    pub fn owners(&self, code: &str) -> impl Iterator<Item = &'a str> {
        self.codes.iter().filter(move |(_, own)| **own == code).map(|(id, _)| *id)
    }

    /// The code of a challenge, where it is known.
    #[must_use]
    pub fn code_of(&self, id: &str) -> Option<&'a str> {
        self.codes.get(id).copied()
    }

    /// Whether a verification may have been an answer: its code is one that was sent, as far as is known, and what came
    /// of it doesn't exclude it.
    #[must_use]
    pub fn may_have_succeeded(&self, event: &Event) -> bool {
        let Request::Verify { id, code } = &event.request else { return false };
        let is_wrong = match id {
            Some(id) => self.code_of(id).is_some_and(|own| own != code),
            // A challenge that no client was told of may have any code.
            None => false,
        };
        event.status() == 200 || (event.is_unknown() && !is_wrong)
    }

    /// Whether a verification may have ended the attempts of all although nothing succeeded: the right code of a challenge
    /// that was being revoked at the same time looks like an answer.
    #[must_use]
    pub fn may_look_answered(&self, event: &Event) -> bool {
        let Request::Verify { id: named, code } = &event.request else { return false };
        let is_meant = |owner: &str| named.as_ref().is_none_or(|named| named == owner);
        event.problem() == "challenge_not_found"
            && self.owners(code).any(|owner| is_meant(owner) && self.may_be_revoked(owner, event))
    }

    /// Whether a challenge may have been revoked before an event was over.
    #[must_use]
    pub fn may_be_revoked(&self, which: &str, by: &Event) -> bool {
        self.events.iter().any(|it| {
            let is_about = matches!(&it.event.request, Request::Revoke { id } if id == which);
            let may_be = it.event.status() == 204 || it.event.is_unknown();
            is_about && may_be && it.event.start <= by.end
        })
    }
}

//! Nothing succeeds once it is acknowledged that it ended, or is certainly over, or once the store has told that it may have
//! forgotten what happened to it.
//!
//! Undecided: an expiry told by one process where the clock of the one that accepted differs; and `exhausted` while an
//! attempt was under way that compared nothing, or whose effect is unknown: it is taken back.

use super::subject::{Placed, Subject};
use super::terms::Terms;
use super::{Event, Request, Rule, Violation};

/// What successes after an end break.
#[must_use]
pub fn check(subject: &Subject<'_>, terms: &Terms) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (success, id) in subject.successes() {
        let before = subject.events.iter().filter(|it| it.event.is_before(success.event));
        let end =
            before.filter_map(|it| Some((*it, ended(subject, terms, *it, success, id)?))).next();
        if let Some((end, how)) = end {
            let text = format!("{id} succeeded after it was acknowledged as {how}");
            let events = vec![end.place, success.place];
            violations.push(Violation { rule: Rule::AfterEnd, text, events });
        } else if is_over(subject, terms, success, id) {
            let text = format!("{id} succeeded after its lifetime");
            violations.push(Violation { rule: Rule::AfterEnd, text, events: vec![success.place] });
        } else if let Some(issue) = subject.issue_of(id)
            && terms.has_to_be_refused(subject.name, issue.event.end, success.event.start)
        {
            let text = format!("{id} succeeded after the store may have forgotten its use");
            let events = vec![issue.place, success.place];
            violations.push(Violation { rule: Rule::AfterEnd, text, events });
        }
    }
    violations
}

/// How an event says that the challenge had ended, where it does for certain.
fn ended(
    subject: &Subject<'_>,
    terms: &Terms,
    end: Placed<'_>,
    success: Placed<'_>,
    id: &str,
) -> Option<&'static str> {
    let named = match &end.event.request {
        Request::Verify { id, .. } => id.as_deref(),
        Request::Resend { id } | Request::Revoke { id } => Some(id.as_str()),
        Request::Issue | Request::Status | Request::Unlock => None,
    };
    if named != Some(id) {
        return None;
    }
    let is_revocation = matches!(end.event.request, Request::Revoke { .. });
    match (end.event.status(), end.event.problem()) {
        (204, _) if is_revocation => Some("revoked"),
        (410, "challenge_revoked") => Some("revoked"),
        (410, "challenge_expired") => {
            terms.have_one_clock(end.event, success.event).then_some("expired")
        }
        (429, "exhausted") => is_certain(subject, end.event).then_some("exhausted"),
        _ => None,
    }
}

/// Whether all attempts that were counted when an answer was made were compared.
fn is_certain(subject: &Subject<'_>, end: &Event) -> bool {
    let may_be_taken_back = |event: &Event| {
        let is_compared = event.is_mismatch() || event.status() == 200;
        !is_compared && !event.is_void() && event.start <= end.end && event.last() >= end.start
    };
    let others = subject.verifications().map(|(placed, ..)| placed.event);
    others.filter(|event| !std::ptr::eq(*event, end)).all(|event| !may_be_taken_back(event))
}

/// Whether a success began when the challenge was over by every clock.
fn is_over(subject: &Subject<'_>, terms: &Terms, success: Placed<'_>, id: &str) -> bool {
    subject.issue_of(id).is_some_and(|issue| {
        let lives = issue.event.end.saturating_add(terms.purpose(subject.name).lifetime);
        success.event.start > lives.saturating_add(terms.slack())
    })
}

//! What was acknowledged as issued can be answered: a right code that comes in time succeeds, unless something that is in
//! the history, or a loss that the fault excuses, stands in its way.
//!
//! Undecided: answers that are about the recipient (`locked`, `disabled`, `throttled`), and subjects that were asked about
//! by two clocks.

use super::subject::{Placed, Subject};
use super::terms::{Terms, WHOLE_SECONDS};
use super::{Event, Request, Rule, Violation};

/// Challenges of a subject that stay answerable.
const NEWEST: usize = 3;

/// What the refusals of right codes break.
#[must_use]
pub fn check(subject: &Subject<'_>, terms: &Terms) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (issue, id) in subject.issues() {
        for (verification, named, code) in subject.verifications() {
            let is_right = subject.code_of(id) == Some(code);
            let is_meant = named.is_none_or(|named| named == id);
            if !is_right || !is_meant || !issue.event.is_before(verification.event) {
                continue;
            }
            let case = Case { subject, terms, id, issue: issue.event, refusal: verification.event };
            if case.is_refused(named.is_some()) {
                let text = format!(
                    "{id} was issued, and its code refused: {} {}",
                    verification.event.status(),
                    verification.event.problem()
                );
                let events = vec![issue.place, verification.place];
                violations.push(Violation { rule: Rule::Unanswerable, text, events });
            }
        }
    }
    violations
}

struct Case<'a> {
    subject: &'a Subject<'a>,
    terms: &'a Terms,
    id: &'a str,
    issue: &'a Event,
    refusal: &'a Event,
}

impl Case<'_> {
    /// Whether the right code was refused for no reason.
    fn is_refused(&self, is_named: bool) -> bool {
        match self.refusal.problem() {
            // Whatever became of it, its code is its code.
            "code_mismatch" if is_named => true,
            "exhausted" => !self.is_excused() && !self.may_be_exhausted(),
            // By recipient the answer is about the newest, whatever is wrong with this one.
            "challenge_not_found" | "challenge_expired" | "challenge_revoked" | "code_mismatch"
                if !is_named =>
            {
                !self.is_excused() && !self.may_be_exhausted()
            }
            "challenge_not_found" | "challenge_expired" | "challenge_revoked" => !self.is_excused(),
            _ => false,
        }
    }

    fn is_excused(&self) -> bool {
        self.may_be_lost()
            || self.may_be_over()
            || self.may_be_answered()
            || self.subject.may_be_revoked(self.id, self.refusal)
            || self.may_be_followed()
            || self.may_be_unlocked()
            || self.has_two_clocks()
    }

    fn may_be_lost(&self) -> bool {
        self.terms.may_be_lost(self.subject.name, self.issue.start, self.refusal.last())
    }

    fn may_be_over(&self) -> bool {
        let lives = self.issue.start.saturating_add(self.terms.purpose(self.subject.name).lifetime);
        self.refusal.end.saturating_add(WHOLE_SECONDS) >= lives
    }

    /// The other requests that came before the refusal, and may have had an effect on the challenge.
    fn others(&self) -> impl Iterator<Item = Placed<'_>> {
        let (issue, refusal) = (self.issue, self.refusal);
        let events = self.subject.events.iter().copied();
        events.filter(move |it| {
            !std::ptr::eq(it.event, refusal)
                && !std::ptr::eq(it.event, issue)
                && !it.event.is_void()
                && it.event.start <= refusal.end
                && it.event.last() >= issue.start
        })
    }

    /// Whether one of the challenges that share its attempts may have been answered, or may look so.
    fn may_be_answered(&self) -> bool {
        let subject = self.subject;
        self.others()
            .any(|it| subject.may_have_succeeded(it.event) || subject.may_look_answered(it.event))
    }

    /// Whether as many newer challenges may be there as stay answerable.
    fn may_be_followed(&self) -> bool {
        let issues = self.others().filter(|it| {
            let may_be = it.event.status() == 201 || it.event.is_unknown();
            it.event.request == Request::Issue && may_be
        });
        issues.count() >= NEWEST
    }

    /// Whether its attempts may be spent: by codes that were compared, or by some that weren't and are under way or
    /// could not be taken back. Those of an earlier budget count too, for it may be the same one.
    fn may_be_exhausted(&self) -> bool {
        let verifications = self.subject.verifications().map(|(placed, ..)| placed.event);
        let counted = verifications.filter(|event| {
            !std::ptr::eq(*event, self.refusal)
                && !event.is_void()
                && event.start <= self.refusal.end
        });
        counted.count() >= self.terms.purpose(self.subject.name).max_attempts
    }

    fn may_be_unlocked(&self) -> bool {
        self.others().any(|it| it.event.request == Request::Unlock)
    }

    fn has_two_clocks(&self) -> bool {
        let earlier = self.subject.events.iter().filter(|it| it.event.start <= self.refusal.end);
        earlier.into_iter().any(|it| !self.terms.have_one_clock(it.event, self.refusal))
    }
}

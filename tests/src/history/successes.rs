//! A challenge succeeds once, with its own code, and one success ends all that share its attempts.
//!
//! Undecided: two challenges that share attempts and succeed at the same time, and challenges of which the first may
//! have been over when the second was issued: where a loss, an unlock or two clocks lie in between. A loss after both were
//! issued excuses nothing: it takes both.

use super::subject::{Placed, Subject};
use super::terms::Terms;
use super::{Request, Rule, Violation};

/// What the successes of a subject break.
#[must_use]
pub fn check(subject: &Subject<'_>, terms: &Terms) -> Vec<Violation> {
    let mut violations = Vec::new();
    let successes: Vec<_> = subject.successes().collect();
    for (number, (success, id)) in successes.iter().enumerate() {
        violations.extend(wrong(subject, *success, id));
        for (other, other_id) in successes.iter().skip(number + 1) {
            let places = vec![success.place, other.place];
            if id == other_id {
                let text = format!("{id} succeeded twice");
                violations.push(Violation { rule: Rule::SecondSuccess, text, events: places });
            } else if share_attempts(subject, terms, (*success, id), (*other, other_id)) {
                let text = format!("{id} and {other_id} share their attempts, and both succeeded");
                violations.push(Violation { rule: Rule::SecondSuccess, text, events: places });
            }
        }
    }
    violations
}

/// A success by another challenge than the one that was named, or with a code that isn't its own.
fn wrong(subject: &Subject<'_>, success: Placed<'_>, id: &str) -> Option<Violation> {
    let Request::Verify { id: named, code } = &success.event.request else { return None };
    let is_named = named.as_ref().is_none_or(|named| named == id);
    let is_own = subject.code_of(id).is_none_or(|own| own == code);
    let text = format!("{id} succeeded by {:?}", success.event.request);
    let events = vec![success.place];
    (!is_named || !is_own).then_some(Violation { rule: Rule::WrongSuccess, text, events })
}

/// Whether two challenges certainly had one budget, and the second succeeded after the first had: both were issued
/// before either succeeded, the second while the first lived, and nothing ended its budget.
fn share_attempts(
    subject: &Subject<'_>,
    terms: &Terms,
    (success, id): (Placed<'_>, &str),
    (other, other_id): (Placed<'_>, &str),
) -> bool {
    let (Some(issue), Some(other_issue)) = (subject.issue_of(id), subject.issue_of(other_id))
    else {
        return false;
    };
    let (issue, other_issue) = (issue.event, other_issue.event);
    let begin = issue.start.min(other_issue.start);
    let both_issued = issue.end.max(other_issue.end);
    let lives = begin.saturating_add(terms.purpose(subject.name).lifetime);
    let is_unlocked = || {
        let unlocks = subject.events.iter().filter(|it| it.event.request == Request::Unlock);
        unlocks.into_iter().any(|it| it.event.start < other.event.end && it.event.last() > begin)
    };
    let has_one_clock = || {
        let issues = subject.events.iter().filter(|it| it.event.request == Request::Issue);
        issues.into_iter().all(|it| terms.have_one_clock(it.event, issue))
    };
    success.event.is_before(other.event)
        && both_issued < success.event.start
        && both_issued.saturating_add(terms.slack()) < lives
        && !terms.may_be_lost(subject.name, begin, both_issued)
        && !is_unlocked()
        && has_one_clock()
}

//! A budget compares no more codes than it has attempts.
//!
//! What counts is what callers were told: 200 and `code_mismatch`. Those of one challenge count together whatever
//! happened. Those of all challenges of a recipient count together from an issue on, for as long as nothing can have
//! ended its budget: while the challenge lives, and until something may have succeeded, been unlocked or been lost, or a
//! process with another clock issued: it may not know the budget, and begin one.

use super::subject::{Placed, Subject};
use super::terms::Terms;
use super::{Event, Micros, Request, Rule, Violation};

/// What the comparisons of a subject break.
#[must_use]
pub fn check(subject: &Subject<'_>, terms: &Terms) -> Vec<Violation> {
    let limit = terms.purpose(subject.name).max_attempts;
    let compared: Vec<_> = compared(subject).collect();
    let mut ids: Vec<&str> = compared.iter().filter_map(|it| it.id).collect();
    ids.sort_unstable();
    ids.dedup();
    let of_one = ids.iter().map(|id| {
        let own = compared.iter().filter(|it| it.id == Some(id));
        (format!("challenge {id}"), own.map(|it| it.placed.place).collect::<Vec<_>>())
    });
    let of_budgets = subject.issues().map(|(issue, id)| {
        let places = of_budget(subject, terms, issue, id, &compared);
        (format!("the budget of {id}"), places)
    });
    let mut counted: Vec<Vec<usize>> = Vec::new();
    let mut violations = Vec::new();
    for (what, events) in of_one.chain(of_budgets).filter(|(_, events)| events.len() > limit) {
        // Of what shows the same, the first is enough.
        if counted.iter().any(|known| events.iter().all(|event| known.contains(event))) {
            continue;
        }
        counted.push(events.clone());
        let text = format!("{} codes compared in {what}, which has {limit} attempts", events.len());
        violations.push(Violation { rule: Rule::OverLimit, text, events });
    }
    violations
}

/// A code that was compared, and with which challenge, where that is known.
struct Compared<'a> {
    placed: Placed<'a>,
    id: Option<&'a str>,
}

fn compared<'a>(subject: &Subject<'a>) -> impl Iterator<Item = Compared<'a>> {
    subject.verifications().filter_map(|(placed, named, _)| {
        let event = placed.event;
        let id = event.succeeded().or(named);
        (event.succeeded().is_some() || event.is_mismatch()).then_some(Compared { placed, id })
    })
}

/// The codes that were certainly compared in the budget of a challenge, from its issue on.
fn of_budget(
    subject: &Subject<'_>,
    terms: &Terms,
    issue: Placed<'_>,
    id: &str,
    compared: &[Compared<'_>],
) -> Vec<usize> {
    let begin = issue.event.start;
    let end = end(subject, terms, issue.event);
    // Issued before anything can have ended the budget, so in it.
    let shares = |other: &str| {
        other == id
            || subject
                .issue_of(other)
                .is_some_and(|other| other.event.start >= begin && other.event.end < end)
    };
    let is_in = |it: &&Compared<'_>| match it.id {
        Some(other) => shares(other),
        None => it.placed.event.start > issue.event.end && it.placed.event.end < end,
    };
    compared.iter().filter(is_in).map(|it| it.placed.place).collect()
}

/// The first moment at which a budget that was there when a challenge was issued may have ended.
fn end(subject: &Subject<'_>, terms: &Terms, issue: &Event) -> Micros {
    let begin = issue.start;
    let ends = |event: &Event| match &event.request {
        Request::Verify { .. } => {
            subject.may_have_succeeded(event) || subject.may_look_answered(event)
        }
        Request::Issue => !terms.have_one_clock(event, issue),
        Request::Unlock => !event.is_void(),
        _ => false,
    };
    let ended = subject.events.iter().map(|it| it.event).filter(|event| event.last() >= begin);
    let ended = ended.filter(|event| ends(event)).map(|event| event.start.max(begin)).min();
    let lives = begin.saturating_add(terms.purpose(subject.name).lifetime);
    let lives = lives.saturating_sub(terms.slack()).max(begin);
    ended.unwrap_or(Micros::MAX).min(lives).min(terms.next_loss(subject.name, begin))
}

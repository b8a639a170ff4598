//! Every request is answered in time, and none with a failure of the service itself.
//!
//! Undecided: connections that were cut on purpose, by the fault or because their process was killed.

use std::ops::Range;

use super::terms::Terms;
use super::{Event, History, Micros, Outcome, Rule, Violation};

/// What the answers of a run break.
#[must_use]
pub fn check(history: &History, terms: &Terms) -> Vec<Violation> {
    let events = history.events.iter().enumerate();
    let broken = events.filter_map(|(place, event)| {
        let rule = broken(event, terms)?;
        let text = format!("{:?} of {:?}", event.outcome, event.request);
        Some(Violation { rule, text, events: vec![place] })
    });
    broken.collect()
}

fn broken(event: &Event, terms: &Terms) -> Option<Rule> {
    let is_dead = || is_in(event, &terms.dead);
    let is_cut = || terms.cut.iter().any(|span| touches(event, span));
    match &event.outcome {
        Outcome::Late => Some(Rule::NoAnswer),
        Outcome::Cut => (!is_dead() && !is_cut()).then_some(Rule::NoAnswer),
        Outcome::NotSent => (!is_dead() && !is_in(event, &terms.closed)).then_some(Rule::NoAnswer),
        Outcome::Answered { status, .. } if *status >= 500 && *status != 503 => Some(Rule::Fault),
        Outcome::Answered { .. } | Outcome::HungUp => None,
    }
}

fn is_in(event: &Event, spans: &[(usize, Range<Micros>)]) -> bool {
    spans.iter().any(|(host, span)| *host == event.host && touches(event, span))
}

fn touches(event: &Event, span: &Range<Micros>) -> bool {
    span.start <= event.end && span.end >= event.start
}

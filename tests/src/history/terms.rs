//! What a run promises, and what its fault excuses.

use std::collections::BTreeMap;
use std::ops::Range;

use super::{Event, Micros};

/// What it adds that clocks are read in whole seconds, and more.
pub const WHOLE_SECONDS: Micros = 2_000_000;

/// What a purpose promises.
#[derive(Clone, Copy, Debug)]
pub struct Purpose {
    /// Codes that a budget compares, at most.
    pub max_attempts: usize,
    /// How long a challenge lives.
    pub lifetime: Micros,
}

/// What a store may have forgotten, or said that it may have.
#[derive(Clone, Debug)]
pub struct Loss {
    /// When it did: all that it had acknowledged before.
    pub span: Range<Micros>,
    /// Of which parts of the store; nothing where it was of all.
    pub parts: Option<Range<u16>>,
    /// Whether what was issued before has to be refused for ever: not where a part may come back from where it went.
    pub is_final: bool,
}

/// What holds in a run.
#[derive(Clone, Debug, Default)]
pub struct Terms {
    /// The purposes by their names: the part of a subject before the first space.
    pub purposes: BTreeMap<String, Purpose>,
    /// What the store may have forgotten.
    pub losses: Vec<Loss>,
    /// The part of the store in which a subject is, where it has several.
    pub parts: BTreeMap<String, u16>,
    /// Spans in which a process was being killed, or was away.
    pub dead: Vec<(usize, Range<Micros>)>,
    /// Spans in which a process that was asked to end took no connections.
    pub closed: Vec<(usize, Range<Micros>)>,
    /// Spans in which connections between clients and processes were cut on purpose.
    pub cut: Vec<Range<Micros>>,
    /// How far the clocks of processes are off, in microseconds; 0 for those that aren't named.
    pub clocks: BTreeMap<usize, i64>,
    /// When the fault began and when it was over, for the figures.
    pub fault: Range<Micros>,
}

impl Terms {
    /// What the purpose of a subject promises.
    #[must_use]
    pub fn purpose(&self, subject: &str) -> Purpose {
        let name = subject.split(' ').next().unwrap_or_default();
        let unbounded = Purpose { max_attempts: usize::MAX, lifetime: Micros::MAX / 4 };
        self.purposes.get(name).copied().unwrap_or(unbounded)
    }

    /// The losses that a subject may have suffered: all of them, where it is unknown in which part it is.
    fn losses_of(&self, subject: &str) -> impl Iterator<Item = &Loss> {
        let part = self.parts.get(subject);
        self.losses.iter().filter(move |loss| match (&loss.parts, part) {
            (Some(parts), Some(part)) => parts.contains(part),
            _ => true,
        })
    }

    /// Whether something of a subject that was acknowledged by `since` may be forgotten by `until`.
    #[must_use]
    pub fn may_be_lost(&self, subject: &str, since: Micros, until: Micros) -> bool {
        self.losses_of(subject).any(|loss| loss.span.start <= until && loss.span.end >= since)
    }

    /// The first moment from `since` on at which all of a subject may be forgotten.
    #[must_use]
    pub fn next_loss(&self, subject: &str, since: Micros) -> Micros {
        let losses = self.losses_of(subject).filter(|loss| loss.span.end >= since);
        losses.map(|loss| loss.span.start.max(since)).min().unwrap_or(Micros::MAX)
    }

    /// Whether what had been acknowledged at `since` has to be refused from `until` on, because of a loss of which the
    /// store told in between.
    #[must_use]
    pub fn has_to_be_refused(&self, subject: &str, since: Micros, until: Micros) -> bool {
        let is_known = self.parts.contains_key(subject);
        let is_certain = |loss: &&Loss| loss.is_final && (is_known || loss.parts.is_none());
        self.losses_of(subject)
            .filter(is_certain)
            .any(|loss| since < loss.span.start && loss.span.end < until)
    }

    /// Whether two events were judged by the same clock.
    #[must_use]
    pub fn have_one_clock(&self, one: &Event, other: &Event) -> bool {
        self.offset(one) == self.offset(other)
    }

    fn offset(&self, event: &Event) -> i64 {
        self.clocks.get(&event.host).copied().unwrap_or_default()
    }

    /// How far two clocks of the run are apart, at most, and what whole seconds add to it.
    #[must_use]
    pub fn slack(&self) -> Micros {
        let offsets = || self.clocks.values().copied().chain([0]);
        let (least, most) = (offsets().min().unwrap_or(0), offsets().max().unwrap_or(0));
        most.abs_diff(least).saturating_add(WHOLE_SECONDS)
    }
}

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

/// What holds in a run.
#[derive(Clone, Debug, Default)]
pub struct Terms {
    /// The purposes by their names: the part of a subject before the first space.
    pub purposes: BTreeMap<String, Purpose>,
    /// Spans in which the store may have forgotten, or said that it may have forgotten, all that it had acknowledged
    /// before.
    pub losses: Vec<Range<Micros>>,
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

    /// Whether something acknowledged by `since` may be forgotten by `until`.
    #[must_use]
    pub fn may_be_lost(&self, since: Micros, until: Micros) -> bool {
        self.losses.iter().any(|loss| loss.start <= until && loss.end >= since)
    }

    /// The first moment from `since` on at which all may be forgotten.
    #[must_use]
    pub fn next_loss(&self, since: Micros) -> Micros {
        let losses = self.losses.iter().filter(|loss| loss.end >= since);
        losses.map(|loss| loss.start.max(since)).min().unwrap_or(Micros::MAX)
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

//! What was measured.

use std::collections::BTreeMap;

use super::load::Verb;
use crate::report::Sample;

/// One environment's turn at one operation.
pub(super) struct Turn {
    /// Over one connection.
    pub(super) one: Sample,
    /// Over many.
    pub(super) many: Sample,
}

/// What came of all turns.
#[derive(Default)]
pub(super) struct Results {
    /// By environment and operation.
    pub(super) turns: BTreeMap<(usize, Verb), Vec<Turn>>,
    /// The store's own cost of a wrong verification, µs, of each environment whose store can be asked without it.
    pub(super) store_us: BTreeMap<usize, Vec<f64>>,
    /// How often a wrong verification asks such a store.
    pub(super) round_trips: BTreeMap<usize, f64>,
    /// A constant answer over one connection, µs, of each runtime: from a used instance, from a new one.
    pub(super) instance_us: BTreeMap<usize, Vec<[f64; 2]>>,
}

impl Results {
    /// The turns of one environment at one operation.
    pub(super) fn of(&self, index: usize, verb: Verb) -> &[Turn] {
        self.turns.get(&(index, verb)).map_or(&[], Vec::as_slice)
    }
}

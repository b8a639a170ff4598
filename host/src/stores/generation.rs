//! Which generation of the data a store holds: what `wit/store.wit` calls so, and what an operator decides about it.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use tokio::time::Instant;

/// What becomes of living challenges when the store may have gone back to an earlier state.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum AfterRestart {
    /// Their codes are refused: one that was used before might be accepted once more. The default.
    #[default]
    Refuse,
    /// Their codes are accepted: the operator promises that the store never loses what it acknowledged.
    Trust,
}

/// What an operator is told of a store's generation.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Generation {
    /// It is known.
    Known {
        /// How often it has changed under this process.
        changes: u64,
        /// How long ago it last did.
        last_change: Option<Duration>,
    },
    /// The store doesn't say.
    NotTold,
    /// Nothing is asked: [`AfterRestart::Trust`].
    Trusted,
}

impl Generation {
    /// Of a store whose data is divided between servers, each with a generation of its own.
    pub(super) fn of_parts(parts: impl Iterator<Item = Self>) -> Self {
        let mut together = Self::STEADY;
        for part in parts {
            together = match (together, part) {
                (
                    Self::Known { changes, last_change },
                    Self::Known { changes: more, last_change: other },
                ) => Self::Known {
                    changes: changes.saturating_add(more),
                    last_change: [last_change, other].into_iter().flatten().min(),
                },
                (Self::Known { .. }, silent) => silent,
                (silent, _) => silent,
            };
        }
        together
    }

    /// Of a store that keeps the same one for as long as the process has it open.
    pub(super) const STEADY: Self = Self::Known { changes: 0, last_change: None };
}

/// A number for some words that name a generation, each told from the next by a zero byte.
pub(super) fn of(words: &[&[u8]]) -> u64 {
    let mut digest = Sha256::new();
    for (index, word) in words.iter().enumerate() {
        if index > 0 {
            digest.update(b"\0");
        }
        digest.update(word);
    }
    digest.finalize().iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// Watches a store's generation, and tells an operator of each change.
#[derive(Default)]
pub(super) struct Watch(Mutex<Seen>);

#[derive(Default)]
struct Seen {
    latest: Option<u64>,
    changes: u64,
    last_change: Option<Instant>,
    /// Whether the store has said that it doesn't say.
    is_silent: bool,
}

impl Watch {
    /// Takes note of what a connection said. Each change is logged once, by the first to see it.
    pub(super) fn saw(&self, generation: u64) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.is_silent = false;
        match seen.latest.replace(generation) {
            Some(before) if before != generation => {
                seen.changes = seen.changes.saturating_add(1);
                seen.last_change = Some(Instant::now());
                let changes = seen.changes;
                drop(seen);
                tracing::warn!(
                    changes,
                    "the store was restarted or failed over, or slots of it have moved, and it may have lost data: the \
                     codes of challenges issued before are refused as challenge_not_found (store.after_restart)"
                );
            }
            _ => {}
        }
    }

    /// Takes note that the store doesn't say. It is logged once, until it says again.
    pub(super) fn saw_none(&self, reason: &str) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if std::mem::replace(&mut seen.is_silent, true) {
            return;
        }
        drop(seen);
        tracing::warn!(
            reason,
            "the store doesn't say whether it has lost data: a code may be accepted twice after it was restored from \
             a snapshot or failed over; allow its user the command INFO"
        );
    }

    /// What is known.
    pub(super) fn told(&self) -> Generation {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.is_silent || seen.latest.is_none() {
            return Generation::NotTold;
        }
        let last_change = seen.last_change.map(|at| at.elapsed());
        Generation::Known { changes: seen.changes, last_change }
    }

    /// How often the generation has changed under this process.
    pub(super) fn changes(&self) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).changes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generation_is_the_same_number_as_at_the_edge() {
        let (run_id, replication_id) = ([b'a'; 40], [b'b'; 40]);
        assert_eq!(of(&[&run_id, &replication_id]), 244_849_102_557_863_269);
    }

    #[test]
    fn changes_are_counted_and_the_first_sight_is_none() {
        let watch = Watch::default();
        for generation in [1, 1, 2, 2, 1] {
            watch.saw(generation);
        }
        assert_eq!(watch.changes(), 2);
        assert!(matches!(watch.told(), Generation::Known { changes: 2, last_change: Some(_) }));
    }

    #[test]
    fn a_store_that_falls_silent_is_not_known_until_it_speaks_again() {
        let watch = Watch::default();
        assert_eq!(watch.told(), Generation::NotTold);
        watch.saw(1);
        assert_eq!(watch.told(), Generation::STEADY);
        watch.saw_none("NOPERM");
        assert_eq!(watch.told(), Generation::NotTold);
        watch.saw(1);
        assert_eq!(watch.told(), Generation::STEADY);
    }
}

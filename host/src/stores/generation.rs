//! Which generation of the data a store holds: what `wit/store.wit` calls so, and what an operator decides about it.

use std::sync::{Mutex, PoisonError};

use schemars::JsonSchema;
use serde::Deserialize;
use sha2::{Digest, Sha256};

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
    told_of_none: bool,
}

impl Watch {
    /// Takes note of what a connection said. Each change is logged once, by the first to see it.
    pub(super) fn saw(&self, generation: u64) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match seen.latest.replace(generation) {
            Some(before) if before != generation => {
                seen.changes = seen.changes.saturating_add(1);
                let changes = seen.changes;
                drop(seen);
                tracing::warn!(
                    changes,
                    "the store was restarted or failed over, and may have lost data: the codes of challenges issued \
                     before are refused (store.after_restart)"
                );
            }
            _ => {}
        }
    }

    /// Takes note that the store doesn't say. It is logged once.
    pub(super) fn saw_none(&self, reason: &str) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if std::mem::replace(&mut seen.told_of_none, true) {
            return;
        }
        drop(seen);
        tracing::warn!(
            reason,
            "the store doesn't say whether it has lost data: a code may be accepted twice after it was restored from \
             a snapshot or failed over; allow its user the command INFO"
        );
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
    }
}

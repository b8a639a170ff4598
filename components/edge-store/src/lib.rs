//! The store of the edge app: `wit/store.wit` over a runtime's key-value store that forgets nothing by itself, with
//! `wit/upkeep.wit` to sweep what its time is over.
//!
//! Of the backend it takes get, set, delete and increment of one key, the removal of several, and of SQLite alone the
//! reading of several, and nothing else: what more `wasi:keyvalue` offers is not atomic, or not there, on one or the
//! other of Spin's backends. The logic is written over a trait, as `async fn`; the component's imports are synchronous,
//! so a call is polled once and done, and tests can come between any two calls.
//!
//! | to find | look in |
//! |---|---|
//! | limits and words of the contract | [`mod@countersign_contract::store`] |
//! | which errors are repeated, deadlines | [`backend`] |
//! | how values and counts are written | `physical` |
//! | what a batch does | `batch`, `prepare`, `memory`, `foresight` |
//! | who knows which keys there are | `journal`, `entry` |
//! | how long a count is kept | `patience` |
//! | how keys are removed | `sweep`, `look`, `lease`, `marker` |
//! | what stands around it in a component | `component`, `key_value` |
//! | how Spin's `wasi:keyvalue` and that of other hosts differ | `version` |

pub mod backend;
mod batch;
#[cfg(target_arch = "wasm32")]
mod bindings;
#[cfg(target_arch = "wasm32")]
mod component;
mod entry;
mod foresight;
mod journal;
#[cfg(target_arch = "wasm32")]
mod key_value;
mod lease;
mod look;
mod marker;
mod memory;
mod patience;
mod physical;
mod prepare;
mod sweep;
#[cfg(test)]
mod tests;
#[cfg(target_arch = "wasm32")]
mod version;

pub use backend::{Backend, Fault};
pub use countersign_contract::store::{Operation, Reply};
pub use countersign_contract::types::StoreError;
pub use countersign_contract::upkeep::Swept;

use crate::backend::Calls;
use crate::journal::Journal;
use crate::memory::Memory;
use crate::patience::Patience;
use crate::physical::bookkeeping;

/// A sweep is due when an instance has registered so many keys since its last one …
const DUE_AFTER: usize = 16;
/// … or by chance at one registration of so many, for instances that don't live as long.
const DUE_ONE_IN: u64 = 16;
const READY_MILLIS: u64 = 2_000;
/// As long as the native host's.
const READY_HOLDS_MILLIS: u64 = 1_000;

/// How a sweep ended.
enum Ended {
    /// There was nothing to look at.
    Idle,
    /// Another instance is sweeping.
    Refused,
    /// It made a step.
    Step(Swept),
}

/// The store, as one instance has it.
pub struct Store<B> {
    calls: Calls<B>,
    journal: Journal,
    memory: Memory,
    patience: Patience,
    registered: usize,
    is_due: bool,
    /// When the backend was last asked whether it takes a write, and what became of that.
    found: Option<(u64, Result<u32, StoreError>)>,
}

impl<B: Backend> Store<B> {
    /// A store over a backend. Any number of instances may share one.
    pub fn new(backend: B) -> Self {
        Self {
            calls: Calls::new(backend),
            journal: Journal::default(),
            memory: Memory::default(),
            patience: Patience::default(),
            registered: 0,
            is_due: false,
            found: None,
        }
    }

    /// Whether the backend takes writes: a store that only answers reads can issue nothing and verify nothing. A write
    /// is slow on some backends, and strangers may ask: what was found holds for a second. How many milliseconds the
    /// write took.
    ///
    /// # Errors
    ///
    /// As [`Store::run`].
    pub async fn ready(&mut self) -> Result<u32, StoreError> {
        let begun = self.calls.elapsed_millis();
        if let Some((found, result)) = &self.found
            && begun < found.saturating_add(READY_HOLDS_MILLIS)
        {
            return result.clone();
        }
        self.calls.begin(READY_MILLIS);
        let result = self.calls.set(&bookkeeping("ready"), b"ready").await;
        let ended = self.calls.elapsed_millis();
        let took = ended.saturating_sub(begun);
        let result = result.map(|()| u32::try_from(took).unwrap_or(u32::MAX));
        self.found = Some((ended, result.clone()));
        result
    }

    /// Whether this instance has registered so much since it last swept that it should again.
    pub const fn sweep_due(&self) -> bool {
        self.is_due
    }

    fn registered(&mut self, keys: usize) {
        self.registered = self.registered.saturating_add(keys);
        self.is_due |=
            self.registered >= DUE_AFTER || self.calls.random().is_multiple_of(DUE_ONE_IN);
    }

    /// Takes note of how a sweep ended. Where another instance is sweeping, or the store failed, it is due again soon:
    /// what this instance registered is still to be looked at, and one instance alone doesn't keep up with many.
    fn swept(&mut self, ended: &Ended) {
        self.is_due = matches!(ended, Ended::Step(Swept { more: true, .. }));
        self.registered = match ended {
            Ended::Refused => DUE_AFTER / 2,
            Ended::Idle | Ended::Step(_) => 0,
        };
    }
}

//! One sweeper at a time.
//!
//! The lease of `crates/core/src/lease.rs` once more: a count in a key named after a window of 30 s. Each asker steps
//! its own window *before* it reads the two beside it, and holds the lease only where it stepped to 1 and both
//! neighbours are empty; so of two at most one does, also where their clocks are a window apart. A holder stops
//! working ten seconds after it asked. The window's key is registered in the journal like every other.
//!
//! The asker that stepped to 1 gives the lease back by removing the key. Until then every other asker of that window
//! finds a count and is refused, and leaves it alone: so only the first can remove it. One that is cut off blocks its
//! window and the two beside it.

use countersign_contract::types::StoreError;

use crate::backend::{Backend, Calls};
use crate::entry::{Entry, Seen};
use crate::journal::Journal;
use crate::marker;
use crate::memory::Memory;
use crate::physical::{Held, bookkeeping};

const WINDOW_SECONDS: u64 = 30;
const WORK_MILLIS: u64 = 10_000;
/// What a look at some keys may take of it.
const LOOK_MILLIS: u64 = 2_000;
/// How many calls it takes to ask, at least.
const CALLS_TO_ASK: u64 = 3;

/// A lease that was asked for.
pub(crate) struct Lease {
    key: String,
    since_millis: u64,
    /// What a call takes, going by those that asked for it.
    pace_millis: u64,
    /// Whether this asker was the first in its window, and has to give the lease back, held or not.
    is_first: bool,
    /// Whether it is held.
    pub(crate) held: bool,
}

impl Lease {
    pub(crate) async fn ask<B: Backend>(
        calls: &Calls<B>,
        journal: &mut Journal,
        memory: &mut Memory,
    ) -> Result<Self, StoreError> {
        let since_millis = calls.elapsed_millis();
        let now = calls.now();
        let window = now / WINDOW_SECONDS;
        let key = key(window);
        if !memory.is_registered(&key, now) && calls.get(&key).await?.is_none() {
            let entry = Entry::new(&window.to_string(), Seen::Lease);
            journal.register(calls, &[entry]).await?;
            memory.registered(&key, now);
        }
        let is_first = calls.increment(&key, 1).await? == 1;
        let mut held = is_first;
        for neighbour in [window.saturating_sub(1), window.saturating_add(1)] {
            let neighbour = Held::of(calls.get(&self::key(neighbour)).await?);
            held &= !matches!(neighbour, Held::Count(1..));
        }
        let pace_millis = calls.elapsed_millis().saturating_sub(since_millis) / CALLS_TO_ASK;
        Ok(Self { key, since_millis, pace_millis, is_first, held })
    }

    /// How many keys are looked at together, so that the look is over in good time: for each of them two calls, unless
    /// the backend reads several at once.
    pub(crate) fn keys_together<B: Backend>(&self, calls: &Calls<B>) -> usize {
        if calls.reads_many() {
            return marker::MAX_KEYS;
        }
        let most = LOOK_MILLIS / (2 * self.pace_millis).max(1);
        usize::try_from(most).unwrap_or(usize::MAX).clamp(1, marker::MAX_KEYS)
    }

    /// Whether the holder may go on.
    pub(crate) fn lasts<B: Backend>(&self, calls: &Calls<B>) -> bool {
        calls.elapsed_millis().saturating_sub(self.since_millis) < WORK_MILLIS
    }

    pub(crate) async fn give_back<B: Backend>(&self, calls: &Calls<B>) -> Result<(), StoreError> {
        if self.is_first { calls.delete(&self.key).await } else { Ok(()) }
    }
}

/// Where a window's count stands.
pub(crate) fn key(window: impl std::fmt::Display) -> String {
    bookkeeping(&format!("lease:{window}"))
}

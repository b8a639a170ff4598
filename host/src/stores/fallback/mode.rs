//! Which of two stores is in use, and since when.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// For how long it is taken for true what a look at the first store has found.
const LOOK_HOLDS: Duration = Duration::from_millis(500);

/// One of two stores.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum InUse {
    /// The first: `[store]`.
    #[default]
    First,
    /// The second: `[fallback_store]`.
    Second,
}

/// How often another store came into use.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Switches {
    /// How often.
    pub count: u64,
    /// How long ago it last did.
    pub last: Option<Duration>,
}

/// Which store is in use.
#[derive(Default)]
pub(super) struct Mode {
    state: Mutex<Using>,
    looked: tokio::sync::Mutex<Option<Instant>>,
}

#[derive(Default)]
struct Using {
    in_use: InUse,
    count: u64,
    last: Option<Instant>,
}

/// The right to look at the first store: one at a time.
pub(super) struct Look<'a>(tokio::sync::MutexGuard<'a, Option<Instant>>);

impl Look<'_> {
    /// Whether another one has just looked.
    pub(super) fn is_recent(&self) -> bool {
        self.0.is_some_and(|at| at.elapsed() < LOOK_HOLDS)
    }

    pub(super) fn done(&mut self) {
        *self.0 = Some(Instant::now());
    }
}

impl Mode {
    pub(super) fn in_use(&self) -> InUse {
        self.state().in_use
    }

    pub(super) fn switches(&self) -> Switches {
        let state = self.state();
        Switches { count: state.count, last: state.last.map(|at| at.elapsed()) }
    }

    pub(super) async fn look(&self) -> Look<'_> {
        Look(self.looked.lock().await)
    }

    pub(super) fn use_first(&self) {
        if self.change(InUse::First) {
            tracing::info!(
                "the store is back in use, with all locks that the fall-back store knew; codes issued meanwhile are \
                 refused as challenge_not_found"
            );
        }
    }

    pub(super) fn use_second(&self, reason: &str) {
        if self.change(InUse::Second) {
            tracing::error!(
                reason,
                "the store is out of reach: the fall-back store is used until it is back, and codes issued before are \
                 refused as challenge_not_found"
            );
        }
    }

    fn change(&self, to: InUse) -> bool {
        let mut state = self.state();
        let is_change = state.in_use != to;
        if is_change {
            state.in_use = to;
            state.count = state.count.saturating_add(1);
            state.last = Some(Instant::now());
        }
        is_change
    }

    fn state(&self) -> MutexGuard<'_, Using> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

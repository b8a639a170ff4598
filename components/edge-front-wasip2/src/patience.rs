//! How long a request's body is still waited for.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::bindings::wasi::clocks::monotonic_clock::{now, subscribe_duration};
use crate::bindings::wasi::io::poll::{Pollable, poll};

/// What is left of it, in nanoseconds; copies are the same. Only waiting uses it up: the engine's work doesn't.
#[derive(Clone, Default)]
pub(crate) struct Patience(Arc<AtomicU64>);

impl Patience {
    /// Begins anew: so many pauses, as the other front has them.
    pub(crate) fn grant(&self, (pauses, length): (u32, Duration)) {
        let nanoseconds = length.saturating_mul(pauses).as_nanos();
        self.0.store(u64::try_from(nanoseconds).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// Waits until `event` is ready; not, where it takes longer than is left.
    pub(crate) fn wait_for(&self, event: &Pollable) -> bool {
        let left = self.0.load(Ordering::Relaxed);
        let begun = now();
        let is_ready = poll(&[event, &subscribe_duration(left)]).contains(&0);
        let waited = now().saturating_sub(begun);
        self.0.store(left.saturating_sub(waited), Ordering::Relaxed);
        is_ready
    }
}

//! Time as an argument: what the stores that expire keys by themselves are given.

use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Milliseconds that have passed since a moment that stays the same.
pub type Clock = Arc<dyn Fn() -> u64 + Send + Sync>;

/// Counts from its own creation and never jumps: for what doesn't outlive the process.
#[must_use]
pub fn monotonic() -> Clock {
    let start = Instant::now();
    Arc::new(move || u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX))
}

/// Counts from 1970-01-01T00:00:00Z: for what processes share and what outlives them.
#[must_use]
pub fn unix() -> Clock {
    Arc::new(|| {
        #[expect(
            clippy::disallowed_methods,
            reason = "the one place where a store is given the wall clock"
        )]
        let now = SystemTime::now();
        let since = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    })
}

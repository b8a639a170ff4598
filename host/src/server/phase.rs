//! How far a connection is, for the tasks that share it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use super::heads::Framing;

/// How far a connection is: the requests that it has begun and those that it has ended.
#[derive(Clone)]
pub(super) struct Phase(Arc<Counts>);

struct Counts {
    begun: AtomicU64,
    /// The length of the latest request's body, or [`CHUNKED`].
    body: AtomicU64,
    ended: AtomicU64,
    opened: Instant,
    /// Milliseconds after `opened` at which the last request ended.
    resting_since: AtomicU64,
    /// Whether the last answer is written, and nothing was read since.
    is_settled: AtomicBool,
}

/// The length of a body in chunks: no request has so many bytes.
const CHUNKED: u64 = u64::MAX;

impl Default for Phase {
    fn default() -> Self {
        let [begun, body, ended, resting_since] = std::array::from_fn(|_| AtomicU64::new(0));
        let (opened, is_settled) = (Instant::now(), AtomicBool::new(false));
        Self(Arc::new(Counts { begun, body, ended, opened, resting_since, is_settled }))
    }
}

/// A request that is being worked on, until dropped.
pub(super) struct Busy(Phase);

impl Phase {
    /// Begins a request: its head is there, and its `body` follows.
    pub(super) fn busy(&self, body: Framing) -> Busy {
        let length = match body {
            Framing::Chunked => CHUNKED,
            Framing::Length(length) => length,
        };
        self.0.body.store(length, Ordering::Relaxed);
        self.settle(false);
        self.0.begun.fetch_add(1, Ordering::Relaxed);
        Busy(self.clone())
    }

    /// Requests begun.
    pub(super) fn begun(&self) -> u64 {
        self.0.begun.load(Ordering::Relaxed)
    }

    /// How the body of the latest request is framed.
    pub(super) fn body(&self) -> Framing {
        match self.0.body.load(Ordering::Relaxed) {
            CHUNKED => Framing::Chunked,
            length => Framing::Length(length),
        }
    }

    /// Whether a request is worked on.
    pub(super) fn is_busy(&self) -> bool {
        self.begun() > self.0.ended.load(Ordering::Relaxed)
    }

    /// Whether no request is worked on, the last answer is written, and nothing was read since.
    pub(super) fn is_settled(&self) -> bool {
        self.0.is_settled.load(Ordering::Relaxed) && !self.is_busy()
    }

    /// Notes whether the last answer is written, and nothing was read since.
    pub(super) fn settle(&self, is_settled: bool) {
        self.0.is_settled.store(is_settled, Ordering::Relaxed);
    }

    /// Since when no request has been worked on; nothing while one is.
    pub(super) fn rests_since(&self) -> Option<Instant> {
        let since = Duration::from_millis(self.0.resting_since.load(Ordering::Relaxed));
        (!self.is_busy()).then(|| self.0.opened + since)
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        let counts = &self.0.0;
        let now = u64::try_from(counts.opened.elapsed().as_millis()).unwrap_or(u64::MAX);
        counts.resting_since.store(now, Ordering::Relaxed);
        counts.ended.fetch_add(1, Ordering::Relaxed);
    }
}

//! The lease on sending to a subject: of two simultaneous sends one goes out, and whoever writes the challenge
//! does so alone.
//!
//! A lease is a count in a key that is named after a window of time. Whoever steps it to 1, and sees nothing in
//! the windows before and after, holds it. Each client steps its own window *before* it reads its neighbours', so
//! of two clients at most one sees nobody, also where their clocks are a window apart. Giving back is a step by
//! -1; a holder that died is forgotten when two windows have passed.

use crate::error::StoreError;
use crate::subject::Subject;
use crate::world::{Operation, Replies, Timestamp};

/// Length of a window: a lease is good for this long.
const WINDOW_SECONDS: u64 = 30;
/// A holder may write until then; the rest is for the store's own time-out and for clocks that differ.
const WRITE_WITHIN_SECONDS: u32 = 25;
/// When a window's count may be forgotten.
const TTL_SECONDS: u32 = 90;

/// A lease that was asked for.
pub(crate) struct Lease {
    key: String,
    since: Timestamp,
}

impl Lease {
    /// Asks for the lease: adds three operations to a batch.
    pub(crate) fn ask(subject: &Subject, now: Timestamp, batch: &mut Vec<Operation>) -> Self {
        let window = now.0 / WINDOW_SECONDS;
        let lease = Self { key: key(subject, window), since: now };
        batch.push(lease.step(1));
        for neighbour in [window.saturating_sub(1), window.saturating_add(1)] {
            batch.push(Operation::Increment {
                key: key(subject, neighbour),
                by: 0,
                ttl_seconds: TTL_SECONDS,
            });
        }
        lease
    }

    /// Reads the replies to `ask`: whether the lease is held.
    pub(crate) fn held(replies: &mut Replies) -> Result<bool, StoreError> {
        let own = replies.count()?;
        let neighbours = [replies.count()?, replies.count()?];
        Ok(own == 1 && neighbours.iter().all(|count| *count <= 0))
    }

    /// Whether the holder may still write.
    pub(crate) fn lasts(&self, now: Timestamp) -> bool {
        now.since(self.since) <= WRITE_WITHIN_SECONDS
    }

    /// The operation that gives the lease back, or takes back having asked.
    pub(crate) fn give_back(&self) -> Operation {
        self.step(-1)
    }

    fn step(&self, by: i64) -> Operation {
        Operation::Increment { key: self.key.clone(), by, ttl_seconds: TTL_SECONDS }
    }
}

fn key(subject: &Subject, window: u64) -> String {
    subject.key(&format!("sending:{window}"))
}

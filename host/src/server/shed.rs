//! What was turned away, counted, and logged once a second at most: a flood must not fill the log
//! as well.

use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// What is turned away, and what is closed, for want of room. All counts are since the last report.
#[derive(Default)]
pub(super) struct Shed {
    /// Requests answered 503 at once.
    pub(super) requests: Count,
    /// Callbacks of providers answered 503 at once.
    pub(super) callbacks: Count,
    /// Connections told that there are too many.
    pub(super) connections: Count,
    /// Connections closed in favour of a new one, since they had rested longest.
    pub(super) resting: Count,
    /// Connections closed because the client did not read its answer.
    pub(super) unread: Count,
    /// Times that the system had no connection to give.
    pub(super) failed_accepts: Count,
    /// Requests answered 401: without a key, or with an unknown one.
    pub(super) unauthorized: Strangers,
}

/// Requests of clients that could not say who they are.
#[derive(Default)]
pub(super) struct Strangers {
    count: Count,
    latest: Mutex<Option<IpAddr>>,
}

impl Strangers {
    /// Counts one more, of the client at `address`.
    pub(super) fn add(&self, address: IpAddr) {
        self.count.add();
        *self.latest.lock().unwrap_or_else(PoisonError::into_inner) = Some(address);
    }

    fn report(&self) {
        let requests = self.count.take();
        let latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(client) = latest {
            tracing::info!(requests, %client, "refused within the last second: no API key, or an unknown one");
        }
    }
}

/// A number of events.
#[derive(Default)]
pub(super) struct Count(AtomicU64);

impl Count {
    /// Counts one more.
    pub(super) fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn take(&self) -> u64 {
        self.0.swap(0, Ordering::Relaxed)
    }
}

impl Shed {
    /// Logs what there is to tell, and begins again.
    pub(super) fn report(&self) {
        self.unauthorized.report();
        let (requests, callbacks) = (self.requests.take(), self.callbacks.take());
        let (connections, resting) = (self.connections.take(), self.resting.take());
        let (unread, failed_accepts) = (self.unread.take(), self.failed_accepts.take());
        if requests + callbacks + connections + resting + unread + failed_accepts > 0 {
            tracing::warn!(
                requests,
                callbacks,
                connections,
                resting,
                unread,
                failed_accepts,
                "turned away or closed for want of room within the last second"
            );
        }
    }
}

//! One configured provider: its protocol, and what is remembered of it from one message to the next.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use countersign_contract::Timestamp;
use countersign_contract::types::SendError;

use crate::protocol::provider::{Provider, Session};
use crate::routing::breaker::{Barred, Breaker, BreakerState, Change};

/// How a provider is reached.
pub enum Way<N> {
    /// Over HTTP.
    Http(Box<dyn Provider>),
    /// In a way that only the native host has.
    Native(N),
}

/// One configured provider.
pub struct Route<N> {
    pub(crate) name: String,
    pub(crate) provider_type: &'static str,
    pub(crate) path: String,
    pub(crate) way: Way<N>,
    max_in_flight: u32,
    in_flight: AtomicU32,
    memory: Mutex<Memory>,
}

/// What is remembered of a provider.
#[derive(Default)]
struct Memory {
    breaker: Breaker,
    session: Session,
}

impl<N> Route<N> {
    pub(crate) fn new(
        name: String,
        provider_type: &'static str,
        path: String,
        way: Way<N>,
        max_in_flight: u32,
    ) -> Self {
        let in_flight = AtomicU32::new(0);
        Self { name, provider_type, path, way, max_in_flight, in_flight, memory: Mutex::default() }
    }

    /// Its name in logs, in readiness and in the URL of its callbacks: channel and type, `sms-eskiz`; with a number from
    /// the second one of a type on, `sms-webhook-2`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where its breaker stands.
    #[must_use]
    pub fn state(&self, now: Timestamp) -> BreakerState {
        self.memory().breaker.state(now)
    }

    /// Lets a message pass.
    pub(crate) fn enter(&self, now: Timestamp) -> Result<Pass<'_, N>, Barred> {
        // Counted first: of many at once none more than the bound may pass.
        let before = self.in_flight.fetch_add(1, Ordering::Relaxed);
        let pass = Pass { route: self, is_settled: false };
        if before >= self.max_in_flight {
            // The breaker wasn't asked: what it remembers is another provider's.
            pass.leave();
            return Err(Barred::Busy);
        }
        match self.memory().breaker.pass(now) {
            Ok(()) => Ok(pass),
            Err(barred) => {
                pass.leave();
                Err(barred)
            }
        }
    }

    pub(crate) fn session(&self) -> Session {
        self.memory().session.clone()
    }

    /// Whatever became of the message: a login is worth keeping.
    pub(crate) fn keep(&self, session: Session) {
        self.memory().session = session;
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A message on its way to one provider. Dropped unsettled, where its caller went away, it says nothing of the provider.
pub(crate) struct Pass<'a, N> {
    route: &'a Route<N>,
    is_settled: bool,
}

impl<N> Pass<'_, N> {
    /// What became of the message.
    pub(crate) fn settle(
        mut self,
        outcome: Result<(), &SendError>,
        now: Timestamp,
    ) -> Option<Change> {
        self.is_settled = true;
        self.route.memory().breaker.settle(outcome, now)
    }

    fn leave(mut self) {
        self.is_settled = true;
    }
}

impl<N> Drop for Pass<'_, N> {
    fn drop(&mut self) {
        self.route.in_flight.fetch_sub(1, Ordering::Relaxed);
        if !self.is_settled {
            self.route.memory().breaker.abandoned();
        }
    }
}

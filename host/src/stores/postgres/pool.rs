//! The connections of a process: made when they are needed, kept while they work, never more than the operator allows.
//!
//! A pool of our own, since the ones there are make a connection within the call that wants it: a server that is slow to
//! accept would then never be connected to within a batch's deadline. Here a connection is made by a task that outlives its
//! caller; while the server is known to be down callers are told so at once; and a session whose caller gave up is ended
//! on the server before its place is free.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::time::Instant;

use super::server::{Server, Session, TRY_TIMEOUT};
use super::trouble::Trouble;
use crate::stores::backoff::Backoff;

/// How long an unused session is kept …
const MAX_IDLE: Duration = Duration::from_secs(300);
/// … and how long any is: names may lead to other addresses meanwhile.
const MAX_AGE: Duration = Duration::from_secs(1_800);
/// How long the first try waits after a failed one, and the last.
const BACKOFF: Backoff = Backoff::new(Duration::from_millis(20), Duration::from_secs(1));

/// The sessions for batches.
pub(super) struct Pool {
    slots: Arc<Semaphore>,
    inner: Arc<Inner>,
}

struct Inner {
    server: Arc<Server>,
    idle: Mutex<Vec<Session>>,
    outage: Mutex<Option<Outage>>,
    /// Counts how often all sessions were given up.
    round: AtomicU64,
    /// Counts the connections that were made.
    made: AtomicU64,
    /// Sessions in use.
    leased: AtomicUsize,
    /// Slots that the server had no room for.
    missing: AtomicUsize,
}

/// The server can't be used.
struct Outage {
    trouble: Trouble,
    backoff: Backoff,
    /// Until then no caller tries to connect.
    retry_at: Instant,
}

impl Pool {
    /// With `first` for a session.
    pub(super) fn new(server: Arc<Server>, connections: usize, first: Session) -> Self {
        let inner = Inner {
            server,
            idle: Mutex::new(vec![first]),
            outage: Mutex::default(),
            round: AtomicU64::new(0),
            made: AtomicU64::new(0),
            leased: AtomicUsize::new(0),
            missing: AtomicUsize::new(0),
        };
        Self { slots: Arc::new(Semaphore::new(connections)), inner: Arc::new(inner) }
    }

    /// A session of one's own, new or used.
    pub(super) async fn lease(&self) -> Result<Lease, Trouble> {
        loop {
            let slot = Arc::clone(&self.slots).acquire_owned().await;
            let slot = slot.map_err(|_| Trouble::no_answer())?;
            if let Some(session) = self.inner.take_idle(&mut self.inner.idle()) {
                return Ok(Lease::new(session, slot, &self.inner));
            }
            match self.connect(slot).await {
                Ok(lease) => return Ok(lease),
                // The server has room for fewer: from now on take or wait for those that there are.
                Err((trouble @ Trouble::Crowded(_), slot)) => {
                    let mut idle = self.inner.idle();
                    if let Some(session) = self.inner.take_idle(&mut idle) {
                        return Ok(Lease::new(session, slot, &self.inner));
                    }
                    if self.inner.leased.load(Ordering::SeqCst) == 0 {
                        return Err(trouble);
                    }
                    self.inner.missing.fetch_add(1, Ordering::SeqCst);
                    slot.forget();
                }
                Err((trouble, _)) => return Err(trouble),
            }
        }
    }

    async fn connect(
        &self,
        slot: OwnedSemaphorePermit,
    ) -> Result<Lease, (Trouble, OwnedSemaphorePermit)> {
        if let Some(trouble) = self.inner.known_trouble() {
            return Err((trouble, slot));
        }
        let inner = Arc::clone(&self.inner);
        let (sender, receiver) = oneshot::channel();
        tokio::spawn(async move {
            let round = inner.round.load(Ordering::SeqCst);
            let before = inner.made.load(Ordering::SeqCst);
            let connected = inner.server.connect(TRY_TIMEOUT).await;
            // A try that began in an outage and ends after it says nothing of the present.
            if connected.is_ok() || inner.made.load(Ordering::SeqCst) == before {
                inner.note(connected.as_ref().err());
            }
            let answer = match connected {
                Ok(session) => {
                    inner.made.fetch_add(1, Ordering::SeqCst);
                    inner.leased.fetch_add(1, Ordering::SeqCst);
                    Ok(Lease::new(session.of_round(round), slot, &inner))
                }
                Err(trouble) => Err((trouble, slot)),
            };
            // Where the caller has gone the session goes to the idle ones.
            drop(sender.send(answer));
        });
        match receiver.await {
            Ok(answer) => answer,
            // The task panicked, and has taken the slot with it.
            Err(_) => match Arc::clone(&self.slots).acquire_owned().await {
                Ok(slot) => Err((Trouble::no_answer(), slot)),
                Err(_) => std::future::pending().await,
            },
        }
    }

    /// Gives up every session, for this `reason`: they lead to a server that is the wrong one, or lost.
    pub(super) fn condemn(&self, reason: &str) {
        self.inner.round.fetch_add(1, Ordering::SeqCst);
        if !self.inner.idle().drain(..).as_slice().is_empty() {
            let server = self.inner.server.shown();
            tracing::warn!(server, reason, "the store is lost: connecting again");
        }
    }

    /// Ends sessions that are no longer needed, and gives the server another chance to have room for all.
    pub(super) fn tidy(&self) {
        self.inner.idle().retain(|session| session.used.elapsed() < MAX_IDLE);
        self.slots.add_permits(self.inner.missing.swap(0, Ordering::SeqCst));
    }
}

impl Inner {
    fn idle(&self) -> MutexGuard<'_, Vec<Session>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The session that was used last, of those that still work as far as we know. It counts as leased before the lock
    /// on the others is free: each is in one of the two numbers at any time.
    fn take_idle(&self, idle: &mut Vec<Session>) -> Option<Session> {
        while let Some(session) = idle.pop() {
            if self.is_good(&session) {
                self.leased.fetch_add(1, Ordering::SeqCst);
                return Some(session);
            }
        }
        None
    }

    fn is_good(&self, session: &Session) -> bool {
        !session.client.is_closed()
            && session.round == self.round.load(Ordering::SeqCst)
            && session.opened.elapsed() < MAX_AGE
    }

    /// What is wrong with the server, unless it is time to try again: then one caller is told nothing, and tries.
    fn known_trouble(&self) -> Option<Trouble> {
        let mut outage = self.outage.lock().unwrap_or_else(PoisonError::into_inner);
        let outage = outage.as_mut()?;
        let now = Instant::now();
        if now < outage.retry_at {
            return Some(outage.trouble.clone());
        }
        outage.retry_at = now + outage.backoff.pause();
        None
    }

    /// Takes note of how a try ended. Each change is logged once.
    fn note(&self, trouble: Option<&Trouble>) {
        let server = self.server.shown();
        let mut outage = self.outage.lock().unwrap_or_else(PoisonError::into_inner);
        match (trouble, outage.as_mut()) {
            (None, None) => {}
            (None, Some(known)) => {
                match known.trouble {
                    Trouble::Crowded(_) => {
                        tracing::info!(server, "the store's server has a free connection again");
                    }
                    _ => tracing::info!(server, "the store is back"),
                }
                *outage = None;
            }
            (Some(trouble), Some(known)) if known.trouble.is_as(trouble) => {}
            (Some(trouble), known) => {
                let (backoff, retry_at) = match known {
                    Some(known) => (known.backoff.clone(), known.retry_at),
                    None => {
                        let mut backoff = BACKOFF;
                        let pause = backoff.pause();
                        (backoff, Instant::now() + pause)
                    }
                };
                *outage = Some(Outage { trouble: trouble.clone(), backoff, retry_at });
                match trouble {
                    // It is up, and batches go on over the connections that there are.
                    Trouble::Crowded(_) => {
                        tracing::warn!(server, reason = %trouble, "the store has too few connections");
                    }
                    _ => tracing::warn!(server, reason = %trouble, "the store can't be used"),
                }
            }
        }
    }
}

/// A session in use. It goes back by itself.
pub(super) struct Lease {
    session: Option<Session>,
    slot: Option<OwnedSemaphorePermit>,
    /// Whether a statement is on its way: then the session is of no use to another caller.
    is_busy: bool,
    inner: Arc<Inner>,
}

impl Lease {
    /// Of a session that is counted already.
    fn new(session: Session, slot: OwnedSemaphorePermit, inner: &Arc<Inner>) -> Self {
        Self { session: Some(session), slot: Some(slot), is_busy: false, inner: Arc::clone(inner) }
    }

    /// The session, for one statement. [`is_done`](Self::is_done) has to follow once it is answered.
    pub(super) fn session(&mut self) -> Option<&Session> {
        self.is_busy = true;
        self.session.as_ref()
    }

    /// The statement was answered, and the session may be used again.
    pub(super) fn is_done(&mut self) {
        self.is_busy = false;
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let mut idle = self.inner.idle();
        self.inner.leased.fetch_sub(1, Ordering::SeqCst);
        let (Some(mut session), Some(slot)) = (self.session.take(), self.slot.take()) else {
            return;
        };
        if self.is_busy {
            if session.client.is_closed() {
                return;
            }
            // The server may be at it still: neither the connection nor its locks are free before it has stopped.
            let server = Arc::clone(&self.inner.server);
            if let Ok(runtime) = tokio::runtime::Handle::try_current() {
                runtime.spawn(async move {
                    server.cancel(session).await;
                    drop(slot);
                });
            }
        } else if self.inner.is_good(&session) {
            session.used = Instant::now();
            idle.push(session);
        }
    }
}

//! Whether the process can serve: what `/readyz` answers.
//!
//! Ready means that a write works: a store that only answers reads (a replica, a full disk, a file
//! locked by another process) can issue nothing and verify nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use countersign_http_api::health::{Condition, Dependency, Health, Readiness};
use countersign_providers::State;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use crate::bindings::countersign::otp::store::{Operation, Step};
use crate::bindings::countersign::otp::types::StoreError;
use crate::fingerprint::Fingerprint;
use crate::senders::{Router, now};
use crate::stores::{SCRATCH, Store};

/// Longer than a store needs that works, shorter than whoever asks has patience.
const TIMEOUT: Duration = Duration::from_secs(2);

/// How long a finding holds: however many ask, the store is written to once in this time.
const HOLDS: Duration = Duration::from_secs(1);

/// How long the store keeps the scratch key.
const SCRATCH_SECONDS: u32 = 60;

/// Asks the store, and tells what is known of the providers. The engine is in the same process, and was prepared before
/// the first request.
#[derive(Clone)]
pub struct HostHealth {
    store: Arc<dyn Store>,
    senders: Router,
    fingerprint: Option<Arc<Fingerprint>>,
    found: Arc<Mutex<Option<Finding>>>,
    is_draining: Arc<AtomicBool>,
}

/// What became of the last write.
struct Finding {
    at: Instant,
    result: Result<(), StoreError>,
}

impl HostHealth {
    /// Asks `store`, also whether it goes with the keys of `fingerprint`, and tells of `senders`.
    #[must_use]
    pub fn new(
        store: Arc<dyn Store>,
        senders: Router,
        fingerprint: Option<Arc<Fingerprint>>,
    ) -> Self {
        let (found, is_draining) = (Arc::default(), Arc::default());
        Self { store, senders, fingerprint, found, is_draining }
    }

    /// The keys, where another process uses the store with other ones.
    async fn keys(&self) -> Option<Dependency> {
        let fits = self.fingerprint.as_ref()?.fits(&*self.store);
        let fits = timeout(TIMEOUT, fits).await.unwrap_or(true);
        let keys = Dependency { name: "keys".to_owned(), condition: Condition::Degraded };
        (!fits).then_some(keys)
    }

    /// From now on the process is not ready, however well the store works: it is about to end.
    pub fn drain(&self) {
        self.is_draining.store(true, Ordering::Relaxed);
    }

    /// Whether a write works: at most one a second, and one at a time, whose result counts for all
    /// who wait for it.
    async fn store(&self) -> Condition {
        let mut found = self.found.lock().await;
        let known = found.as_ref().filter(|known| known.at.elapsed() < HOLDS);
        let is_ready = if let Some(known) = known {
            known.result.is_ok()
        } else {
            let result = writable(self.store.as_ref()).await;
            let was_ready = found.as_ref().is_none_or(|known| known.result.is_ok());
            // Once per change, not once per question.
            match &result {
                Ok(()) if !was_ready => tracing::info!("ready again: the store takes writes"),
                Err(error) if was_ready => {
                    tracing::warn!(?error, "not ready: the store takes no writes");
                }
                _ => {}
            }
            let is_ready = result.is_ok();
            *found = Some(Finding { at: Instant::now(), result });
            is_ready
        };
        if is_ready { Condition::Ok } else { Condition::Failed }
    }

    fn providers(&self) -> impl Iterator<Item = Dependency> {
        let now = now();
        self.senders.senders().routes().map(move |route| Dependency {
            name: format!("provider {}", route.name()),
            condition: match route.state(now) {
                State::Closed => Condition::Ok,
                State::HalfOpen | State::Open => Condition::Degraded,
            },
        })
    }
}

impl Health for HostHealth {
    async fn ready(&self) -> Readiness {
        let (condition, keys) = tokio::join!(self.store(), self.keys());
        let store = Dependency { name: "store".to_owned(), condition };
        let ending = self
            .is_draining
            .load(Ordering::Relaxed)
            .then(|| Dependency { name: "process".to_owned(), condition: Condition::Failed });
        let dependencies: Vec<_> =
            std::iter::once(store).chain(keys).chain(ending).chain(self.providers()).collect();
        let is_degraded = |dependency: &Dependency| dependency.condition == Condition::Degraded;
        Readiness { degraded: dependencies.iter().any(is_degraded), dependencies }
    }
}

/// Writes the scratch key to `store`.
///
/// # Errors
/// What the store says; `timeout` where it says nothing for two seconds.
pub async fn writable(store: &dyn Store) -> Result<(), StoreError> {
    let write = async {
        store.ping().await?;
        let step = Step { key: SCRATCH.to_owned(), by: 1, ttl_seconds: SCRATCH_SECONDS };
        store.run(vec![Operation::Increment(step)]).await.map(drop)
    };
    timeout(TIMEOUT, write).await.unwrap_or(Err(StoreError::Timeout))
}

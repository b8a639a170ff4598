//! Whether the process can serve: what `/readyz` answers.
//!
//! Ready means that a write works: a store that only answers reads (a replica, a full disk, a file
//! locked by another process) can issue nothing and verify nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use countersign_contract::types::StoreError;
use countersign_http_api::health::{
    self, Condition, Dependency, GenerationState, Health, Readiness, SkewState,
};
use countersign_providers::BreakerState;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use crate::fingerprint::Fingerprint;
use crate::senders::{Router, now};
use crate::stores::{Diagnostics, Generation, Parts, Skew, Store};

/// Longer than a store needs that works, shorter than health checks wait.
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
        (!fits).then(|| Dependency::new("keys", Condition::Degraded))
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
        self.senders.senders().routes().map(move |route| {
            let condition = match route.state(now) {
                BreakerState::Closed => Condition::Ok,
                BreakerState::HalfOpen | BreakerState::Open => Condition::Degraded,
            };
            Dependency::new(format!("{}{}", health::PROVIDER, route.name()), condition)
        })
    }
}

/// The store's generation, as an operator is told of it.
fn generation(generation: Generation) -> health::Generation {
    let (state, changes, last_change) = match generation {
        Generation::Known { changes, last_change } => {
            (GenerationState::Known, changes, last_change)
        }
        Generation::NotTold => (GenerationState::NotTold, 0, None),
        Generation::Trusted => (GenerationState::Trusted, 0, None),
    };
    let changed_seconds_ago = last_change.map(|since| since.as_secs());
    health::Generation { state, changes, changed_seconds_ago }
}

/// This machine's clock, compared with the store's.
fn clock(skew: Option<Skew>) -> Dependency {
    let is_degrading = skew.is_some_and(Skew::is_degrading);
    let mut clock =
        Dependency::new("clock", if is_degrading { Condition::Degraded } else { Condition::Ok });
    let state = if skew.is_some() { SkewState::Measured } else { SkewState::NotMeasured };
    clock.skew = Some(health::Skew { state, seconds: skew.map(Skew::seconds) });
    clock
}

impl Health for HostHealth {
    async fn ready(&self) -> Readiness {
        let (condition, keys) = tokio::join!(self.store(), self.keys());
        let Diagnostics { generation: told, skew, parts: Parts { all, working } } =
            self.store.diagnostics();
        let is_impaired = matches!(condition, Condition::Ok) && working < all;
        let condition = if is_impaired { Condition::Degraded } else { condition };
        let mut store = Dependency::new("store", condition);
        store.generation = Some(generation(told));
        let is_ending = self.is_draining.load(Ordering::Relaxed);
        let ending = is_ending.then(|| Dependency::new("process", Condition::Failed));
        let own = [store, clock(skew)].into_iter().chain(keys).chain(ending);
        Readiness::of(own.chain(self.providers()).collect())
    }
}

/// Writes the scratch key to `store`.
///
/// # Errors
/// What the store says; `timeout` where it says nothing for two seconds.
pub async fn writable(store: &dyn Store) -> Result<(), StoreError> {
    let write = async {
        store.ping().await?;
        store.write(SCRATCH_SECONDS).await
    };
    timeout(TIMEOUT, write).await.unwrap_or(Err(StoreError::Timeout))
}

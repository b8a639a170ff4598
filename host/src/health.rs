//! Whether the process can serve: what `/readyz` answers.
//!
//! Ready means that a write works: a store that only answers reads (a replica, a full disk, a file
//! locked by another process) can issue nothing and verify nothing.

mod watched;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use countersign_http_api::health::{
    self, Condition, Dependency, GenerationState, Health, Readiness, SkewState,
};
use countersign_providers::BreakerState;
use tokio::time::timeout;

use self::watched::{Look, Watched};
use crate::fingerprint::Fingerprint;
use crate::senders::{Router, now};
use crate::stores::fallback::{FallbackStore, InUse, Switches};
use crate::stores::{Diagnostics, Generation, Parts, Skew, Store};

/// Longer than a store needs that works, shorter than health checks wait.
const KEYS_TIMEOUT: Duration = Duration::from_secs(2);

/// Asks the stores, and tells what is known of the providers. The engine is in the same process, and was prepared
/// before the first request.
#[derive(Clone)]
pub struct HostHealth(Arc<Asked>);

struct Asked {
    store: Arc<dyn Store>,
    fallback: Option<FallbackStore>,
    senders: Router,
    fingerprint: Option<Arc<Fingerprint>>,
    first: Watched,
    second: Watched,
    is_draining: AtomicBool,
}

impl HostHealth {
    /// Asks `store`, or both where it is the one of `fallback` that is in use, also whether it goes with the keys of
    /// `fingerprint`, and tells of `senders`.
    #[must_use]
    pub fn new(
        store: Arc<dyn Store>,
        fallback: Option<FallbackStore>,
        senders: Router,
        fingerprint: Option<Arc<Fingerprint>>,
    ) -> Self {
        let first = Watched::new("the store", fallback.is_none());
        let second = Watched::new("the fall-back store", false);
        let is_draining = AtomicBool::new(false);
        Self(Arc::new(Asked { store, fallback, senders, fingerprint, first, second, is_draining }))
    }

    /// From now on the process is not ready, however well the store works: it is about to end.
    pub fn drain(&self) {
        self.0.is_draining.store(true, Ordering::Relaxed);
    }
}

impl Asked {
    /// The keys, where another process uses the store with other ones.
    async fn keys(&self) -> Option<Dependency> {
        let fits = self.fingerprint.as_ref()?.fits(&*self.store);
        let fits = timeout(KEYS_TIMEOUT, fits).await.unwrap_or(true);
        (!fits).then(|| Dependency::new("keys", Condition::Degraded))
    }

    async fn stores(&self) -> Vec<Dependency> {
        let Some(fallback) = &self.fallback else {
            let look = self.first.look(Some(&self.store)).await;
            return vec![store("store", look, Some(&self.store), Condition::Failed)];
        };
        let [first, second] = fallback.stores();
        let (first_look, second_look) =
            tokio::join!(self.first.look(first.as_ref()), self.second.look(second.as_ref()));
        let in_use = fallback.in_use();
        // One that is lost while the other one works is stood in for.
        let without =
            |other: Look| if other.works { Condition::Degraded } else { Condition::Failed };
        let mut store_one = store("store", first_look, first.as_ref(), without(second_look));
        if in_use == InUse::Second && store_one.condition == Condition::Ok {
            store_one.condition = Condition::Degraded;
        }
        let mut store_two =
            store("fallback_store", second_look, second.as_ref(), without(first_look));
        store_one.in_use = Some(in_use == InUse::First);
        store_two.in_use = Some(in_use == InUse::Second);
        let Switches { count, last } = fallback.switches();
        store_two.switches = Some(count);
        store_two.switched_seconds_ago = last.map(|since| since.as_secs());
        vec![store_one, store_two]
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

/// A store, as it was found; one that doesn't work is `lost`.
fn store(
    name: &'static str,
    look: Look,
    store: Option<&Arc<dyn Store>>,
    lost: Condition,
) -> Dependency {
    let Diagnostics { generation: told, parts: Parts { all, working }, .. } =
        store.map_or(Diagnostics::UNKNOWN, |store| store.diagnostics());
    let condition = match look.works {
        false => lost,
        true if working < all => Condition::Degraded,
        true => Condition::Ok,
    };
    let mut dependency = Dependency::new(name, condition);
    dependency.latency_ms = look.took.and_then(|took| u64::try_from(took.as_millis()).ok());
    dependency.generation = store.is_some().then(|| generation(told));
    dependency
}

impl Health for HostHealth {
    async fn ready(&self) -> Readiness {
        let asked = &self.0;
        let (stores, keys) = tokio::join!(asked.stores(), asked.keys());
        let is_ending = asked.is_draining.load(Ordering::Relaxed);
        let ending = is_ending.then(|| Dependency::new("process", Condition::Failed));
        let clock = clock(asked.store.diagnostics().skew);
        let own = stores.into_iter().chain([clock]).chain(keys).chain(ending);
        Readiness::of(own.chain(asked.providers()).collect())
    }
}

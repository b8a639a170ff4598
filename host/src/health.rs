//! Whether the process can serve: what `/readyz` answers.

use std::sync::Arc;
use std::time::Duration;

use countersign_http_api::health::{Condition, Dependency, Health, Readiness};

use countersign_providers::State;

use crate::fingerprint::Fingerprint;
use crate::senders::{Router, now};
use crate::stores::Store;

/// Longer than a store needs that works, shorter than whoever asks has patience.
const TIMEOUT: Duration = Duration::from_secs(2);

/// Asks the store, and tells what is known of the providers. The engine is in the same process, and was prepared before
/// the first request.
#[derive(Clone)]
pub struct HostHealth {
    store: Arc<dyn Store>,
    senders: Router,
    fingerprint: Option<Arc<Fingerprint>>,
}

impl HostHealth {
    /// Asks `store`, also whether it goes with the keys of `fingerprint`, and tells of `senders`.
    #[must_use]
    pub fn new(
        store: Arc<dyn Store>,
        senders: Router,
        fingerprint: Option<Arc<Fingerprint>>,
    ) -> Self {
        Self { store, senders, fingerprint }
    }

    /// The keys, where another process uses the store with other ones.
    async fn keys(&self) -> Option<Dependency> {
        let fits = self.fingerprint.as_ref()?.fits(&*self.store);
        let fits = tokio::time::timeout(TIMEOUT, fits).await.unwrap_or(true);
        let keys = Dependency { name: "keys".to_owned(), condition: Condition::Degraded };
        (!fits).then_some(keys)
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
        let ping = tokio::time::timeout(TIMEOUT, self.store.ping());
        let (answer, keys) = tokio::join!(ping, self.keys());
        let condition = match answer {
            Ok(Ok(())) => Condition::Ok,
            Ok(Err(error)) => {
                tracing::warn!(?error, "the store is not ready");
                Condition::Failed
            }
            Err(_) => {
                tracing::warn!("the store did not say in time whether it is ready");
                Condition::Failed
            }
        };
        let store = Dependency { name: "store".to_owned(), condition };
        let dependencies: Vec<_> =
            std::iter::once(store).chain(keys).chain(self.providers()).collect();
        let is_degraded = |dependency: &Dependency| dependency.condition == Condition::Degraded;
        Readiness { degraded: dependencies.iter().any(is_degraded), dependencies }
    }
}

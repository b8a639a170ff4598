//! Whether the process can serve: what `/readyz` answers.

use std::sync::Arc;
use std::time::Duration;

use countersign_http_api::health::{Condition, Dependency, Health, Readiness};

use crate::stores::Store;

/// Longer than a store needs that works, shorter than whoever asks has patience.
const TIMEOUT: Duration = Duration::from_secs(2);

/// Asks the store: the engine is in the same process, and was prepared before the first request.
#[derive(Clone)]
pub struct StoreHealth {
    store: Arc<dyn Store>,
}

impl StoreHealth {
    /// Asks `store`.
    #[must_use]
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store }
    }
}

impl Health for StoreHealth {
    async fn ready(&self) -> Readiness {
        let condition = match tokio::time::timeout(TIMEOUT, self.store.ping()).await {
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
        Readiness {
            degraded: false,
            dependencies: vec![Dependency { name: "store".to_owned(), condition }],
        }
    }
}

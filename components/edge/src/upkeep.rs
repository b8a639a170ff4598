//! The store's upkeep, as the HTTP surface wants it.

use std::time::Duration;

use countersign_contract::Translate;
use countersign_contract::types::StoreError;
use countersign_contract::upkeep::Swept;
use countersign_http_api::health::{Condition, Dependency, Health, PROVIDER, Readiness};
use countersign_http_api::upkeep::Upkeep;

use crate::bindings::countersign::otp::{senders, upkeep};
use crate::bindings::wasi::clocks::wall_clock;

countersign_contract::upkeep!(crate::bindings::countersign::otp::upkeep);

/// How long the last answer gets to leave before the instance turns to sweeping.
pub const BEFORE_SWEEPING: Duration = Duration::from_millis(5);

/// Keys that are looked at in one step, at most: some dozens of milliseconds on a fast store.
const LIMIT: u32 = 128;

/// Steps in a row, and how long they may take. The instance takes no request meanwhile, others do.
const MAX_STEPS: u32 = 16;
const MAX_SECONDS: u64 = 3;

/// The imported upkeep of the store.
#[derive(Clone, Copy)]
pub(crate) struct StoreUpkeep;

impl Upkeep for StoreUpkeep {
    async fn sweep(&self, limit: u32) -> Result<Swept, StoreError> {
        sweep_once(limit)
    }
}

impl Health for StoreUpkeep {
    async fn ready(&self) -> Readiness {
        let ready: Result<u32, StoreError> = upkeep::ready().translate();
        let (condition, latency_ms) = match ready {
            Ok(milliseconds) => (Condition::Ok, Some(milliseconds.into())),
            Err(error) => {
                tracing::warn!(?error, "the store is not ready");
                (Condition::Failed, None)
            }
        };
        let provider = |provider: senders::Condition| {
            let condition = if provider.works { Condition::Ok } else { Condition::Degraded };
            Dependency::new(format!("{PROVIDER}{}", provider.provider), condition)
        };
        let providers = senders::conditions().into_iter().map(provider);
        let mut store = Dependency::new("store", condition);
        store.latency_ms = latency_ms;
        Readiness::of(std::iter::once(store).chain(providers).collect())
    }
}

fn sweep_once(limit: u32) -> Result<Swept, StoreError> {
    upkeep::sweep(limit).translate()
}

/// Whether this instance should sweep now.
#[must_use]
pub fn is_due() -> bool {
    upkeep::sweep_due()
}

/// Sweeps until there is nothing more to look at, at most [`MAX_STEPS`] steps, others having their turn between two. What
/// fails is left to the next time.
pub async fn sweep<T: Future<Output = ()>>(turn_of_others: impl Fn() -> T) {
    let begun = wall_clock::now().seconds;
    for _ in 0..MAX_STEPS {
        // Another request's sweep may have done it meanwhile.
        if !is_due() || wall_clock::now().seconds.saturating_sub(begun) >= MAX_SECONDS {
            return;
        }
        match sweep_once(LIMIT) {
            Ok(swept) => {
                tracing::debug!(swept.examined, swept.removed, swept.more, "swept");
                if !swept.more {
                    return;
                }
            }
            Err(error) => {
                tracing::warn!(?error, "sweeping failed");
                return;
            }
        }
        turn_of_others().await;
    }
}

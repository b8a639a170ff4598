//! Counting the challenges of a store: the store lists keys, the component judges what they hold.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use countersign_contract::otp::{CHALLENGES_ENDING, Error, MAX_TALLIED_PURPOSES, PurposeTally};
use countersign_contract::types::StoreError;
use countersign_http_api::census::{Census, CountError, Counted};
use countersign_http_api::otp::{Failure, Otp};
use futures_util::{StreamExt, TryStreamExt, stream};
use tokio::time::Instant;

use crate::engine::Engine;
use crate::stores::{Cursor, Store};

/// After so long a step begins no further page.
const STEP: Duration = Duration::from_secs(2);
/// Keys of one call of the component: a round trip each, one after the other.
const KEYS_PER_CALL: usize = 16;
/// Calls of the component at once. Few, so that instances and connections are left for other requests.
const CALLS_AT_ONCE: usize = 4;

/// Counts by a store and an engine over it.
#[derive(Clone)]
pub struct StoreCensus {
    store: Arc<dyn Store>,
    engine: Engine,
}

impl StoreCensus {
    /// `engine` works on `store`.
    #[must_use]
    pub const fn new(store: Arc<dyn Store>, engine: Engine) -> Self {
        Self { store, engine }
    }

    /// Counts the challenges of one page of keys, but for those that were `seen` before: a store may tell a key twice.
    async fn page(
        &self,
        tenant: &str,
        purposes: &[String],
        at: Option<&Cursor>,
        seen: &mut HashSet<String>,
    ) -> Result<(Vec<PurposeTally>, Option<Cursor>), CountError> {
        let page = self.store.scan(CHALLENGES_ENDING, at.cloned()).await;
        let page = page.map_err(|error| match error {
            StoreError::InvalidArgument if at.is_some() => CountError::Cursor,
            error => failed(Failure::Refused(Error::StoreUnavailable(error))),
        })?;
        let keys: Vec<String> =
            page.keys.into_iter().filter(|key| seen.insert(key.clone())).collect();
        let calls: Vec<_> = keys
            .chunks(KEYS_PER_CALL)
            .map(|keys| self.engine.tally(tenant, purposes, keys))
            .collect();
        let tallies: Vec<Vec<PurposeTally>> = stream::iter(calls)
            .buffer_unordered(CALLS_AT_ONCE)
            .try_collect()
            .await
            .map_err(failed)?;
        Ok((tallies.into_iter().flatten().collect(), page.next))
    }
}

impl Census for StoreCensus {
    async fn count(&self, tenant: String, after: Option<String>) -> Result<Counted, CountError> {
        let mut at = match after {
            Some(text) => Some(Cursor::read(&text).ok_or(CountError::Cursor)?),
            None => None,
        };
        let mut purposes = self.engine.purposes(&tenant);
        purposes.truncate(MAX_TALLIED_PURPOSES);
        let end = Instant::now() + STEP;
        let (mut sums, mut seen) =
            (BTreeMap::<Option<String>, PurposeTally>::new(), HashSet::new());
        let mut is_first = true;
        loop {
            match self.page(&tenant, &purposes, at.as_ref(), &mut seen).await {
                Ok((tallies, next)) => {
                    for tally in tallies {
                        add(&mut sums, tally);
                    }
                    at = next;
                }
                Err(error) if is_first => return Err(error),
                // What was counted before stands; the next step begins with this page.
                Err(_) => break,
            }
            is_first = false;
            if at.is_none() || Instant::now() >= end {
                break;
            }
        }
        let next = at.map(|cursor| cursor.as_str().to_owned());
        Ok(Counted { tallies: sums.into_values().collect(), next })
    }
}

const fn failed(failure: Failure) -> CountError {
    CountError::Failed(failure)
}

fn add(sums: &mut BTreeMap<Option<String>, PurposeTally>, tally: PurposeTally) {
    let PurposeTally { purpose, exhausted, expired, pending, revoked, verified } = tally;
    let sum = sums
        .entry(purpose.clone())
        .or_insert_with(|| PurposeTally { purpose, ..PurposeTally::default() });
    for (sum, more) in [
        (&mut sum.exhausted, exhausted),
        (&mut sum.expired, expired),
        (&mut sum.pending, pending),
        (&mut sum.revoked, revoked),
        (&mut sum.verified, verified),
    ] {
        *sum = sum.saturating_add(more);
    }
}

//! The generation that a host last found in a store, which the store itself keeps.

use countersign_contract::store::{Assignment, MAX_TTL_SECONDS, Operation, Reply};
use countersign_contract::types::StoreError;

use super::store::Store;

/// Where a store keeps the generation that a host last found. No key of the engine's is called so: they begin with `{`.
const PLACE: &str = "generation";

/// Compares the store's generation with the one that a host last found in it at start, and tells an operator of a
/// change that no process saw happen. A store that fails is told of elsewhere.
///
/// # Errors
///
/// What the store says.
pub async fn remember(store: &dyn Store) -> Result<(), StoreError> {
    let outcome = store.run(vec![Operation::Get(PLACE.to_owned())]).await?;
    let Some(generation) = outcome.generation else { return Ok(()) };
    let value = generation.to_be_bytes().to_vec();
    match outcome.replies.as_slice() {
        [Reply::Value(Some(kept))] if *kept != value => tracing::warn!(
            "the store was restarted, failed over or restored since a host was last started on it, and may have lost \
             data: the codes of challenges issued before are refused as challenge_not_found (store.after_restart)"
        ),
        _ => {}
    }
    let place = Assignment { key: PLACE.to_owned(), value, ttl_seconds: MAX_TTL_SECONDS };
    store.run(vec![Operation::Set(place)]).await.map(drop)
}

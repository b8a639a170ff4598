//! Histories, a few at a time: copied to the second store, or joined with what the first holds.

use countersign_contract::store::{Assignment, MAX_TTL_SECONDS, Operation, Outcome, Reply};
use countersign_contract::types::StoreError;

use super::aid::Aid;
use crate::stores::Store;

/// What the keys of owed histories end in, behind the key of the history itself and a number of their own.
pub(super) const OWED: &str = ":owed";
/// How often a copy is repeated because the first store has changed meanwhile.
const COPIES: usize = 8;

/// Copies histories to the second store until the first still holds what was copied.
pub(super) async fn copy(
    mut histories: Vec<Assignment>,
    first: &dyn Store,
    second: &dyn Store,
) -> Result<(), StoreError> {
    for _ in 0..COPIES {
        if histories.is_empty() {
            return Ok(());
        }
        run(second, histories.iter().cloned().map(Operation::Set).collect()).await?;
        let gets = histories.iter().map(|history| Operation::Get(history.key.clone()));
        let held = values(first, gets.collect()).await?;
        let is_other = |history: &Assignment, value: &Vec<u8>| *value != history.value;
        histories = histories
            .into_iter()
            .zip(held)
            .filter_map(|(history, held)| {
                let value = held.filter(|value| is_other(&history, value))?;
                Some(Assignment { value, ..history })
            })
            .collect();
    }
    if histories.is_empty() { Ok(()) } else { Err(StoreError::Unavailable) }
}

/// Carries what one mark owes, and takes the mark away. Whether it could be joined.
pub(super) async fn carry_one(
    mark: &str,
    first: &dyn Store,
    second: &dyn Store,
    aid: &dyn Aid,
) -> Result<bool, StoreError> {
    let numbered = mark.strip_suffix(OWED).and_then(|numbered| numbered.rsplit_once(':'));
    let Some((key, _)) = numbered else { return Ok(true) };
    // Another host may have carried it.
    let Some(owed) = value(second, mark).await? else { return Ok(true) };
    let Some(joined) = join(key, owed, first, aid).await? else { return Ok(false) };
    let joined = Assignment { key: key.to_owned(), value: joined, ttl_seconds: MAX_TTL_SECONDS };
    copy(vec![joined], first, second).await?;
    run(second, vec![Operation::Delete(mark.to_owned())]).await?;
    Ok(true)
}

/// Joins a history with what the first store holds, there. What it holds now; nothing where `owed` can't be joined.
async fn join(
    key: &str,
    mut owed: Vec<u8>,
    first: &dyn Store,
    aid: &dyn Aid,
) -> Result<Option<Vec<u8>>, StoreError> {
    loop {
        let kept = value(first, key).await?;
        let Some(joined) = aid.join(key.to_owned(), kept.clone(), owed).await? else {
            return Ok(None);
        };
        if kept.as_ref() == Some(&joined) {
            return Ok(Some(joined));
        }
        let set =
            Assignment { key: key.to_owned(), value: joined.clone(), ttl_seconds: MAX_TTL_SECONDS };
        let exchanged = run(first, vec![Operation::Get(key.to_owned()), Operation::Set(set)]);
        match exchanged.await?.replies.into_iter().next() {
            // Written over, what came in between is joined as well.
            Some(Reply::Value(Some(before))) if kept.as_ref() != Some(&before) => owed = before,
            _ => return Ok(Some(joined)),
        }
    }
}

/// The value of a key.
pub(super) async fn value(store: &dyn Store, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
    Ok(values(store, vec![Operation::Get(key.to_owned())]).await?.pop().flatten())
}

/// The values of some keys.
pub(super) async fn values(
    store: &dyn Store,
    gets: Vec<Operation>,
) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
    let values = run(store, gets).await?.replies.into_iter().map(|reply| match reply {
        Reply::Value(value) => value,
        Reply::Count(_) | Reply::Done => None,
    });
    Ok(values.collect())
}

/// Carries out a batch.
pub(super) async fn run(store: &dyn Store, batch: Vec<Operation>) -> Result<Outcome, StoreError> {
    store.run(batch).await
}

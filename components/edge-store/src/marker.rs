//! How a value that is written right when the sweeper removes an older one of the same key is not lost.
//!
//! The sweeper publishes which values it is about to remove, *then* reads each once more, removes it where its time is
//! still over, and takes the marker away. A writer that found a value sets its own, *then* reads the marker, waits
//! until it names the key no longer, and reads the key: where it has vanished, the removal came after, and it is set
//! again. Either the sweeper's second read sees the new value, or the writer's read of the marker sees the
//! removal under way, or it is over and the writer's read of the key sees what it did. That the writer found a value
//! whose time was *not* over is no exception: it may have been written a moment before, by an instance that is waiting.
//! Unless it read the value and a marker that doesn't name it *at one moment* (`Memory::is_spared`): the sweeper's second
//! read is still to come then, and finds a value whose time isn't over.
//!
//! An instance that finds a key absent needs none of this: only the sweeper removes a value between its second read and
//! its removal, as a deletion waits for the marker too, so the sweeper has finished with that key. Counts need
//! none either, see `look.rs`.

use countersign_contract::types::StoreError;

use crate::backend::{Backend, Calls};
use crate::physical::{bookkeeping, place};

/// Values that the sweeper removes under one marker.
pub(crate) const MAX_KEYS: usize = 64;
/// A marker means nothing after this: ten seconds of sweeping, and twenty for clocks that differ.
const GOOD_SECONDS: u64 = 30;
const WAIT_MILLIS: u64 = 2_000;
const FIRST_PAUSE_MILLIS: u64 = 40;

/// Where the marker stands.
pub(crate) fn key() -> String {
    bookkeeping("marker")
}

/// Says which values are about to be removed.
pub(crate) async fn publish<B: Backend>(
    calls: &Calls<B>,
    keys: &[String],
) -> Result<(), StoreError> {
    let until = calls.now().saturating_add(GOOD_SECONDS);
    calls.set(&key(), format!("{until}\n{}", keys.join("\n")).as_bytes()).await
}

/// Takes the marker away.
pub(crate) async fn clear<B: Backend>(calls: &Calls<B>) -> Result<(), StoreError> {
    calls.delete(&key()).await
}

/// Makes sure that a value just written over another one stays. Where the sweeper doesn't come to an end in
/// time, the write is an error.
///
/// Where another instance has deleted the key meanwhile, the value is set again all the same: the two were
/// simultaneous, and losing a value would be worse.
pub(crate) async fn defend<B: Backend>(
    calls: &Calls<B>,
    name: &str,
    bytes: &[u8],
) -> Result<(), StoreError> {
    let place = place(name);
    for _ in 0..2 {
        if is_there_after_removal(calls, name, &place).await? {
            return Ok(());
        }
        calls.set(&place, bytes).await?;
    }
    Ok(())
}

/// Whether a value is there once the sweeper is not removing it: one call, mostly, where the marker and the value can be
/// read at one moment.
async fn is_there_after_removal<B: Backend>(
    calls: &Calls<B>,
    name: &str,
    place: &str,
) -> Result<bool, StoreError> {
    if calls.reads_many() {
        let mut held = calls.get_all(&[key(), place.to_owned()]).await?.into_iter();
        let marker = held.next().flatten();
        if !marker.is_some_and(|marker| names(&marker, name, calls.now())) {
            return Ok(held.next().flatten().is_some());
        }
    }
    await_removal(calls, name).await?;
    Ok(calls.get(place).await?.is_some())
}

/// Waits until the sweeper is not removing a value.
pub(crate) async fn await_removal<B: Backend>(
    calls: &Calls<B>,
    name: &str,
) -> Result<(), StoreError> {
    let began = calls.elapsed_millis();
    let mut pause = FIRST_PAUSE_MILLIS;
    loop {
        let marker = calls.get(&key()).await?;
        if !marker.is_some_and(|marker| names(&marker, name, calls.now())) {
            return Ok(());
        }
        if calls.elapsed_millis().saturating_sub(began) >= WAIT_MILLIS {
            return Err(StoreError::Timeout);
        }
        calls.pause(pause).await;
        pause = pause.saturating_mul(2);
    }
}

/// Whether the sweeper says that it may be removing a value.
pub(crate) fn names(marker: &[u8], name: &str, now: u64) -> bool {
    let mut lines = marker.split(|byte| *byte == b'\n');
    let until = lines.next().and_then(|until| std::str::from_utf8(until).ok()?.parse().ok());
    until.is_some_and(|until: u64| now <= until) && lines.any(|line| line == name.as_bytes())
}

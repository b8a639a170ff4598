//! Whether this process has the keys that the store's data was made with.
//!
//! With another index key a store seems empty: every lock and failure count is out of sight, and nothing else would
//! say so. With another secret under a known name every living code is refused. So a fingerprint of the keys lies in
//! the store, beside the data. Keys are 32 random bytes, so that their digests give nothing away.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};

use countersign_contract::store::{Assignment, MAX_TTL_SECONDS, Operation, Reply};
use countersign_contract::types::StoreError;
use sha2::{Digest, Sha256};

use crate::bindings::countersign::otp::settings::Keyring;
use crate::stores::Store;

/// Where it lies: in a Redis `countersign:keys`. No key of the engine's is called so: they begin with `{`.
const PLACE: &str = "keys";
/// The first byte: its format.
const FORMAT: u8 = 1;
/// How many ring keys are remembered, at most. With names of 32 bytes they take 1,585 of the 2,048 bytes of a value.
const MAX_RING_KEYS: usize = 32;
const DIGEST_BYTES: usize = 16;

/// A digest of one key.
type Mark = [u8; DIGEST_BYTES];

/// What is different about the keys. The text is for an operator and holds no key.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Mismatch {
    /// Another index key.
    Index,
    /// Another secret under the name of a ring key.
    Ring(String),
    /// The fingerprint is of another version of countersign, or damaged.
    Unreadable,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        const ON_PURPOSE: &str = "start once with `countersign serve --accept-changed-keys`";
        match self {
            Self::Index => write!(
                formatter,
                "the data in the store was made with another index key. With this one every lock, failure count and \
                 living code would be lost. Give all processes that share the store the same `keys.index`; \
                 if the change is meant, {ON_PURPOSE}"
            ),
            Self::Ring(name) => write!(
                formatter,
                "the ring key `{name}` had another secret before. With this one living codes would be refused. Give a \
                 new secret a new name, and all processes that share the store the same keys; if the change is \
                 meant, {ON_PURPOSE}"
            ),
            Self::Unreadable => write!(
                formatter,
                "the fingerprint of the keys in the store is damaged, or of another version of countersign. If these \
                 are the right keys, {ON_PURPOSE}"
            ),
        }
    }
}

impl std::error::Error for Mismatch {}

/// The keys of this process, compared with what the store knows.
pub struct Fingerprint {
    own: Marks,
    is_told: AtomicBool,
}

impl Fingerprint {
    /// Of these keys.
    #[must_use]
    pub fn of(keyring: &Keyring) -> Self {
        let ring = keyring.keys.iter();
        let ring = ring.map(|key| (key.name.clone(), mark(&["ring", &key.name], &key.secret)));
        let own = Marks { index: mark(&["index"], &keyring.index), ring: ring.collect() };
        Self { own, is_told: AtomicBool::new(false) }
    }

    /// At start: compares, and leaves the fingerprint in the store for the next 396 days. `accepts_changes` replaces
    /// one that doesn't fit. A store that can't be asked right now stops no start; [`fits`](Self::fits) asks again.
    ///
    /// # Errors
    ///
    /// [`Mismatch`], where the store's data was made with other keys.
    pub async fn admit(&self, store: &dyn Store, accepts_changes: bool) -> Result<(), Mismatch> {
        let kept = match read(store).await {
            Ok(kept) => kept,
            Err(error) => {
                tracing::warn!(?error, "the store can't say which keys its data was made with");
                return Ok(());
            }
        };
        let marks = match self.own.joined_with(kept.as_deref()) {
            Ok(marks) => marks,
            Err(mismatch) if accepts_changes => {
                tracing::warn!(%mismatch, "other keys are accepted from now on");
                self.own.clone()
            }
            Err(mismatch) => return Err(mismatch),
        };
        if let Err(error) = write(store, &marks).await {
            tracing::warn!(?error, "the fingerprint of the keys can't be written to the store");
        }
        Ok(())
    }

    /// Compares, and writes nothing. Says whether there is a fingerprint to compare with.
    ///
    /// # Errors
    ///
    /// What the store says where it can't be asked.
    pub async fn compare(&self, store: &dyn Store) -> Result<Result<bool, Mismatch>, StoreError> {
        let kept = read(store).await?;
        Ok(self.own.joined_with(kept.as_deref()).map(|_| kept.is_some()))
    }

    /// Later: whether the store's data still is made with these keys. Logs once where it is not. Writes what is missing.
    pub async fn fits(&self, store: &dyn Store) -> bool {
        // A store that fails is told of elsewhere.
        let Ok(kept) = read(store).await else { return true };
        match self.own.joined_with(kept.as_deref()) {
            Ok(marks) => {
                self.is_told.store(false, Ordering::Relaxed);
                if kept != Some(marks.encode()) {
                    // The next look tries again.
                    let _ = write(store, &marks).await;
                }
                true
            }
            Err(mismatch) => {
                if !self.is_told.swap(true, Ordering::Relaxed) {
                    tracing::error!(%mismatch, "another process uses this store with other keys");
                }
                false
            }
        }
    }
}

/// Digests of the index key and of the ring's keys by name, the current ones first.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Marks {
    index: Mark,
    ring: Vec<(String, Mark)>,
}

impl Marks {
    /// These, with the ring keys that other processes or earlier times had beside them.
    fn joined_with(&self, kept: Option<&[u8]>) -> Result<Self, Mismatch> {
        let Some(kept) = kept else { return Ok(self.clone()) };
        let kept = Self::decode(kept).ok_or(Mismatch::Unreadable)?;
        if kept.index != self.index {
            return Err(Mismatch::Index);
        }
        let mut joined = kept;
        for (name, mark) in &self.ring {
            match joined.ring.iter().find(|(other, _)| other == name) {
                Some((_, other)) if other == mark => {}
                Some(_) => return Err(Mismatch::Ring(name.clone())),
                None => joined.ring.insert(0, (name.clone(), *mark)),
            }
        }
        // The longest known of those that this process doesn't have go first.
        while joined.ring.len() > MAX_RING_KEYS {
            let is_own = |name: &String| self.ring.iter().any(|(own, _)| own == name);
            let Some(last) = joined.ring.iter().rposition(|(name, _)| !is_own(name)) else { break };
            joined.ring.remove(last);
        }
        Ok(joined)
    }

    fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![FORMAT];
        bytes.extend(self.index);
        for (name, mark) in &self.ring {
            // Names have at most 32 bytes: the engine has refused all others.
            bytes.push(u8::try_from(name.len()).unwrap_or(u8::MAX));
            bytes.extend(name.as_bytes());
            bytes.extend(mark);
        }
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (format, bytes) = bytes.split_first()?;
        let (index, mut bytes) = bytes.split_first_chunk()?;
        let mut ring = Vec::new();
        while let Some((length, rest)) = bytes.split_first() {
            let (name, rest) = rest.split_at_checked(usize::from(*length))?;
            let (mark, rest) = rest.split_first_chunk()?;
            ring.push((String::from_utf8(name.to_vec()).ok()?, *mark));
            bytes = rest;
        }
        (*format == FORMAT).then_some(Self { index: *index, ring })
    }
}

fn mark(words: &[&str], secret: &[u8]) -> Mark {
    let mut digest = Sha256::new().chain_update("countersign: fingerprint of a key\0");
    for word in words {
        digest.update(word);
        digest.update("\0");
    }
    let digest = digest.chain_update(secret).finalize();
    let mut mark = [0; DIGEST_BYTES];
    for (to, from) in mark.iter_mut().zip(digest) {
        *to = from;
    }
    mark
}

async fn read(store: &dyn Store) -> Result<Option<Vec<u8>>, StoreError> {
    let outcome = store.run(vec![Operation::Get(PLACE.into())]).await?;
    match outcome.replies.into_iter().next() {
        Some(Reply::Value(value)) => Ok(value),
        _ => Err(StoreError::Other("the store's replies don't match the operations".into())),
    }
}

async fn write(store: &dyn Store, marks: &Marks) -> Result<(), StoreError> {
    let value = marks.encode();
    let set = Assignment { key: PLACE.into(), value, ttl_seconds: MAX_TTL_SECONDS };
    store.run(vec![Operation::Set(set)]).await.map(drop)
}

#[cfg(test)]
mod tests;

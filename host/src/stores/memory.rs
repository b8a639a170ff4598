//! The store of one process, in its memory: for development and for tests. What it holds ends with the process,
//! and no other process sees it.
//!
//! It is bounded by [`MemorySettings::max_keys`]; at full length keys and values that is 2.3 KiB each. When it is
//! full it refuses new keys, since a store must not forget. Each batch also drops a few keys whose time is over.

use std::future::{Future, ready};
use std::hash::BuildHasher;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use countersign_contract::store::{MAX_OPERATIONS, Operation, Outcome, Reply, Step, check};
use countersign_contract::types::StoreError;
use schemars::JsonSchema;
use serde::Deserialize;

use self::shard::{Content, Shard};
use super::clock::Clock;
use super::error::{OpenError, within};
use super::generation::Generation;
use super::scan::{Cursor, MAX_PAGE, Page};
use super::store::{Answer, Diagnostics, PageAnswer, Parts, Store};

mod shard;

/// So that threads seldom wait for each other.
const SHARDS: usize = 64;

/// Keys looked at by each batch because their time may be over. More than a batch can add.
const SWEPT_PER_BATCH: usize = 2 * MAX_OPERATIONS;

/// `[store]` with `type = "memory"`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MemorySettings {
    /// How many keys it holds, at most: 1 to 100,000,000; 1,000,000 if left out. A full one is `unavailable` to new
    /// keys until others have expired.
    #[schemars(range(min = 1, max = 100_000_000))]
    pub max_keys: u64,
}

impl Default for MemorySettings {
    fn default() -> Self {
        Self { max_keys: 1_000_000 }
    }
}

/// Keys and values in this process.
pub struct MemoryStore {
    clock: Clock,
    hasher: std::hash::RandomState,
    shards: Vec<Mutex<Shard>>,
    max_keys: usize,
    /// Keys in all shards, those included whose time is over and that were not swept yet.
    keys: AtomicUsize,
    /// Random: another process knows nothing of what this one held.
    generation: u64,
    /// Which shard is swept next.
    next: AtomicUsize,
}

impl MemorySettings {
    /// Finds what is wrong with them.
    ///
    /// # Errors
    ///
    /// [`OpenError::Setting`] where a setting is out of its range.
    pub fn check(&self) -> Result<(), OpenError> {
        self.keys().map(drop)
    }

    fn keys(&self) -> Result<usize, OpenError> {
        let max_keys = within("max_keys", self.max_keys, 1..=100_000_000)?;
        Ok(usize::try_from(max_keys).unwrap_or(usize::MAX))
    }
}

impl MemoryStore {
    /// An empty store that takes the time from `clock`.
    ///
    /// # Errors
    ///
    /// [`OpenError::Setting`] where a setting is out of its range.
    pub fn open(settings: &MemorySettings, clock: Clock) -> Result<Self, OpenError> {
        let max_keys = settings.keys()?;
        let hasher = std::hash::RandomState::new();
        Ok(Self {
            clock,
            generation: hasher.hash_one("generation"),
            hasher,
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            max_keys,
            keys: AtomicUsize::new(0),
            next: AtomicUsize::new(0),
        })
    }

    /// How many keys are held right now, those included that have expired and were not dropped yet.
    #[must_use]
    pub fn keys(&self) -> usize {
        self.keys.load(Ordering::Relaxed)
    }

    fn carry_out(&self, batch: Vec<Operation>) -> Result<Outcome, StoreError> {
        check(&batch)?;
        let now = (self.clock)();
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        if let Some(shard) = self.shards.get(turn % SHARDS) {
            self.sweep(shard, now, SWEPT_PER_BATCH);
        }
        let replies = batch.into_iter().map(|operation| self.apply(operation, now));
        let replies = replies.collect::<Result<_, _>>()?;
        Ok(Outcome { replies, generation: Some(self.generation) })
    }

    fn apply(&self, operation: Operation, now: u64) -> Result<Reply, StoreError> {
        match operation {
            Operation::Delete(key) => {
                if self.shard(&key)?.remove(&key) {
                    self.keys.fetch_sub(1, Ordering::Relaxed);
                }
                Ok(Reply::Done)
            }
            Operation::Get(key) => match self.shard(&key)?.live(&key, now) {
                None => Ok(Reply::Value(None)),
                Some(Content::Count(_)) => Err(StoreError::InvalidArgument),
                Some(Content::Value(value)) => Ok(Reply::Value(Some(value.clone()))),
            },
            Operation::Increment(step) => self.increment(step, now).map(Reply::Count),
            Operation::Set(assignment) => {
                let mut shard = self.shard_with_room(&assignment.key, now)?;
                let value = Content::Value(assignment.value);
                self.added(shard.put(assignment.key, value, expiry(now, assignment.ttl_seconds)));
                Ok(Reply::Done)
            }
        }
    }

    fn increment(&self, step: Step, now: u64) -> Result<i64, StoreError> {
        let mut shard = if step.by == 0 {
            self.shard(&step.key)?
        } else {
            self.shard_with_room(&step.key, now)?
        };
        let count = match shard.live(&step.key, now) {
            None => 0,
            Some(Content::Count(count)) => *count,
            Some(Content::Value(_)) => return Err(StoreError::InvalidArgument),
        };
        let count = count.checked_add(step.by).ok_or(StoreError::InvalidArgument)?;
        if step.by != 0 {
            self.added(shard.put(step.key, Content::Count(count), expiry(now, step.ttl_seconds)));
        }
        Ok(count)
    }

    /// The shard of `key`, locked, which either holds the key already or may take one more.
    fn shard_with_room(&self, key: &str, now: u64) -> Result<MutexGuard<'_, Shard>, StoreError> {
        let shard = self.shard(key)?;
        if shard.holds(key) || self.keys() < self.max_keys {
            return Ok(shard);
        }
        // No shard is locked while others are: two batches would wait for each other.
        drop(shard);
        for shard in &self.shards {
            self.sweep(shard, now, SWEPT_PER_BATCH);
            if self.keys() < self.max_keys {
                return self.shard(key);
            }
        }
        Err(StoreError::Unavailable)
    }

    fn added(&self, is_new: bool) {
        if is_new {
            self.keys.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn sweep(&self, shard: &Mutex<Shard>, now: u64, at_most: usize) {
        let dropped = lock(shard).sweep(now, at_most);
        if dropped > 0 {
            self.keys.fetch_sub(dropped, Ordering::Relaxed);
        }
    }

    /// The next keys of one shard, in their order, and where to go on: in the same shard or in the next one.
    fn page(&self, ending: &str, after: Option<&Cursor>) -> Result<Page, StoreError> {
        let (index, after) = match after {
            None => (0, ""),
            Some(cursor) => {
                let (index, key) =
                    cursor.as_str().split_once(':').ok_or(StoreError::InvalidArgument)?;
                (index.parse().map_err(|_| StoreError::InvalidArgument)?, key)
            }
        };
        let shard = self.shards.get(index).ok_or(StoreError::InvalidArgument)?;
        let keys = lock(shard).after(after, ending, (self.clock)(), MAX_PAGE);
        let next = match keys.last() {
            Some(last) if keys.len() == MAX_PAGE => Some(format!("{index}:{last}")),
            _ => Some(index + 1).filter(|next| *next < SHARDS).map(|next| format!("{next}:")),
        };
        let keys = keys.iter().map(|key| key.to_string()).collect();
        Ok(Page { keys, next: next.map(Cursor::new) })
    }

    fn shard(&self, key: &str) -> Result<MutexGuard<'_, Shard>, StoreError> {
        let hash = self.hasher.hash_one(key);
        let index = usize::try_from(hash % SHARDS as u64).unwrap_or(0);
        self.shards.get(index).map(lock).ok_or(StoreError::Unavailable)
    }
}

impl Store for MemoryStore {
    fn run(&self, batch: Vec<Operation>) -> Answer<'_> {
        Box::pin(async move { self.carry_out(batch) })
    }

    fn ping(&self) -> Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send + '_>> {
        Box::pin(ready(Ok(())))
    }

    fn scan(&self, ending: &'static str, after: Option<Cursor>) -> PageAnswer<'_> {
        Box::pin(async move { self.page(ending, after.as_ref()) })
    }

    fn diagnostics(&self) -> Diagnostics {
        Diagnostics { generation: Generation::STEADY, skew: None, parts: Parts::ONE }
    }
}

/// A panic elsewhere leaves no shard half-changed in a way that matters here.
fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

fn expiry(now: u64, ttl_seconds: u32) -> u64 {
    now.saturating_add(u64::from(ttl_seconds) * 1_000)
}

//! What is asked of a backend, and how: bounded in time, repeated only where that is safe.

use std::cell::Cell;
use std::future::Future;

use countersign_contract::types::StoreError;

use crate::physical::is_binary_count;

/// A key-value store that has these calls, each atomic per key, and forgets nothing. Beside it what a component has of
/// time and chance.
pub trait Backend {
    /// Reads a key.
    fn get(&self, key: &str) -> impl Future<Output = Result<Option<Vec<u8>>, Fault>>;

    /// Reads several keys at one moment: what each holds, in their order. Called on Spin's SQLite only. Over Redis, Spin
    /// sends `KEYS`, which doesn't read values. Other backends may return old values: `wasi:keyvalue` allows that.
    fn get_many(
        &self,
        keys: &[String],
    ) -> impl Future<Output = Result<Vec<Option<Vec<u8>>>, Fault>>;

    /// Writes a key.
    fn set(&self, key: &str, bytes: &[u8]) -> impl Future<Output = Result<(), Fault>>;

    /// Removes a key, where it is there.
    fn delete(&self, key: &str) -> impl Future<Output = Result<(), Fault>>;

    /// Removes several keys, where they are there.
    fn delete_many(&self, keys: &[String]) -> impl Future<Output = Result<(), Fault>>;

    /// Adds to a number of the backend's own kind; an absent one is 0.
    fn increment(&self, key: &str, by: i64) -> impl Future<Output = Result<i64, Fault>>;

    /// Whether a count may be stepped down. The engine never does.
    fn counts_down(&self) -> bool;

    /// Waits.
    fn pause(&self, millis: u64) -> impl Future<Output = ()>;

    /// Seconds since 1970.
    fn now(&self) -> u64;

    /// Milliseconds since some moment, never going back.
    fn elapsed_millis(&self) -> u64;

    /// A random number; need not be a good one.
    fn random(&self) -> u64;
}

/// Why a backend did not do as it was told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fault {
    /// Another process has the file locked, and **nothing happened**.
    Busy,
    /// No such store, or it isn't granted.
    Denied,
    /// Anything else. Whether something happened is not known.
    Failed,
}

impl Fault {
    /// Reads the text that Spin gives with an `other` error.
    ///
    /// "database is locked" is SQLite's `SQLITE_BUSY`. Spin's `get`, `set` and `delete`, and those of many keys, are one statement each, which
    /// SQLite rolls back where its commit is refused; its `increment` is a transaction, which is rolled back when it
    /// is dropped. So after this error, and no other, the call has certainly done nothing. Everything else ("too many
    /// requests", Redis gone, a full disk) stays unnamed: the text may hold what callers must not see.
    #[must_use]
    pub fn of_text(text: &str) -> Self {
        if text.contains("database is locked") { Self::Busy } else { Self::Failed }
    }
}

impl From<Fault> for StoreError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Busy | Fault::Failed => Self::Unavailable,
            Fault::Denied => Self::Denied,
        }
    }
}

/// Keys of one removal at most: no backend of Spin's takes fewer (DynamoDB's batches have 25).
const DELETED_TOGETHER: usize = 25;

/// How long a call that is refused as locked is repeated. SQLite has waited 5 s by itself where waiting could help;
/// what is refused at once (two readers that both want to write) is free again in a moment.
const INSIST_MILLIS: u64 = 1_000;
const FIRST_PAUSE_MILLIS: u64 = 4;
const LONGEST_PAUSE_MILLIS: u64 = 128;

/// A backend with a deadline.
pub(crate) struct Calls<B> {
    backend: B,
    until_millis: u64,
    /// Whether it is known to be one that reads several keys at once rightly: SQLite, going by a count that was read.
    reads_many: Cell<bool>,
    /// Whether a count was read to find that out.
    was_probed: Cell<bool>,
}

impl<B: Backend> Calls<B> {
    pub(crate) const fn new(backend: B) -> Self {
        Self {
            backend,
            until_millis: 0,
            reads_many: Cell::new(false),
            was_probed: Cell::new(false),
        }
    }

    /// Whether [`get_all`](Self::get_all) is one call, however many keys are asked for.
    pub(crate) const fn reads_many(&self) -> bool {
        self.reads_many.get()
    }

    /// Finds out which kind of backend it is, by a key that holds a count: at most one call in an instance.
    pub(crate) async fn probe(&self, count_key: &str) -> Result<(), StoreError> {
        if self.reads_many.get() || self.was_probed.replace(true) {
            return Ok(());
        }
        self.get(count_key).await.map(drop)
    }

    /// As if a count had been read of SQLite.
    #[cfg(test)]
    pub(crate) fn assume_sqlite(&self) {
        self.reads_many.set(true);
    }

    /// Begins the time of a call from outside: after it nothing more is asked of the backend.
    pub(crate) fn begin(&mut self, millis: u64) {
        self.until_millis = self.backend.elapsed_millis().saturating_add(millis);
    }

    pub(crate) async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let bytes = self.insist(|| self.backend.get(key)).await?;
        if bytes.as_deref().is_some_and(is_binary_count) {
            self.reads_many.set(true);
        }
        Ok(bytes)
    }

    /// Reads several keys: what each holds, in their order.
    pub(crate) async fn get_all(
        &self,
        mut keys: &[String],
    ) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        let mut held = Vec::with_capacity(keys.len());
        while let Some((key, rest)) = keys.split_first() {
            if self.reads_many.get() && !rest.is_empty() {
                held.extend(self.insist(|| self.backend.get_many(keys)).await?);
                break;
            }
            held.push(self.get(key).await?);
            keys = rest;
        }
        Ok(held)
    }

    pub(crate) async fn set(&self, key: &str, bytes: &[u8]) -> Result<(), StoreError> {
        self.insist(|| self.backend.set(key, bytes)).await
    }

    pub(crate) async fn delete(&self, key: &str) -> Result<(), StoreError> {
        self.insist(|| self.backend.delete(key)).await
    }

    /// Removes several keys, in few calls.
    pub(crate) async fn delete_all(&self, mut keys: Vec<String>) -> Result<(), StoreError> {
        keys.sort_unstable();
        keys.dedup();
        for keys in keys.chunks(DELETED_TOGETHER) {
            match keys {
                [key] => self.delete(key).await?,
                keys => self.insist(|| self.backend.delete_many(keys)).await?,
            }
        }
        Ok(())
    }

    pub(crate) async fn increment(&self, key: &str, by: i64) -> Result<i64, StoreError> {
        self.insist(|| self.backend.increment(key, by)).await
    }

    pub(crate) fn counts_down(&self) -> bool {
        self.backend.counts_down()
    }

    pub(crate) async fn pause(&self, millis: u64) {
        self.backend.pause(millis).await;
    }

    pub(crate) fn now(&self) -> u64 {
        self.backend.now()
    }

    pub(crate) fn elapsed_millis(&self) -> u64 {
        self.backend.elapsed_millis()
    }

    pub(crate) fn random(&self) -> u64 {
        self.backend.random()
    }

    /// Makes a call, and again while it is refused as locked. Never after any other error: an increment may have
    /// happened, and a set may by now be older than another instance's.
    async fn insist<T, F: Future<Output = Result<T, Fault>>>(
        &self,
        mut call: impl FnMut() -> F,
    ) -> Result<T, StoreError> {
        let began = self.elapsed_millis();
        let mut longest = FIRST_PAUSE_MILLIS;
        loop {
            if self.elapsed_millis() >= self.until_millis {
                return Err(StoreError::Timeout);
            }
            match call().await {
                Ok(got) => return Ok(got),
                Err(Fault::Busy) => {}
                Err(fault) => return Err(fault.into()),
            }
            let pause = longest / 2 + self.random() % longest;
            let spent = self.elapsed_millis().saturating_sub(began).saturating_add(pause);
            if spent > INSIST_MILLIS {
                return Err(StoreError::Unavailable);
            }
            self.pause(pause).await;
            longest = longest.saturating_mul(2).min(LONGEST_PAUSE_MILLIS);
        }
    }
}

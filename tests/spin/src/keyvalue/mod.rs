//! Spin's key-value stores: where the data is, and what a test may do behind the guest's back.

mod host;
mod memory;
mod redis;
mod sqlite;

use std::path::PathBuf;
use std::sync::Arc;

#[expect(unreachable_pub, reason = "the bindings re-export it publicly")]
pub use host::Bucket;
pub(crate) use host::Error;

/// A key-value store. Clones hold the same data, so that several stand-ins can share one, as replicas do.
#[derive(Clone)]
pub struct Store(Arc<Backend>);

enum Backend {
    Memory(memory::Memory),
    Redis(redis::Redis),
    Sqlite(sqlite::Sqlite),
}

/// Keys and what they hold, as `get-many` gives them: only those that are there, where it is SQLite.
type Pairs = Vec<(String, Option<Vec<u8>>)>;

/// Why an operation has no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The guest is told, as `other(text)`.
    #[error("{0}")]
    Reported(String),
    /// Spin panics: every request of the guest's instance dies, and the store answers no request until a restart.
    #[error("{0}")]
    Panicked(String),
}

impl Failure {
    /// As Spin words the errors of its backends.
    fn reported(error: impl std::fmt::Debug) -> Self {
        Self::Reported(format!("{error:?}"))
    }
}

/// Hands an operation to whichever backend it is.
macro_rules! on_backend {
    ($store:expr, $method:ident($($argument:expr),*)) => {
        match &*$store.0 {
            Backend::Memory(memory) => memory.$method($($argument),*),
            Backend::Redis(redis) => redis.$method($($argument),*).await,
            Backend::Sqlite(sqlite) => sqlite.$method($($argument),*),
        }
    };
}

impl Store {
    /// A map in this process; its numbers are kept as SQLite's are. For tests of the guest: Spin has none as fast.
    #[must_use]
    pub fn memory() -> Self {
        Self(Arc::new(Backend::Memory(memory::Memory::default())))
    }

    /// A file as Spin makes them, opened at the first use. Two stores on one file are two processes to SQLite.
    #[must_use]
    pub fn sqlite(path: impl Into<PathBuf>) -> Self {
        Self(Arc::new(Backend::Sqlite(sqlite::Sqlite::new(path.into()))))
    }

    /// A Redis, connected to at the first use. Store labels don't count there: all stores share the keys.
    ///
    /// # Errors
    ///
    /// Where the URL is none of Redis.
    pub fn redis(url: &str) -> Result<Self, String> {
        Ok(Self(Arc::new(Backend::Redis(redis::Redis::new(url)?))))
    }

    async fn open(&self) -> Result<(), Failure> {
        on_backend!(self, open())
    }

    async fn get(&self, label: &str, key: &str) -> Result<Option<Vec<u8>>, Failure> {
        on_backend!(self, get(label, key))
    }

    async fn set(&self, label: &str, key: &str, value: &[u8]) -> Result<(), Failure> {
        on_backend!(self, set(label, key, value))
    }

    async fn delete(&self, label: &str, key: &str) -> Result<(), Failure> {
        on_backend!(self, delete(label, key))
    }

    async fn get_many(&self, label: &str, keys: &[String]) -> Result<Pairs, Failure> {
        on_backend!(self, get_many(label, keys))
    }

    async fn delete_many(&self, label: &str, keys: &[String]) -> Result<(), Failure> {
        on_backend!(self, delete_many(label, keys))
    }

    async fn keys(&self, label: &str) -> Result<Vec<String>, Failure> {
        on_backend!(self, keys(label))
    }

    async fn increment(&self, label: &str, key: &str, delta: i64) -> Result<i64, Failure> {
        on_backend!(self, increment(label, key, delta))
    }
}

/// A store seen from outside of the guest: neither counted nor struck by faults.
#[derive(Clone)]
pub struct StoreHandle {
    store: Store,
    label: String,
    runtime: tokio::runtime::Handle,
}

impl StoreHandle {
    pub(crate) fn new(store: Store, label: &str, runtime: tokio::runtime::Handle) -> Self {
        Self { store, label: label.to_owned(), runtime }
    }

    /// Every key there is, sorted.
    ///
    /// # Errors
    ///
    /// Where the backend fails.
    pub async fn keys(&self) -> Result<Vec<String>, Failure> {
        let mut keys = self.run(|store, label| async move { store.keys(&label).await }).await?;
        keys.sort();
        Ok(keys)
    }

    /// How many keys there are.
    ///
    /// # Errors
    ///
    /// As [`keys`](Self::keys).
    pub async fn count(&self) -> Result<usize, Failure> {
        self.keys().await.map(|keys| keys.len())
    }

    /// The bytes under a key, as the backend keeps them.
    ///
    /// # Errors
    ///
    /// As [`keys`](Self::keys).
    pub async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, Failure> {
        let key = key.to_owned();
        self.run(|store, label| async move { store.get(&label, &key).await }).await
    }

    /// Puts bytes under a key.
    ///
    /// # Errors
    ///
    /// As [`keys`](Self::keys).
    pub async fn set(&self, key: &str, value: &[u8]) -> Result<(), Failure> {
        let (key, value) = (key.to_owned(), value.to_owned());
        self.run(|store, label| async move { store.set(&label, &key, &value).await }).await
    }

    /// Takes a key away.
    ///
    /// # Errors
    ///
    /// As [`keys`](Self::keys).
    pub async fn delete(&self, key: &str) -> Result<(), Failure> {
        let key = key.to_owned();
        self.run(|store, label| async move { store.delete(&label, &key).await }).await
    }

    /// On the stand-in's threads: SQLite may block there, and Redis' connection lives there.
    async fn run<T, F>(&self, operation: impl FnOnce(Store, String) -> F) -> Result<T, Failure>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Failure>> + Send + 'static,
    {
        let task = self.runtime.spawn(operation(self.store.clone(), self.label.clone()));
        task.await.unwrap_or_else(|error| Err(Failure::Reported(error.to_string())))
    }
}

/// Reads a counter as Spin's own store keeps them: eight bytes, the lowest first.
fn counter(key: &str, value: Option<&[u8]>) -> Result<i64, Failure> {
    let Some(value) = value else { return Ok(0) };
    let bytes = value.try_into().map_err(|_| {
        let length = value.len();
        Failure::Panicked(format!("incremented {key:?}, which was set: {length} bytes, not 8"))
    })?;
    Ok(i64::from_le_bytes(bytes))
}

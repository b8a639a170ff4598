//! What every backend does.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use countersign_contract::store::{Operation, Outcome, Step};
use countersign_contract::types::StoreError;
use tokio::time::timeout;

use super::generation::Generation;
use super::scan::{Cursor, Page};
use super::skew::Skew;

/// The key that is written to prove that writes work. What it holds means nothing.
pub const SCRATCH: &str = "scratch";

/// What a backend's answer is, in time.
pub type Answer<'a> = Pin<Box<dyn Future<Output = Result<Outcome, StoreError>> + Send + 'a>>;

/// What a page of a scan is, in time.
pub type PageAnswer<'a> = Pin<Box<dyn Future<Output = Result<Page, StoreError>> + Send + 'a>>;

/// Longer than a store needs that works, shorter than health checks wait.
const WRITE_TIMEOUT: Duration = Duration::from_secs(2);
/// How long a store keeps the scratch key.
const SCRATCH_SECONDS: u32 = 60;

/// Whether `store` works: a store that only answers reads (a replica, a full disk, a file locked by another process)
/// can issue nothing and verify nothing, so this writes the scratch key.
///
/// # Errors
///
/// What the store says; `timeout` where it says nothing for two seconds.
pub async fn writable(store: &dyn Store) -> Result<(), StoreError> {
    let write = async {
        store.ping().await?;
        store.write(SCRATCH_SECONDS).await
    };
    timeout(WRITE_TIMEOUT, write).await.unwrap_or(Err(StoreError::Timeout))
}

/// A key-value backend, as `wit/store.wit` asks for it.
pub trait Store: Send + Sync + 'static {
    /// Carries out a batch, in order, replies to each operation, and says on which generation of the data.
    fn run(&self, batch: Vec<Operation>) -> Answer<'_>;

    /// Says whether the backend answers right now, and is still the one that was opened.
    fn ping(&self) -> Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send + '_>>;

    /// Writes a key that means nothing and lives so long, to prove that writes work.
    fn write(
        &self,
        ttl_seconds: u32,
    ) -> Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send + '_>> {
        let step = Step { key: SCRATCH.to_owned(), by: 1, ttl_seconds };
        let written = self.run(vec![Operation::Increment(step)]);
        Box::pin(async { written.await.map(drop) })
    }

    /// The store for one call of the engine, where that isn't this one: all batches of a call have to be carried out
    /// on the same backend.
    fn for_call(&self) -> Option<Arc<dyn Store>> {
        None
    }

    /// Tells the names of keys that end in `ending`: the first page, or the one that begins at `after`.
    ///
    /// Each page is a bounded amount of work, and batches go on meanwhile. A key that lives during the whole scan
    /// is told at least once, and may be told twice. Expired keys are not told.
    ///
    /// # Errors
    ///
    /// [`StoreError::InvalidArgument`] where `after` is no cursor of this store, or where its servers have been
    /// restarted or replaced since, or slots have moved: the scan has to begin anew. Otherwise as for `run`.
    fn scan(&self, ending: &'static str, after: Option<Cursor>) -> PageAnswer<'_>;

    /// What is known of the backend. Asks nothing.
    fn diagnostics(&self) -> Diagnostics;
}

/// What an operator is told of a backend, beyond whether it works.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Diagnostics {
    /// Whether it tells when its data may have gone back to an earlier state.
    pub generation: Generation,
    /// How far its clock is from ours, where it has one of its own and that was measured.
    pub skew: Option<Skew>,
    /// The servers that share the data.
    pub parts: Parts,
}

impl Diagnostics {
    /// Of a store that isn't open.
    pub const UNKNOWN: Self =
        Self { generation: Generation::NotTold, skew: None, parts: Parts { all: 1, working: 0 } };
}

/// Servers that have a part of the data each.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Parts {
    /// How many there are.
    pub all: usize,
    /// How many of them can be used, as far as is known.
    pub working: usize,
}

impl Parts {
    /// Of a store that isn't divided.
    pub const ONE: Self = Self { all: 1, working: 1 };
}

//! A second store that is used while the first is out of reach.
//!
//! A challenge lies in the store in which it was issued, and nowhere else: all batches of one call of the engine are
//! carried out on the same store, so that neither a second success nor an attempt too many can come of there being two.
//! While the other store is in use the challenge is unknown. What must not be lost is who is locked: histories are
//! carried from each store to the other (`histories.rs`).
//!
//! The first store is lost when a batch fails there and a write that proves the store fails as well. It is used again
//! once it has worked for a while and has been told all that the second knows of locks (`keeper.rs`).

mod aid;
mod both;
mod histories;
mod history;
mod keeper;
mod mode;
mod pages;
mod side;

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};

use countersign_contract::store::Operation;
use countersign_contract::types::StoreError;

use self::both::Both;
use self::histories::Histories;
use self::mode::Mode;
use self::side::Side;
use super::StoreSettings;
use super::error::OpenError;
use super::scan::Cursor;
use super::store::{Answer, Diagnostics, PageAnswer, Store};

pub use self::aid::{Aid, Told};
pub use self::mode::{InUse, Switches};

/// Two stores, of which one is in use. Clones are the same two.
#[derive(Clone)]
pub struct FallbackStore(Arc<Both>);

impl FallbackStore {
    /// Opens both, each as patiently as its own settings say, and uses the second only where the first can't be
    /// reached.
    ///
    /// # Errors
    ///
    /// [`OpenError`]: what either can't be used for, or that neither can be reached.
    pub async fn open(first: &StoreSettings, second: &StoreSettings) -> Result<Self, OpenError> {
        let both = Both {
            first: Side::new("store", first.clone()),
            second: Side::new("fallback_store", second.clone()),
            mode: Mode::default(),
            histories: Histories::default(),
        };
        match tokio::join!(both.first.open(), both.second.open()) {
            (Ok(()), Ok(())) => {}
            (Ok(()), Err(OpenError::Unavailable { reason })) => {
                tracing::warn!(reason, "the fall-back store can't be reached: it is tried again");
            }
            (Err(OpenError::Unavailable { reason }), Ok(())) => both.mode.use_second(&reason),
            (Err(error), _) | (_, Err(error)) => return Err(error),
        }
        Ok(Self(Arc::new(both)))
    }

    /// Goes back to the first store, and carries histories, for as long as the process lives.
    pub fn keep(&self, aid: Arc<dyn Aid>) {
        tokio::spawn(keeper::keep(Arc::clone(&self.0), aid));
    }

    /// Which store is in use.
    #[must_use]
    pub fn in_use(&self) -> InUse {
        self.0.mode.in_use()
    }

    /// How often another store came into use under this process.
    #[must_use]
    pub fn switches(&self) -> Switches {
        self.0.mode.switches()
    }

    /// The first store and the second, each where it could be opened so far.
    #[must_use]
    pub fn stores(&self) -> [Option<Arc<dyn Store>>; 2] {
        [InUse::First, InUse::Second].map(|which| self.0.side(which).store().cloned())
    }

    /// The store in use.
    fn current(&self) -> Result<&Arc<dyn Store>, StoreError> {
        self.0.side(self.in_use()).store().ok_or(StoreError::Unavailable)
    }
}

impl Store for FallbackStore {
    fn run(&self, batch: Vec<Operation>) -> Answer<'_> {
        Box::pin(async { self.0.begin(batch).await.1 })
    }

    fn ping(&self) -> Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send + '_>> {
        Box::pin(async { self.current()?.ping().await })
    }

    fn write(
        &self,
        ttl_seconds: u32,
    ) -> Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send + '_>> {
        Box::pin(async move { self.current()?.write(ttl_seconds).await })
    }

    fn scan(&self, ending: &'static str, after: Option<Cursor>) -> PageAnswer<'_> {
        Box::pin(async move { self.current()?.scan(ending, after).await })
    }

    fn for_call(&self) -> Option<Arc<dyn Store>> {
        Some(Arc::new(Call { stores: self.clone(), chosen: OnceLock::new() }))
    }

    fn diagnostics(&self) -> Diagnostics {
        self.current().map_or(Diagnostics::UNKNOWN, |store| store.diagnostics())
    }
}

/// One call of the engine: what its first batch was carried out on, all others are.
struct Call {
    stores: FallbackStore,
    chosen: OnceLock<InUse>,
}

impl Store for Call {
    fn run(&self, batch: Vec<Operation>) -> Answer<'_> {
        Box::pin(async {
            let both = &self.stores.0;
            match self.chosen.get() {
                Some(chosen) => both.run(*chosen, batch).await,
                None => {
                    let (chosen, answer) = both.begin(batch).await;
                    let _ = self.chosen.set(chosen);
                    answer
                }
            }
        })
    }

    fn ping(&self) -> Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send + '_>> {
        self.stores.ping()
    }

    fn scan(&self, ending: &'static str, after: Option<Cursor>) -> PageAnswer<'_> {
        self.stores.scan(ending, after)
    }

    fn diagnostics(&self) -> Diagnostics {
        self.stores.diagnostics()
    }
}

//! One of two stores: opened at start, or later where it can't be reached then.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::stores::{self, OpenError, Store, StoreSettings, writable};

/// One of two stores.
pub(super) struct Side {
    /// Its section of the configuration.
    section: &'static str,
    settings: StoreSettings,
    store: OnceLock<Arc<dyn Store>>,
    is_opening: AtomicBool,
    /// Why it could not be opened last.
    refusal: Mutex<String>,
}

impl Side {
    pub(super) fn new(section: &'static str, settings: StoreSettings) -> Self {
        Self {
            section,
            settings,
            store: OnceLock::new(),
            is_opening: AtomicBool::new(false),
            refusal: Mutex::default(),
        }
    }

    /// Opens it.
    ///
    /// # Errors
    ///
    /// As [`stores::open`].
    pub(super) async fn open(&self) -> Result<(), OpenError> {
        let store = stores::open(&self.settings).await?;
        let _ = self.store.set(store);
        Ok(())
    }

    /// Tries once more to open one that isn't. Each reason why it can't be is logged once.
    pub(super) async fn reopen(&self) {
        if self.store.get().is_some() || self.is_opening.swap(true, Ordering::Relaxed) {
            return;
        }
        let section = self.section;
        match self.open().await {
            Ok(()) => tracing::info!("{section} can be reached now"),
            Err(error) => {
                let reason = error.to_string();
                let mut refusal = self.refusal.lock().unwrap_or_else(PoisonError::into_inner);
                if *refusal != reason {
                    tracing::warn!(reason, "{section} can't be opened: it is tried again");
                    *refusal = reason;
                }
            }
        }
        self.is_opening.store(false, Ordering::Relaxed);
    }

    /// The store, once it is open.
    pub(super) fn store(&self) -> Option<&Arc<dyn Store>> {
        self.store.get()
    }

    /// Whether it takes writes.
    pub(super) async fn works(&self) -> bool {
        match self.store.get() {
            Some(store) => writable(store.as_ref()).await.is_ok(),
            None => false,
        }
    }
}

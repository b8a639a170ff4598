//! A running stand-in.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};

use crate::clock::Clock;
use crate::error::StartError;
use crate::faults::Faults;
use crate::keyvalue::{Store, StoreHandle};
use crate::routes::Route;
use crate::spin::DEFAULT_STORE;

/// How long an end may take: what still runs then is left alone.
const STOP_TIMEOUT: Duration = Duration::from_secs(5);

/// A running stand-in. It ends when it is dropped.
pub struct Running {
    pub(crate) component: String,
    pub(crate) routes: Vec<Route>,
    pub(crate) address: SocketAddr,
    pub(crate) clock: Clock,
    pub(crate) faults: Faults,
    pub(crate) stores: BTreeMap<String, Store>,
    pub(crate) threads: Threads,
}

impl Running {
    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The routes as Spin shows them, each with the name of its component.
    pub fn routes(&self) -> impl Iterator<Item = String> {
        let (component, address) = (&self.component, self.address);
        self.routes.iter().map(move |route| format!("{component}: http://{address}{route}"))
    }

    /// The clock that the guest sees.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The key-value stores' faults and counts.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// The store `default` from outside of the guest.
    #[must_use]
    pub fn store(&self) -> Option<StoreHandle> {
        self.labelled_store(DEFAULT_STORE)
    }

    /// Another store from outside of the guest.
    #[must_use]
    pub fn labelled_store(&self, label: &str) -> Option<StoreHandle> {
        let store = self.stores.get(label)?.clone();
        Some(StoreHandle::new(store, label, self.threads.handle().ok()?))
    }

    /// Ends it, and returns when its connections and instances are gone.
    pub async fn stop(mut self) {
        let Some(runtime) = self.threads.take() else { return };
        let end = tokio::task::spawn_blocking(move || runtime.shutdown_timeout(STOP_TIMEOUT));
        // It can't fail but by a panic in there, which is reported already.
        let _ = end.await;
    }
}

/// The threads on which a stand-in runs. They are given up at once where it is dropped.
pub(crate) struct Threads {
    runtime: Option<Runtime>,
    ending: Arc<AtomicBool>,
}

impl Threads {
    pub(crate) fn start() -> std::io::Result<Self> {
        let mut builder = Builder::new_multi_thread();
        let runtime =
            builder.worker_threads(2).thread_name("spin-stand-in").enable_all().build()?;
        Ok(Self { runtime: Some(runtime), ending: Arc::default() })
    }

    /// Set as soon as the end begins.
    pub(crate) fn ending(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.ending)
    }

    pub(crate) fn handle(&self) -> Result<tokio::runtime::Handle, StartError> {
        let gone = || StartError::Runtime(std::io::ErrorKind::NotConnected.into());
        self.runtime.as_ref().map(|runtime| runtime.handle().clone()).ok_or_else(gone)
    }

    fn take(&mut self) -> Option<Runtime> {
        self.ending.store(true, Ordering::Relaxed);
        self.runtime.take()
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        if let Some(runtime) = self.take() {
            runtime.shutdown_background();
        }
    }
}

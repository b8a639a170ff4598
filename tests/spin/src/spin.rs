//! Setting up a stand-in.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tokio::net::TcpListener;
use wasmtime::component::InstancePre;
use wasmtime_wasi_http::handler::ProxyHandler;

use crate::allowed_hosts::AllowedHosts;
use crate::clock::Clock;
use crate::error::StartError;
use crate::faults::Faults;
use crate::instances::{Instances, Reuse};
use crate::keyvalue::Store;
use crate::manifest::Manifest;
use crate::outbound_http::OutboundHttp;
use crate::routes::Route;
use crate::running::{Running, Threads};
use crate::runtime_config;
use crate::server::Server;
use crate::state::App;
use crate::variables::Variables;
use crate::{engine, native_code};

/// As many as Spin's, of components with one memory.
const MAX_INSTANCES: u32 = 1_000;
/// The label of the store that every app has.
pub(crate) const DEFAULT_STORE: &str = "default";

/// A stand-in that has yet to be started.
pub struct Spin {
    component: Vec<u8>,
    name: String,
    routes: Vec<Route>,
    variables: BTreeMap<String, String>,
    allowed_hosts: Vec<String>,
    allowed_stores: Vec<String>,
    stores: BTreeMap<String, Store>,
    clock: Clock,
    faults: Faults,
    reuse: Reuse,
    max_instances: u32,
    listen: SocketAddr,
    quiet: bool,
    cache: Option<PathBuf>,
}

impl Spin {
    /// Runs a component's bytes: every path is its, it has no variables, may connect nowhere, and uses one store
    /// in memory, `default`.
    #[must_use]
    pub fn component(bytes: impl Into<Vec<u8>>) -> Self {
        Self {
            component: bytes.into(),
            name: "component".into(),
            routes: Route::parse("/...").into_iter().collect(),
            variables: BTreeMap::new(),
            allowed_hosts: Vec::new(),
            allowed_stores: vec![DEFAULT_STORE.into()],
            stores: BTreeMap::from([(DEFAULT_STORE.into(), Store::memory())]),
            clock: Clock::system(),
            faults: Faults::none(),
            reuse: Reuse::default(),
            max_instances: MAX_INSTANCES,
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            quiet: false,
            cache: native_code::usual_directory(),
        }
    }

    /// As [`component`](Self::component), from a file.
    ///
    /// # Errors
    ///
    /// Where it can't be read.
    pub fn component_file(path: impl AsRef<Path>) -> Result<Self, StartError> {
        let path = path.as_ref();
        let unreadable = |error| StartError::Unreadable { path: path.into(), error };
        std::fs::read(path).map(Self::component).map_err(unreadable)
    }

    /// Runs what a manifest describes. Variables get their values from `given`, then from the environment
    /// (`SPIN_VARIABLE_<NAME>`), then their defaults. The stores are still to be said.
    ///
    /// # Errors
    ///
    /// Where a file can't be read, the manifest is refused, or a required variable has no value.
    pub fn manifest(
        path: impl AsRef<Path>,
        given: &BTreeMap<String, String>,
    ) -> Result<Self, StartError> {
        let manifest = Manifest::read(path.as_ref())?;
        let environment = |name: &str| std::env::var(name).ok();
        let values = Variables::resolve(&manifest.variables, given, environment);
        let values = values.map_err(StartError::Variables)?;
        let fill = |template: &String| values.fill(template).map_err(StartError::Variables);
        let mut variables = BTreeMap::new();
        for (name, template) in &manifest.component_variables {
            variables.insert(name.clone(), fill(template)?);
        }
        let mut allowed_hosts = Vec::new();
        for template in &manifest.allowed_hosts {
            allowed_hosts.push(fill(template)?);
        }
        Ok(Self {
            name: manifest.component,
            routes: manifest.routes,
            variables,
            allowed_hosts,
            allowed_stores: manifest.allowed_stores,
            ..Self::component_file(manifest.source)?
        })
    }

    /// One of the component's variables, as `wasi:config` gives it.
    #[must_use]
    pub fn variable(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.variables.insert(name.into(), value.into());
        self
    }

    /// Several of them.
    #[must_use]
    pub fn variables<N: Into<String>, V: Into<String>>(
        mut self,
        variables: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let pairs = variables.into_iter().map(|(name, value)| (name.into(), value.into()));
        self.variables.extend(pairs);
        self
    }

    /// Where it may connect to, as `allowed_outbound_hosts` says it; instead of what was said before.
    #[must_use]
    pub fn allowed_hosts<H: Into<String>>(mut self, hosts: impl IntoIterator<Item = H>) -> Self {
        self.allowed_hosts = hosts.into_iter().map(Into::into).collect();
        self
    }

    /// Which store the label `default` means.
    #[must_use]
    pub fn store(self, store: Store) -> Self {
        self.labelled_store(DEFAULT_STORE, store)
    }

    /// Which store another label means. Whether the component may open it is
    /// [`allowed_stores`](Self::allowed_stores)' to say.
    #[must_use]
    pub fn labelled_store(mut self, label: impl Into<String>, store: Store) -> Self {
        self.stores.insert(label.into(), store);
        self
    }

    /// Which stores the component may open; instead of what was said before.
    #[must_use]
    pub fn allowed_stores<L: Into<String>>(mut self, labels: impl IntoIterator<Item = L>) -> Self {
        self.allowed_stores = labels.into_iter().map(Into::into).collect();
        self
    }

    /// The stores of a runtime configuration, and by default Spin's own in the state directory (in memory,
    /// where there is none).
    ///
    /// # Errors
    ///
    /// Where the file can't be read or is refused, or a directory can't be made.
    pub fn runtime_config(
        mut self,
        file: Option<&Path>,
        state_dir: Option<&Path>,
    ) -> Result<Self, StartError> {
        self.stores = runtime_config::stores(file, state_dir)?;
        Ok(self)
    }

    /// The time of day that the guest sees.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// What fails in the key-value stores, and the count of what they are asked for.
    #[must_use]
    pub fn faults(mut self, faults: Faults) -> Self {
        self.faults = faults;
        self
    }

    /// How many instances may live, of a component with one memory: divide by the parts of a composition. Who
    /// finds none free gets status 500. Each takes 4 GiB of addresses, not of memory: a process has room for about
    /// thirty stand-ins of Spin's 1,000.
    #[must_use]
    pub fn max_instances(mut self, max_instances: u32) -> Self {
        self.max_instances = max_instances;
        self
    }

    /// How many requests an instance serves before it is dropped (Spin: 128).
    #[must_use]
    pub fn requests_per_instance(mut self, requests: usize) -> Self {
        self.reuse.requests = requests;
        self
    }

    /// How many requests an instance serves at once (Spin: 16).
    #[must_use]
    pub fn requests_at_once(mut self, requests: usize) -> Self {
        self.reuse.requests_at_once = requests;
        self
    }

    /// Where to listen; by default a free port of 127.0.0.1.
    #[must_use]
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = address;
        self
    }

    /// Drops what the guest writes to standard output and standard error.
    #[must_use]
    pub fn quiet(mut self, quiet: bool) -> Self {
        self.quiet = quiet;
        self
    }

    /// Where native code is kept between runs; by default beside the program. `None` compiles at every start.
    #[must_use]
    pub fn cache(mut self, directory: Option<PathBuf>) -> Self {
        self.cache = directory;
        self
    }

    /// Starts it, on threads of its own, and returns when it takes connections.
    ///
    /// # Errors
    ///
    /// Where the component can't be run, or the address can't be had.
    pub async fn start(self) -> Result<Running, StartError> {
        let unknown = self.allowed_stores.iter().find(|label| !self.stores.contains_key(*label));
        if let Some(label) = unknown {
            return Err(StartError::UnknownStore(label.clone()));
        }
        let threads = Threads::start().map_err(StartError::Runtime)?;
        let (handle, ending) = (threads.handle()?, threads.ending());
        let (component, routes) = (self.name.clone(), self.routes.clone());
        let (clock, faults, stores) =
            (self.clock.clone(), self.faults.clone(), self.stores.clone());
        let lost = |error| StartError::Runtime(std::io::Error::other(error));
        let address = handle.spawn(self.serve(ending)).await.map_err(lost)??;
        Ok(Running { component, routes, address, clock, faults, stores, threads })
    }

    async fn serve(self, ending: Arc<AtomicBool>) -> Result<SocketAddr, StartError> {
        let allowed_hosts =
            AllowedHosts::parse(&self.allowed_hosts).map_err(StartError::AllowedHosts)?;
        let unusable = |error| StartError::Component(format!("{error:?}"));
        let component = tokio::task::block_in_place(|| self.load()).map_err(unusable)?;
        let app = App {
            variables: self.variables,
            stores: self.stores,
            allowed_stores: self.allowed_stores.into_iter().collect(),
            outbound_http: OutboundHttp::new(allowed_hosts.clone()),
            allowed_hosts,
            clock: self.clock,
            faults: self.faults,
            quiet: self.quiet,
            ending,
        };
        let instances = Instances::new(Arc::new(app), component, self.reuse).map_err(unusable)?;
        let server = Server { instances: ProxyHandler::new(instances), routes: self.routes };
        let taken = |error| StartError::Listen { address: self.listen, error };
        let listener = TcpListener::bind(self.listen).await.map_err(taken)?;
        let address = listener.local_addr().map_err(taken)?;
        tokio::spawn(Arc::new(server).serve(listener));
        Ok(address)
    }

    fn load(&self) -> wasmtime::Result<InstancePre<crate::state::State>> {
        let engine = engine::engine(self.max_instances)?;
        let component = native_code::load(&engine, &self.component, self.cache.as_deref())?;
        engine::link(&component)
    }
}

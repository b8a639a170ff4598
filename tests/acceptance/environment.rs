//! Where the suite runs: anything that serves the HTTP surface with given rules and shows what it sent.

use std::marker::PhantomData;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use countersign_tests::client::Client;
use countersign_tests::edge::{self, App, Front, Runtime, Store};
use countersign_tests::leaks::{leaks, secrets_of};
use countersign_tests::outbox::Outbox;
use countersign_tests::postgres::PostgresServer;
use countersign_tests::process::Host;
use countersign_tests::receiver::Receiver;
use countersign_tests::redis::RedisServer;
use countersign_tests::redis_cluster::RedisCluster;
use countersign_tests::settings::{self, Workplace};

/// A deployment of countersign. `rules` are the sections `[keys]`, `[[api_keys]]`, `[purposes]` and `[tenants]` of a
/// configuration; stores, senders and ports are the environment's own. The channels `sms`, `email` and `voice` have
/// a sender, `whatsapp` and `webhook` have none.
pub(crate) trait Environment: Sized {
    /// Whether what was answered survives the end of the process.
    const DURABLE: bool;

    /// The provider that its answers name.
    const PROVIDER: &str;

    /// The description that it serves.
    const DOCUMENT: &str;

    /// Prepares what has to be there.
    async fn new() -> Self;

    /// Starts, or starts again after [`kill`](Self::kill), with `rules`.
    async fn start(&mut self, rules: &str);

    /// Ends it without a warning.
    fn kill(&mut self);

    /// Where it listens.
    fn address(&self) -> SocketAddr;

    /// What it has sent, since the beginning.
    fn outbox(&self) -> &Outbox;

    /// All that it has said, since the beginning.
    fn output(&self) -> String;

    /// A client without a key.
    fn client(&self) -> Client {
        Client::new(self.address())
    }

    /// Panics where a code or a recipient was said, or one of the `keys`.
    fn assert_silent(&self, keys: &[&str]) {
        let secrets = secrets_of(&self.outbox().messages());
        let output = self.output();
        assert!(output.contains("ready"), "nothing was captured");
        let secrets = secrets.iter().map(String::as_str).chain(keys.iter().copied());
        assert_eq!(leaks(&output, secrets), Vec::<&str>::new(), "in the log");
    }
}

/// Which store a host has.
pub(crate) trait Backend {
    const DURABLE: bool;

    fn new() -> Self;

    fn section(&self, workplace: &Workplace) -> String;
}

pub(crate) struct Memory;
/// In a schema of its own.
pub(crate) struct Postgres(String);
pub(crate) struct Redis(RedisServer);
/// A cluster, and what this environment's keys begin with.
pub(crate) struct Cluster(Arc<RedisCluster>, String);
pub(crate) struct Sqlite;

impl Backend for Memory {
    const DURABLE: bool = false;

    fn new() -> Self {
        Self
    }

    fn section(&self, _: &Workplace) -> String {
        settings::MEMORY.into()
    }
}

impl Backend for Postgres {
    const DURABLE: bool = true;

    fn new() -> Self {
        Self(PostgresServer::schema())
    }

    fn section(&self, _: &Workplace) -> String {
        settings::postgres(&PostgresServer::shared().unwrap().url(), &self.0)
    }
}

impl Backend for Redis {
    const DURABLE: bool = true;

    fn new() -> Self {
        Self(RedisServer::start().unwrap())
    }

    fn section(&self, _: &Workplace) -> String {
        settings::redis(self.0.port())
    }
}

impl Backend for Cluster {
    const DURABLE: bool = true;

    fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        // Shared by the tests that run at the same time, and gone with the last of them.
        static SHARED: Mutex<Weak<RedisCluster>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        let cluster = shared.upgrade().unwrap_or_else(|| {
            let cluster = Arc::new(RedisCluster::start().unwrap());
            *shared = Arc::downgrade(&cluster);
            cluster
        });
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        Self(cluster, format!("test-{number}:"))
    }

    fn section(&self, _: &Workplace) -> String {
        let Self(cluster, prefix) = self;
        let url = cluster.url();
        format!(
            "[store]\ntype = \"redis\"\nurl = \"{url}\"\ncluster = true\nkey_prefix = \"{prefix}\"\n"
        )
    }
}

impl Backend for Sqlite {
    const DURABLE: bool = true;

    fn new() -> Self {
        Self
    }

    fn section(&self, workplace: &Workplace) -> String {
        workplace.sqlite()
    }
}

/// The native host, one process.
pub(crate) struct Native<B> {
    backend: B,
    workplace: Workplace,
    host: Option<Host>,
    said: String,
}

impl<B: Backend> Environment for Native<B> {
    const DURABLE: bool = B::DURABLE;
    const PROVIDER: &str = "file";
    const DOCUMENT: &str = include_str!("../../docs/openapi.json");

    async fn new() -> Self {
        let workplace = Workplace::new().unwrap();
        Self { backend: B::new(), workplace, host: None, said: String::new() }
    }

    async fn start(&mut self, rules: &str) {
        let keys = if rules.contains("[keys]") { "" } else { settings::KEYS };
        let sections = [
            settings::SERVER,
            &self.backend.section(&self.workplace),
            &self.workplace.senders(&["email", "sms", "voice"]),
            settings::LOG,
            keys,
            rules,
        ];
        let config = self.workplace.config("countersign.toml", &sections).unwrap();
        // A test that changes keys means it: `tests/operations` has those that don't.
        let meant = ["--accept-changed-keys"];
        self.host = Some(Host::start_with_arguments(&config, &meant).await.unwrap());
    }

    fn kill(&mut self) {
        let mut host = self.host.take().unwrap();
        host.kill().unwrap();
        self.said.push_str(&host.output());
    }

    fn address(&self) -> SocketAddr {
        self.host.as_ref().unwrap().address()
    }

    fn outbox(&self) -> &Outbox {
        self.workplace.outbox()
    }

    fn output(&self) -> String {
        let now = self.host.as_ref().map(Host::output).unwrap_or_default();
        format!("{}\n{now}", self.said)
    }
}

/// Who runs an edge app, and where it keeps what it knows.
pub(crate) trait Deployment {
    const DURABLE: bool = true;

    fn runtime() -> Runtime;

    fn store() -> Store;
}

pub(crate) struct StandIn<S>(PhantomData<S>);
pub(crate) struct StandInWasip2<S>(PhantomData<S>);
pub(crate) struct RealSpin<S>(PhantomData<S>);
pub(crate) struct RealSpinWasip2<S>(PhantomData<S>);
pub(crate) struct RealWasmtime;
pub(crate) struct KeyValueRedis;
pub(crate) struct KeyValueSqlite;
pub(crate) struct SharedRedis;

/// A store by its name.
pub(crate) trait Named {
    fn store() -> Store;
}

impl Named for KeyValueRedis {
    fn store() -> Store {
        Store::KeyValueRedis(RedisServer::start().unwrap())
    }
}

impl Named for KeyValueSqlite {
    fn store() -> Store {
        Store::KeyValueSqlite
    }
}

impl Named for SharedRedis {
    fn store() -> Store {
        Store::SharedRedis(RedisServer::start().unwrap())
    }
}

impl<S: Named> Deployment for StandIn<S> {
    fn runtime() -> Runtime {
        Runtime::stand_in().unwrap()
    }

    fn store() -> Store {
        S::store()
    }
}

impl<S: Named> Deployment for StandInWasip2<S> {
    fn runtime() -> Runtime {
        Runtime::stand_in().unwrap().over(Front::Wasip2)
    }

    fn store() -> Store {
        S::store()
    }
}

impl<S: Named> Deployment for RealSpinWasip2<S> {
    fn runtime() -> Runtime {
        RealSpin::<S>::runtime().over(Front::Wasip2)
    }

    fn store() -> Store {
        S::store()
    }
}

impl Deployment for RealWasmtime {
    const DURABLE: bool = false;

    fn runtime() -> Runtime {
        Runtime::wasmtime().expect("the tests were built with a `wasmtime` on the PATH")
    }

    fn store() -> Store {
        Store::KeyValueMemory
    }
}

impl<S: Named> Deployment for RealSpin<S> {
    fn runtime() -> Runtime {
        Runtime::spin().expect("the tests were built with a `spin` on the PATH")
    }

    fn store() -> Store {
        S::store()
    }
}

/// The edge app.
pub(crate) struct Edge<D> {
    receiver: Receiver,
    runtime: Runtime,
    store: Store,
    workplace: Workplace,
    app: Option<App>,
    said: String,
    deployment: PhantomData<D>,
}

impl<D: Deployment> Environment for Edge<D> {
    const DURABLE: bool = D::DURABLE;
    const PROVIDER: &str = "webhook";
    const DOCUMENT: &str = include_str!("../../docs/openapi-edge.json");

    async fn new() -> Self {
        println!("on {}", D::runtime().name());
        let workplace = Workplace::new().unwrap();
        Self {
            receiver: Receiver::start(workplace.outbox().path()).await.unwrap(),
            runtime: D::runtime(),
            store: D::store(),
            workplace,
            app: None,
            said: String::new(),
            deployment: PhantomData,
        }
    }

    async fn start(&mut self, rules: &str) {
        let keys = if rules.contains("[keys]") { "" } else { settings::KEYS };
        let rules = format!("{keys}{rules}");
        let channels = ["email", "sms", "voice"];
        let variables = edge::variables(&rules, &self.receiver, &channels).unwrap();
        let app = App::start(&self.runtime, &self.store, &self.workplace, &variables).await;
        self.app = Some(app.unwrap());
    }

    fn kill(&mut self) {
        let mut app = self.app.take().unwrap();
        app.kill().unwrap();
        self.said.push_str(&app.output());
    }

    fn address(&self) -> SocketAddr {
        self.app.as_ref().unwrap().address()
    }

    fn outbox(&self) -> &Outbox {
        assert_eq!(self.receiver.forged(), 0, "messages without a good signature");
        self.workplace.outbox()
    }

    fn output(&self) -> String {
        let now = self.app.as_ref().map(App::output).unwrap_or_default();
        format!("{}\n{now}", self.said)
    }
}

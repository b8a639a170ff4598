//! A store of each kind, with its time in the test's hands.

use std::any::Any;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use countersign::stores::clock::Clock;
use countersign::stores::memory::{MemorySettings, MemoryStore};
use countersign::stores::postgres::PostgresSettings;
use countersign::stores::redis::{RedisSettings, RedisStore};
use countersign::stores::sqlite::{SqliteSettings, SqliteStore};
use countersign::stores::{OpenError, Store, StoreSettings, TlsSettings};
use countersign_contract::store::{Assignment, Operation, Reply, Step};
use countersign_contract::types::StoreError;
use countersign_tests::certificates::Authority;
use countersign_tests::pgbouncer::PgBouncer;
use countersign_tests::postgres::PostgresServer;
use countersign_tests::redis::RedisServer;
use countersign_tests::redis_cluster::RedisCluster;
use countersign_tests::sentinel::{MASTER, Sentinels};

/// Some moment in 2026, in milliseconds; not a whole second.
pub(crate) const NOW: u64 = 1_790_000_000_900;

/// An open store.
pub(crate) struct Harness {
    pub(crate) store: Arc<dyn Store>,
    time: Time,
    _kept: Box<dyn Any + Send + Sync>,
}

enum Time {
    /// The store's clock is ours.
    Ours(Arc<AtomicU64>),
    /// The server has a clock of its own, and tells how long a key will live.
    Servers { connections: Mutex<Vec<::redis::Connection>>, prefix: String },
    /// The same, asked in SQL: in which schema.
    Table(tokio_postgres::Client, String),
}

impl Harness {
    /// Whether `key` will be there `seconds` from now. Time passes for a store that has our clock.
    pub(crate) async fn is_there_after(&self, key: &str, seconds: u64) -> bool {
        match &self.time {
            Time::Ours(now) => {
                now.fetch_add(seconds * 1_000, Ordering::SeqCst);
                match self.store.run(vec![get(key)]).await {
                    Ok(outcome) => !same(&outcome.replies, &[Reply::Value(None)]),
                    // It holds a count.
                    Err(StoreError::InvalidArgument) => true,
                    Err(error) => panic!("{error:?}"),
                }
            }
            Time::Servers { connections, prefix } => {
                let key = format!("{prefix}{key}");
                // The other nodes of a cluster say that it is elsewhere.
                let left = connections.lock().unwrap().iter_mut().find_map(|connection| {
                    ::redis::cmd("PTTL").arg(&key).query::<i64>(connection).ok()
                });
                let left = left.expect("no server has the key's slot");
                assert_ne!(left, -1, "a key without a ttl");
                left > i64::try_from(seconds * 1_000).unwrap()
            }
            Time::Table(client, schema) => {
                let query = format!(
                    "SELECT expires_at > clock_timestamp() + make_interval(secs => $2) \
                     FROM {schema}.countersign_entries WHERE key = $1"
                );
                let rows = client.query(&query, &[&key, &(seconds as f64)]).await.unwrap();
                rows.first().is_some_and(|row| row.get(0))
            }
        }
    }

    pub(crate) async fn run(&self, batch: Vec<Operation>) -> Vec<Reply> {
        self.store.run(batch).await.unwrap().replies
    }
}

pub(crate) async fn memory() -> Harness {
    let (clock, now) = clock();
    let store = MemoryStore::open(&MemorySettings::default(), clock).unwrap();
    Harness { store: Arc::new(store), time: Time::Ours(now), _kept: Box::new(()) }
}

pub(crate) async fn sqlite() -> Harness {
    let (clock, now) = clock();
    let directory = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&sqlite_settings(&directory), clock).await.unwrap();
    Harness { store: Arc::new(store), time: Time::Ours(now), _kept: Box::new(directory) }
}

pub(crate) async fn redis() -> Harness {
    let server = RedisServer::start().unwrap();
    let store = countersign::stores::open(&StoreSettings::Redis(redis_settings(&server.url())))
        .await
        .unwrap();
    let connections = Mutex::new(vec![server.connection().unwrap()]);
    let time = Time::Servers { connections, prefix: "countersign:".to_owned() };
    Harness { store, time, _kept: Box::new(server) }
}

/// A Redis, and what is used without it.
pub(crate) async fn with_fallback() -> Harness {
    let server = RedisServer::start().unwrap();
    let first = StoreSettings::Redis(redis_settings(&server.url()));
    let second = StoreSettings::Memory(MemorySettings::default());
    two_stores(&first, &second, server).await
}

/// A Redis that is used because the first one can't be reached.
pub(crate) async fn in_fallback() -> Harness {
    let server = RedisServer::start().unwrap();
    let nowhere = format!("redis://127.0.0.1:{}", countersign_tests::redis::free_port().unwrap());
    let first = RedisSettings { connect_timeout_seconds: 1, ..redis_settings(&nowhere) };
    let second = StoreSettings::Redis(redis_settings(&server.url()));
    two_stores(&StoreSettings::Redis(first), &second, server).await
}

async fn two_stores(first: &StoreSettings, second: &StoreSettings, server: RedisServer) -> Harness {
    let opened = countersign::stores::opened::open_all(first, Some(second)).await.unwrap();
    let connections = Mutex::new(vec![server.connection().unwrap()]);
    let time = Time::Servers { connections, prefix: "countersign:".to_owned() };
    Harness { store: opened.store, time, _kept: Box::new(server) }
}

pub(crate) async fn encrypted_redis() -> Harness {
    let authority = Authority::new().unwrap();
    let certified = authority.certify("127.0.0.1").unwrap();
    let server = RedisServer::start_encrypted(&certified, &authority, false).unwrap();
    let tls = TlsSettings { ca_file: Some(authority.file().unwrap()), ..TlsSettings::default() };
    let settings = RedisSettings { tls, ..redis_settings(&server.url()) };
    let store = countersign::stores::open(&StoreSettings::Redis(settings)).await.unwrap();
    let connections = Mutex::new(vec![server.connection().unwrap()]);
    let time = Time::Servers { connections, prefix: "countersign:".to_owned() };
    Harness { store, time, _kept: Box::new(server) }
}

/// Servers on which several stores can be opened.
pub(crate) trait Servers {
    async fn open(&self, settings: RedisSettings) -> Result<RedisStore, OpenError>;

    /// A way to each server that may have a key.
    fn connections(&self) -> Vec<::redis::Connection>;
}

impl Servers for RedisCluster {
    async fn open(&self, settings: RedisSettings) -> Result<RedisStore, OpenError> {
        let url = redis_settings(&self.url()).url;
        RedisStore::open(&RedisSettings { url, cluster: true, ..settings }).await
    }

    fn connections(&self) -> Vec<::redis::Connection> {
        self.connections().unwrap()
    }
}

impl Servers for Sentinels {
    async fn open(&self, settings: RedisSettings) -> Result<RedisStore, OpenError> {
        let url = redis_settings(&format!("redis://{MASTER}")).url;
        let sentinels = self.addresses();
        RedisStore::open(&RedisSettings { url, sentinels, ..settings }).await
    }

    fn connections(&self) -> Vec<::redis::Connection> {
        vec![self.servers[0].connection().unwrap()]
    }
}

/// A store on `servers` whose keys begin with `prefix`.
pub(crate) async fn on(servers: &impl Servers, prefix: &str) -> Harness {
    let settings = RedisSettings { key_prefix: prefix.to_owned(), ..RedisSettings::default() };
    let store = Arc::new(servers.open(settings).await.unwrap());
    let connections = Mutex::new(servers.connections());
    let time = Time::Servers { connections, prefix: prefix.to_owned() };
    Harness { store, time, _kept: Box::new(()) }
}

pub(crate) async fn postgres() -> Harness {
    let server = PostgresServer::shared().unwrap();
    postgres_over(&server.url(), server).await
}

pub(crate) async fn pgbouncer() -> Harness {
    let pooler = PgBouncer::shared().unwrap();
    postgres_over(&pooler.url(), PostgresServer::shared().unwrap()).await
}

async fn postgres_over(url: &str, server: &PostgresServer) -> Harness {
    let settings = postgres_settings(url);
    let time = Time::Table(server.client().await.unwrap(), settings.schema.clone());
    let store = countersign::stores::open(&StoreSettings::Postgres(settings)).await.unwrap();
    Harness { store, time, _kept: Box::new(()) }
}

/// A schema of its own. A test that waits for a busy machine would be no test of the store.
pub(crate) fn postgres_settings(url: &str) -> PostgresSettings {
    PostgresSettings {
        url: Some(countersign_contract::Secret::new(url.into())),
        schema: PostgresServer::schema(),
        response_timeout_ms: 30_000,
        ..PostgresSettings::default()
    }
}

pub(crate) async fn redis_at(url: &str) -> RedisStore {
    RedisStore::open(&redis_settings(url)).await.unwrap()
}

pub(crate) fn redis_settings(url: &str) -> RedisSettings {
    RedisSettings {
        url: Some(countersign_contract::Secret::new(url.into())),
        ..RedisSettings::default()
    }
}

pub(crate) fn sqlite_settings(directory: &tempfile::TempDir) -> SqliteSettings {
    // A test that waits for a slow disk would be no test of the store.
    SqliteSettings {
        path: directory.path().join("store.db"),
        timeout_ms: 60_000,
        ..SqliteSettings::default()
    }
}

/// A clock that stands still, and what moves it.
pub(crate) fn clock() -> (Clock, Arc<AtomicU64>) {
    let now = Arc::new(AtomicU64::new(NOW));
    let read = Arc::clone(&now);
    (Arc::new(move || read.load(Ordering::SeqCst)), now)
}

pub(crate) fn get(key: &str) -> Operation {
    Operation::Get(key.into())
}

pub(crate) fn delete(key: &str) -> Operation {
    Operation::Delete(key.into())
}

pub(crate) fn set(key: &str, value: &[u8], ttl_seconds: u32) -> Operation {
    Operation::Set(Assignment { key: key.into(), value: value.into(), ttl_seconds })
}

pub(crate) fn step(key: &str, by: i64, ttl_seconds: u32) -> Operation {
    Operation::Increment(Step { key: key.into(), by, ttl_seconds })
}

pub(crate) fn value(value: &[u8]) -> Reply {
    Reply::Value(Some(value.into()))
}

pub(crate) fn same(left: &[Reply], right: &[Reply]) -> bool {
    left.len() == right.len()
        && left.iter().zip(right).all(|pair| match pair {
            (Reply::Count(left), Reply::Count(right)) => left == right,
            (Reply::Done, Reply::Done) => true,
            (Reply::Value(left), Reply::Value(right)) => left == right,
            _ => false,
        })
}

#[track_caller]
pub(crate) fn assert_same(left: &[Reply], right: &[Reply]) {
    assert!(same(left, right), "{left:?} is not {right:?}");
}

//! The environments: a runtime and a store, with the app in them.

use anyhow::{Context, Result};
use countersign_tests::edge::{App, Launch, Runtime, Store, variables};
use countersign_tests::receiver::Receiver;
use countersign_tests::redis::RedisServer;
use countersign_tests::settings::{KEYS, Workplace};

use crate::affinity;

/// As the native servers' purpose without limits.
const PURPOSES: &str = "
[purposes.plain]
channels = [\"sms\"]
lifetime_seconds = 600
max_attempts = 10
cooldown_seconds = 0
";

/// Where an app keeps what it knows.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum Work {
    /// The runtime's memory.
    Memory,
    /// Redis as the runtime's key-value store.
    KeyValue,
    /// A Redis of the app's own.
    Shared,
    /// SQLite on disk.
    Disk,
}

impl Work {
    pub(super) const ALL: [Self; 4] = [Self::Memory, Self::KeyValue, Self::Shared, Self::Disk];

    const fn name(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::KeyValue => "Redis, key-value",
            Self::Shared => "Redis, shared",
            Self::Disk => "SQLite on disk",
        }
    }

    fn store(self) -> Result<Store> {
        Ok(match self {
            Self::Memory => Store::KeyValueMemory,
            Self::KeyValue => Store::KeyValueRedis(RedisServer::start()?),
            Self::Shared => Store::SharedRedis(RedisServer::start()?),
            Self::Disk => Store::KeyValueSqlite,
        })
    }
}

/// What starts apps, and receives the codes of all of them.
pub(super) struct Starter {
    pub(super) runtime: tokio::runtime::Runtime,
    pub(super) receiver: Receiver,
    // Where the receiver writes.
    _outbox: Workplace,
}

/// A running app.
pub(super) struct Place {
    pub(super) runtime: String,
    pub(super) store_name: &'static str,
    // Ended before what it uses.
    pub(super) app: App,
    pub(super) store: Store,
    _workplace: Workplace,
}

impl Starter {
    pub(super) fn new() -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let outbox = Workplace::new()?;
        let receiver = runtime.block_on(Receiver::start(outbox.outbox().path()))?;
        Ok(Self { runtime, receiver, _outbox: outbox })
    }

    /// On the first CPU; its Redis stays where we are.
    pub(super) fn start(
        &self,
        spin: &Runtime,
        work: Work,
        options: &[&'static str],
    ) -> Result<Place> {
        let workplace = Workplace::new()?;
        let store = work.store()?;
        let variables = variables(&format!("{KEYS}{PURPOSES}"), &self.receiver, &["sms"])?;
        let launch = Launch { options: options.to_vec(), ..Launch::default() };
        let start = App::start_with(spin, &store, &workplace, &variables, &launch);
        let app = affinity::on_first(|| self.runtime.block_on(start))?;
        let app = app.with_context(|| format!("{}, {}", spin.name(), work.name()))?;
        // Without what else its version tells.
        let runtime = spin.name().split(" (").next().unwrap_or_default().to_owned();
        Ok(Place { runtime, store_name: work.name(), app, store, _workplace: workplace })
    }
}

impl Place {
    pub(super) const fn redis(&self) -> Option<&RedisServer> {
        match &self.store {
            Store::KeyValueRedis(server) | Store::SharedRedis(server) => Some(server),
            _ => None,
        }
    }

    /// Forgets everything, where that can be had.
    pub(super) fn flush(&self) -> Result<()> {
        let Some(server) = self.redis() else { return Ok(()) };
        Ok(redis::cmd("FLUSHALL").query(&mut server.connection()?)?)
    }
}

//! A Redis or Valkey server that any number of processes share: one, one of several that sentinels know, or a cluster.
//!
//! A batch is one round trip: `MULTI … EXEC`, so that it takes effect as a whole and no key is ever without a ttl,
//! also when the connection is cut; or one plain command where that is enough. All requests of a process share one
//! connection to each server and are pipelined on it. Nothing is ever carried out twice. About once a second a batch also
//! asks for what names the server's generation (`redis/lineage.rs`), in the same packet. One thing the transaction can't do
//! is roll back: where a count would pass `s64`, the batch fails with `invalid-argument` and its other operations are
//! carried out.
//!
//! The server must not evict (`maxmemory-policy noeviction`), which is checked at start-up and on each new connection where
//! the user may ask (`redis/eviction.rs`).

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use countersign_contract::store::{Operation, Outcome, Step, check};
use countersign_contract::types::StoreError;
use futures_util::future::join_all;
use redis::{Cmd, Value};
use tokio::time::Instant;

use self::cluster::{Cluster, Common};
use self::connect::{Purpose, Server};
use self::link::Link;
use self::node::{Node, Ran, Sending};
use self::parsed::Parsed;
use self::topology::Topology;
use super::clock;
use super::error::OpenError;
use super::generation::{AfterRestart, Generation, Watch};
use super::scan::Cursor;
use super::skew::SkewWatch;
use super::store::{Answer, Diagnostics, PageAnswer, Parts, SCRATCH, Store};

pub use self::settings::RedisSettings;

pub(super) use self::examine::examine;

mod address;
mod cluster;
mod commands;
mod connect;
mod eviction;
mod examine;
mod lineage;
mod link;
mod node;
mod parsed;
mod redirect;
mod scan;
mod sentinel;
mod settings;
mod slots;
mod stream;
mod time;
mod topology;
mod trouble;

/// How long a server may take to say how it is, at most.
const PROBE_TIMEOUT: Duration = Duration::from_millis(900);

/// Keys and values in Redis.
pub struct RedisStore {
    servers: Servers,
    key_prefix: String,
    response_timeout: Duration,
    /// Whether the operator trusts the server to lose nothing.
    is_trusted: bool,
    skew: Arc<SkewWatch>,
}

enum Servers {
    Cluster(Cluster),
    Single(Node, Arc<Watch>),
}

impl RedisStore {
    /// Connects, up to ten times, and makes sure that the servers keep what they are given.
    ///
    /// # Errors
    ///
    /// [`OpenError::Setting`] where a setting is missing or out of its range, [`OpenError::Denied`] where a server
    /// refuses us, [`OpenError::Untrusted`] where its certificate isn't good, [`OpenError::Evicting`] where it may
    /// forget, [`OpenError::Unavailable`] where it can't be reached in time.
    pub async fn open(settings: &RedisSettings) -> Result<Self, OpenError> {
        let Parsed { topology, access, patience, response_timeout, max_in_flight } =
            settings.parse()?;
        let skew = Arc::new(SkewWatch::default());
        let is_trusted = settings.after_restart == AfterRestart::Trust;
        let purpose = Purpose {
            generation: None,
            skew: Arc::clone(&skew),
            clock: clock::unix(),
            scratch: None,
        };
        let servers = match topology {
            Topology::Cluster(seeds) => {
                let common =
                    Common { access, purpose, is_trusted, max_in_flight, response_timeout };
                Servers::Cluster(Cluster::open(seeds, common, patience).await?)
            }
            Topology::Single(whereabouts) => {
                let watch = Arc::new(Watch::default());
                let purpose = Purpose {
                    generation: (!is_trusted).then(|| Arc::clone(&watch)),
                    scratch: Some(format!("{}{SCRATCH}", settings.key_prefix)),
                    ..purpose
                };
                let server = Server::new(whereabouts, access, max_in_flight, purpose);
                let link = Link::open(server, patience).await?;
                Servers::Single(Node::new(link, max_in_flight, response_timeout), watch)
            }
        };
        let key_prefix = settings.key_prefix.clone();
        let store = Self { servers, key_prefix, response_timeout, is_trusted, skew };
        store.refuse_eviction().await?;
        Ok(store)
    }

    /// How often a server was restarted or failed over under this process, as far as it says.
    #[must_use]
    pub fn generation_changes(&self) -> u64 {
        match &self.servers {
            Servers::Cluster(cluster) => {
                let restarts = cluster.masters().into_iter().map(|master| master.watch.changes());
                restarts.sum::<u64>().saturating_add(cluster.moves().changes())
            }
            Servers::Single(_, watch) => watch.changes(),
        }
    }

    async fn carry_out(
        &self,
        batch: Vec<Operation>,
        deadline: Instant,
    ) -> Result<Outcome, StoreError> {
        check(&batch)?;
        match &self.servers {
            Servers::Cluster(cluster) => cluster.run(batch, &self.key_prefix, deadline).await,
            Servers::Single(node, _) => {
                let sending = Sending { deadline, is_asking: false };
                match node.run(&batch, &self.key_prefix, sending).await? {
                    Ran::Done(replies, generation) => Ok(Outcome { replies, generation }),
                    // It has become a node of a cluster.
                    Ran::Redirected(_) => Err(StoreError::Unavailable),
                }
            }
        }
    }

    fn deadline(&self) -> Instant {
        Instant::now() + self.response_timeout
    }

    /// Of one question after how a server is: all of them together have to fit into a health check.
    fn probe_deadline(&self) -> Instant {
        Instant::now() + self.response_timeout.min(PROBE_TIMEOUT)
    }

    async fn refuse_eviction(&self) -> Result<(), OpenError> {
        match &self.servers {
            Servers::Cluster(cluster) => {
                for master in cluster.masters() {
                    refuse_eviction(&master.node, self.deadline()).await?;
                }
                Ok(())
            }
            Servers::Single(node, _) => refuse_eviction(node, self.deadline()).await,
        }
    }

    /// Asks every server. One that answers is enough: what lives on the others waits for them.
    async fn carry_out_ping(&self) -> Result<(), StoreError> {
        let deadline = self.probe_deadline();
        match &self.servers {
            Servers::Cluster(cluster) => {
                let masters = cluster.masters();
                let pings = masters.iter().map(|master| ping(&master.node, deadline));
                first_success(join_all(pings).await)
            }
            Servers::Single(node, _) => ping(node, deadline).await,
        }
    }

    /// Writes a key to every server, of which one has to take it.
    async fn carry_out_write(&self, ttl_seconds: u32) -> Result<(), StoreError> {
        let keys = match &self.servers {
            Servers::Cluster(cluster) => cluster.scratch_keys(SCRATCH),
            Servers::Single(..) => vec![SCRATCH.to_owned()],
        };
        let step = |key| Operation::Increment(Step { key, by: 1, ttl_seconds });
        let deadline = self.probe_deadline();
        let writes = keys.into_iter().map(|key| self.carry_out(vec![step(key)], deadline));
        first_success(join_all(writes).await.into_iter().map(|written| written.map(drop)))
    }
}

impl Store for RedisStore {
    fn run(&self, batch: Vec<Operation>) -> Answer<'_> {
        Box::pin(self.carry_out(batch, self.deadline()))
    }

    fn ping(&self) -> Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send + '_>> {
        Box::pin(self.carry_out_ping())
    }

    fn write(
        &self,
        ttl_seconds: u32,
    ) -> Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send + '_>> {
        Box::pin(self.carry_out_write(ttl_seconds))
    }

    fn scan(&self, ending: &'static str, after: Option<Cursor>) -> PageAnswer<'_> {
        Box::pin(self.page(ending, after))
    }

    fn diagnostics(&self) -> Diagnostics {
        let skew = self.skew.latest();
        let (generation, parts) = match &self.servers {
            Servers::Cluster(cluster) => {
                let masters = cluster.masters();
                let working = masters.iter().filter(|master| master.node.link().is_well()).count();
                let parts = Parts { all: masters.len(), working };
                let told = masters.iter().map(|master| master.watch.told());
                (Generation::of_parts(told.chain([cluster.moves().told()])), parts)
            }
            Servers::Single(node, watch) => {
                (watch.told(), Parts { all: 1, working: usize::from(node.link().is_well()) })
            }
        };
        let generation = if self.is_trusted { Generation::Trusted } else { generation };
        Diagnostics { generation, skew, parts }
    }
}

/// The first result that is a success, or else the last failure.
fn first_success(
    results: impl IntoIterator<Item = Result<(), StoreError>>,
) -> Result<(), StoreError> {
    let mut last = Err(StoreError::Unavailable);
    for result in results {
        if result.is_ok() {
            return result;
        }
        last = result;
    }
    last
}

async fn ping(node: &Node, deadline: Instant) -> Result<(), StoreError> {
    let mut ping = Cmd::new();
    ping.arg("PING");
    match node.exchange(&ping, deadline).await? {
        Value::ServerError(error) => Err(trouble::server_error(&error)),
        _ => Ok(()),
    }
}

async fn refuse_eviction(node: &Node, deadline: Instant) -> Result<(), OpenError> {
    let answer = node.exchange(&eviction::question(), deadline).await;
    match answer.ok().as_ref().and_then(eviction::policy) {
        None => Ok(()),
        Some(policy) => Err(OpenError::Evicting { server: node.server().to_owned(), policy }),
    }
}

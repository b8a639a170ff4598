//! A real Redis Cluster of a test's own: three masters and a replica of each.

use std::io::{Error, ErrorKind, Result};
use std::ops::Range;
use std::time::{Duration, Instant};

use redis::{Cmd, Connection, FromRedisValue, RedisResult};

use crate::redis::{RedisServer, free_port};

/// How long the nodes may take to find each other.
const PATIENCE: Duration = Duration::from_secs(60);
/// How many slots a cluster has.
const SLOTS: u16 = 16_384;
const MASTERS: u16 = 3;
/// How many slots each master has at first; the last one has fewer.
const PER_MASTER: u16 = SLOTS / MASTERS + 1;

/// The master that a slot has at first.
#[must_use]
pub fn first_master(slot: u16) -> usize {
    usize::from(slot / PER_MASTER)
}

/// The slots that a master has at first.
#[must_use]
pub fn first_slots(master: u16) -> Range<u16> {
    master * PER_MASTER..((master + 1) * PER_MASTER).min(SLOTS)
}

/// Six servers that are one cluster, killed on drop.
pub struct RedisCluster {
    /// Three masters, and then their replicas in the same order.
    pub nodes: Vec<RedisServer>,
}

impl RedisCluster {
    /// Starts the servers, and returns once each of them finds the cluster whole.
    ///
    /// # Errors
    ///
    /// Where a server doesn't start, or the cluster isn't whole within a minute.
    pub fn start() -> Result<Self> {
        let mut nodes = Vec::new();
        for _ in 0..2 * MASTERS {
            let bus = free_port()?.to_string();
            nodes.push(RedisServer::start_with(&[
                "--cluster-enabled",
                "yes",
                "--cluster-node-timeout",
                "2000",
                "--cluster-require-full-coverage",
                "no",
                "--cluster-replica-validity-factor",
                "0",
                "--repl-diskless-sync-delay",
                "0",
                "--cluster-port",
                &bus,
            ])?);
        }
        let cluster = Self { nodes };
        cluster.join().map_err(Error::other)?;
        cluster.until(|text| text.contains("cluster_state:ok"))?;
        Ok(cluster)
    }

    /// The first node's URL.
    #[must_use]
    pub fn url(&self) -> String {
        self.nodes.first().map(RedisServer::url).unwrap_or_default()
    }

    /// A connection to each of the masters that the cluster began with.
    ///
    /// # Errors
    ///
    /// Where one can't be reached.
    pub fn connections(&self) -> RedisResult<Vec<Connection>> {
        self.nodes.iter().take(usize::from(MASTERS)).map(RedisServer::connection).collect()
    }

    /// Moves the slot of `key` to another master, `while_moving` in between: when the keys that the slot had are there,
    /// and no node has been told yet that it has moved.
    ///
    /// # Errors
    ///
    /// Where a node refuses.
    pub fn move_slot(&self, key: &str, while_moving: impl FnOnce()) -> RedisResult<()> {
        let slot: u16 = self.node(0)?.ask(&["CLUSTER", "KEYSLOT", key])?;
        let from = first_master(slot);
        self.move_between(slot, (from, (from + 1) % usize::from(MASTERS)), while_moving)
    }

    /// As [`move_slot`](Self::move_slot), from one of the masters that there were at first to another.
    ///
    /// # Errors
    ///
    /// As [`move_slot`](Self::move_slot).
    pub fn move_between(
        &self,
        slot: u16,
        (from, to): (usize, usize),
        while_moving: impl FnOnce(),
    ) -> RedisResult<()> {
        let (mut from, mut to) = (self.node(from)?, self.node(to)?);
        let (slot, port) = (slot.to_string(), to.port.to_string());
        let (from_id, to_id): (String, String) =
            (from.ask(&["CLUSTER", "MYID"])?, to.ask(&["CLUSTER", "MYID"])?);
        to.tell(&["CLUSTER", "SETSLOT", &slot, "IMPORTING", &from_id])?;
        from.tell(&["CLUSTER", "SETSLOT", &slot, "MIGRATING", &to_id])?;
        let keys: Vec<String> = from.ask(&["CLUSTER", "GETKEYSINSLOT", &slot, "1000"])?;
        for key in keys {
            from.tell(&["MIGRATE", "127.0.0.1", &port, &key, "0", "1000"])?;
        }
        while_moving();
        for mut node in [to, from] {
            node.tell(&["CLUSTER", "SETSLOT", &slot, "NODE", &to_id])?;
        }
        Ok(())
    }

    fn node(&self, number: usize) -> RedisResult<Node> {
        let server = self.nodes.get(number);
        let server = server.ok_or_else(|| Error::from(ErrorKind::NotFound))?;
        Ok(Node { connection: server.connection()?, port: server.port() })
    }

    fn join(&self) -> RedisResult<()> {
        let mut first = self.node(0)?;
        for number in 0..2 * MASTERS {
            let mut node = self.node(number.into())?;
            node.tell(&["CLUSTER", "SET-CONFIG-EPOCH", &(number + 1).to_string()])?;
            if number < MASTERS {
                let slots = first_slots(number);
                let (from, to) = (slots.start.to_string(), (slots.end - 1).to_string());
                node.tell(&["CLUSTER", "ADDSLOTSRANGE", &from, &to])?;
            }
            if number > 0 {
                let bus: Vec<String> = node.ask(&["CONFIG", "GET", "cluster-port"])?;
                let (port, bus) = (node.port.to_string(), bus.last().map_or("", String::as_str));
                first.tell(&["CLUSTER", "MEET", "127.0.0.1", &port, bus])?;
            }
        }
        self.until(|text| text.contains("cluster_known_nodes:6"))?;
        for number in 0..MASTERS {
            let id: String = self.node(number.into())?.ask(&["CLUSTER", "MYID"])?;
            self.node((number + MASTERS).into())?.tell(&["CLUSTER", "REPLICATE", &id])?;
        }
        let is_linked = |node: &RedisServer| {
            node.info("replication").is_ok_and(|text| text.contains("master_link_status:up"))
        };
        let replicas = self.nodes.iter().skip(usize::from(MASTERS));
        Ok(patiently(|| replicas.clone().all(is_linked))?)
    }

    /// Waits until `CLUSTER INFO` of every node is so.
    fn until(&self, is_so: impl Fn(&str) -> bool) -> Result<()> {
        let says_so = |number: u16| {
            let info: RedisResult<String> =
                self.node(number.into()).and_then(|mut node| node.ask(&["CLUSTER", "INFO"]));
            info.is_ok_and(|text| is_so(&text))
        };
        patiently(|| (0..2 * MASTERS).all(says_so))
    }
}

/// A way to one node.
struct Node {
    connection: Connection,
    port: u16,
}

impl Node {
    fn ask<T: FromRedisValue>(&mut self, words: &[&str]) -> RedisResult<T> {
        Cmd::new().arg(words).query(&mut self.connection)
    }

    fn tell(&mut self, words: &[&str]) -> RedisResult<()> {
        Cmd::new().arg(words).exec(&mut self.connection)
    }
}

/// Looks until something is so.
///
/// # Errors
///
/// Where it isn't within a minute.
pub(crate) fn patiently(mut is_so: impl FnMut() -> bool) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        if Instant::now() > deadline {
            return Err(Error::new(ErrorKind::TimedOut, "the servers don't find each other"));
        }
        std::thread::park_timeout(Duration::from_millis(20));
    }
    Ok(())
}

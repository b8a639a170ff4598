//! A real Redis Cluster of a test's own: three masters and a replica of each.

use std::io::{Error, ErrorKind, Result};
use std::ops::Range;
use std::time::{Duration, Instant};

use redis::{Connection, RedisResult};

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
        let mut connection = self.nodes[0].connection()?;
        let slot: u16 = redis::cmd("CLUSTER").arg("KEYSLOT").arg(key).query(&mut connection)?;
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
        let mut connections = self.connections()?;
        let ids: Vec<String> = connections
            .iter_mut()
            .map(|connection| redis::cmd("CLUSTER").arg("MYID").query(connection))
            .collect::<RedisResult<_>>()?;
        let set_slot = |connection: &mut Connection, state: &str, id: &str| {
            redis::cmd("CLUSTER").arg("SETSLOT").arg(slot).arg(state).arg(id).exec(connection)
        };
        set_slot(&mut connections[to], "IMPORTING", &ids[from])?;
        set_slot(&mut connections[from], "MIGRATING", &ids[to])?;
        let keys: Vec<String> = redis::cmd("CLUSTER")
            .arg("GETKEYSINSLOT")
            .arg(slot)
            .arg(1_000)
            .query(&mut connections[from])?;
        for key in keys {
            redis::cmd("MIGRATE")
                .arg("127.0.0.1")
                .arg(self.nodes[to].port())
                .arg(key)
                .arg(0)
                .arg(1_000)
                .exec(&mut connections[from])?;
        }
        while_moving();
        set_slot(&mut connections[to], "NODE", &ids[to])?;
        set_slot(&mut connections[from], "NODE", &ids[to])
    }

    fn join(&self) -> RedisResult<()> {
        let mut connections =
            self.nodes.iter().map(RedisServer::connection).collect::<RedisResult<Vec<_>>>()?;
        for (epoch, connection) in connections.iter_mut().enumerate() {
            redis::cmd("CLUSTER").arg("SET-CONFIG-EPOCH").arg(epoch + 1).exec(connection)?;
        }
        for (number, connection) in (0..MASTERS).zip(&mut connections) {
            let slots = first_slots(number);
            let mut add = redis::cmd("CLUSTER");
            add.arg("ADDSLOTSRANGE").arg(slots.start).arg(slots.end - 1).exec(connection)?;
        }
        let (first, others) = self.nodes.split_first().expect("six nodes");
        for node in others {
            let text: String = redis::cmd("CONFIG")
                .arg("GET")
                .arg("cluster-port")
                .query::<Vec<String>>(&mut node.connection()?)?
                .pop()
                .unwrap_or_default();
            let mut meet = redis::cmd("CLUSTER");
            meet.arg("MEET").arg("127.0.0.1").arg(node.port()).arg(text);
            meet.exec(&mut first.connection()?)?;
        }
        self.until(|text| text.contains("cluster_known_nodes:6"))?;
        for number in 0..usize::from(MASTERS) {
            let id: String = redis::cmd("CLUSTER").arg("MYID").query(&mut connections[number])?;
            let replica = &mut connections[number + usize::from(MASTERS)];
            redis::cmd("CLUSTER").arg("REPLICATE").arg(id).exec(replica)?;
        }
        let is_linked = |node: &RedisServer| {
            node.info("replication").is_ok_and(|text| text.contains("master_link_status:up"))
        };
        let deadline = Instant::now() + PATIENCE;
        while !self.nodes.iter().skip(usize::from(MASTERS)).all(is_linked) {
            if Instant::now() > deadline {
                return Err(Error::from(ErrorKind::TimedOut).into());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// Waits until `CLUSTER INFO` of every node is so.
    fn until(&self, is_so: impl Fn(&str) -> bool) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        let says_so = |node: &RedisServer| {
            let info: RedisResult<String> = node.connection().and_then(|mut connection| {
                redis::cmd("CLUSTER").arg("INFO").query(&mut connection)
            });
            info.is_ok_and(|text| is_so(&text))
        };
        while !self.nodes.iter().all(says_so) {
            if Instant::now() > deadline {
                return Err(Error::new(ErrorKind::TimedOut, "the cluster is not whole in time"));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }
}

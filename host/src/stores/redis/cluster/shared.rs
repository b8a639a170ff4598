//! What is known of a cluster: its nodes, and which of them has which slots.

use std::collections::HashMap;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use redis::ConnectionAddr;
use tokio::sync::Notify;

use crate::stores::generation::{self, Watch};
use crate::stores::redis::address::Access;
use crate::stores::redis::connect::{Purpose, Server, Whereabouts};
use crate::stores::redis::link::Link;
use crate::stores::redis::node::Node;
use crate::stores::redis::slots::SLOTS;

/// Nodes that are known at once, at most.
const MAX_NODES: usize = 1_024;

/// What all nodes have in common.
pub(in crate::stores::redis) struct Common {
    pub(in crate::stores::redis) access: Access,
    /// Without its watch: each node has one of its own.
    pub(in crate::stores::redis) purpose: Purpose,
    pub(in crate::stores::redis) is_trusted: bool,
    pub(in crate::stores::redis) max_in_flight: usize,
    pub(in crate::stores::redis) response_timeout: Duration,
}

/// A node, and what is known of its data.
pub(in crate::stores::redis) struct Member {
    pub(super) address: ConnectionAddr,
    pub(in crate::stores::redis) node: Node,
    pub(in crate::stores::redis) watch: Arc<Watch>,
}

/// What the requests and the keeper share.
pub(super) struct Shared {
    pub(super) seeds: Vec<ConnectionAddr>,
    pub(super) common: Common,
    pub(super) map: RwLock<Arc<Map>>,
    members: Mutex<HashMap<String, Arc<Member>>>,
    /// Told when the map seems to be out of date.
    pub(super) stale: Notify,
    /// Who is asked first.
    pub(super) turn: AtomicUsize,
    /// Counts how often slots moved, or their masters.
    pub(super) moves: Watch,
}

/// Which master has which slots.
#[derive(Default)]
pub(super) struct Map {
    pub(super) masters: Vec<Arc<Member>>,
    /// First and last slot, and the master's place in `masters`; in order.
    pub(super) ranges: Vec<(u16, u16, usize)>,
}

impl Map {
    pub(super) fn master(&self, slot: u16) -> Option<&Arc<Member>> {
        let index = self.ranges.partition_point(|(_, last, _)| *last < slot);
        let (first, _, master) = self.ranges.get(index)?;
        if *first <= slot { self.masters.get(*master) } else { None }
    }

    /// The masters that have slots, in the order of their first ones.
    pub(super) fn masters_by_slot(&self) -> Vec<Arc<Member>> {
        let mut order: Vec<usize> = Vec::with_capacity(self.masters.len());
        for (_, _, master) in &self.ranges {
            if !order.contains(master) {
                order.push(*master);
            }
        }
        order.iter().filter_map(|master| self.masters.get(*master).map(Arc::clone)).collect()
    }

    /// A number that changes with any slot's master.
    pub(super) fn fingerprint(&self) -> u64 {
        let place = |(first, last, master): &(u16, u16, usize)| {
            let master = self.masters.get(*master).map(|master| master.address.to_string());
            format!("{first}-{last} {}", master.unwrap_or_default())
        };
        let places: Vec<String> = self.ranges.iter().map(place).collect();
        generation::of(&places.iter().map(String::as_bytes).collect::<Vec<_>>())
    }

    pub(super) fn is_whole(&self) -> bool {
        let covered: usize =
            self.ranges.iter().map(|(first, last, _)| usize::from(last - first) + 1).sum();
        covered == usize::from(SLOTS)
    }
}

impl Shared {
    pub(super) fn new(seeds: Vec<ConnectionAddr>, common: Common) -> Self {
        Self {
            seeds,
            common,
            map: RwLock::default(),
            members: Mutex::default(),
            stale: Notify::new(),
            turn: AtomicUsize::new(0),
            moves: Watch::default(),
        }
    }

    pub(super) fn map(&self) -> Arc<Map> {
        Arc::clone(&self.map.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn members(&self) -> MutexGuard<'_, HashMap<String, Arc<Member>>> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The node at `address`, connected to in the background where it is a new one.
    pub(super) fn member(&self, address: &ConnectionAddr) -> Option<Arc<Member>> {
        let mut members = self.members();
        let name = address.to_string();
        if let Some(member) = members.get(&name) {
            return Some(Arc::clone(member));
        }
        if members.len() >= MAX_NODES {
            return None;
        }
        let watch = Arc::new(Watch::default());
        let Common { access, purpose, is_trusted, max_in_flight, response_timeout } = &self.common;
        let generation = (!is_trusted).then(|| Arc::clone(&watch));
        let purpose = Purpose { generation, ..purpose.clone() };
        let at = Whereabouts::At(address.clone());
        let server = Server::new(at, access.clone(), *max_in_flight, purpose);
        let node = Node::new(Link::begin(server), *max_in_flight, *response_timeout);
        let member = Arc::new(Member { address: address.clone(), node, watch });
        members.insert(name, Arc::clone(&member));
        Some(member)
    }
}

//! A Redis Cluster: every key on the master of its slot, found again whenever slots or masters change.
//!
//! The operations of a batch whose keys share a slot stay one transaction; the parts for several slots are sent at once. A
//! batch is sent again only where a node says that it carried out nothing of it. The generation of a batch is that of the
//! master which has the slot of its first operation.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use countersign_contract::store::{Operation, Outcome, Reply};
use countersign_contract::types::StoreError;
use futures_util::future::join_all;
use redis::ConnectionAddr;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::address::Access;
use super::connect::{Purpose, Server, Whereabouts};
use super::link::Link;
use super::node::{Node, Ran, Sending};
use super::redirect::{Place, Redirection};
use super::slots::{self, SLOTS};
use super::trouble::Trouble;
use crate::stores::error::OpenError;
use crate::stores::generation::Watch;

/// How often the cluster is asked which master has which slots, when nothing seems wrong …
const EVERY: Duration = Duration::from_secs(10);
/// … and how soon after the last time at the earliest.
const PAUSE: Duration = Duration::from_millis(200);
/// How long one node may take to say.
const PATIENCE: Duration = Duration::from_secs(1);
/// How soon keys that are on their way to another node are asked for again.
const TRY_AGAIN: Duration = Duration::from_millis(10);
/// How often one batch is sent elsewhere, at most.
const MAX_HOPS: u32 = 8;
/// Nodes that are known at once, at most.
const MAX_NODES: usize = 1_024;

/// What all nodes have in common.
pub(super) struct Common {
    pub(super) access: Access,
    /// Without its watch: each node has one of its own.
    pub(super) purpose: Purpose,
    pub(super) is_trusted: bool,
    pub(super) max_in_flight: usize,
    pub(super) response_timeout: Duration,
}

/// The cluster.
pub(super) struct Cluster {
    shared: Arc<Shared>,
    keeper: JoinHandle<()>,
}

/// A node, and what is known of its data.
pub(super) struct Member {
    address: ConnectionAddr,
    pub(super) node: Node,
    pub(super) watch: Arc<Watch>,
}

struct Shared {
    seeds: Vec<ConnectionAddr>,
    common: Common,
    map: RwLock<Arc<Map>>,
    members: Mutex<HashMap<String, Arc<Member>>>,
    /// Told when the map seems to be out of date.
    stale: Notify,
    /// Who is asked first.
    turn: AtomicUsize,
}

/// Which master has which slots.
#[derive(Default)]
struct Map {
    masters: Vec<Arc<Member>>,
    /// First and last slot, and the master's place in `masters`; in order.
    ranges: Vec<(u16, u16, usize)>,
}

impl Map {
    fn master(&self, slot: u16) -> Option<&Arc<Member>> {
        let index = self.ranges.partition_point(|(_, last, _)| *last < slot);
        let (first, _, master) = self.ranges.get(index)?;
        if *first <= slot { self.masters.get(*master) } else { None }
    }

    fn is_whole(&self) -> bool {
        let covered: usize =
            self.ranges.iter().map(|(first, last, _)| usize::from(last - first) + 1).sum();
        covered == usize::from(SLOTS)
    }
}

impl Cluster {
    /// Finds the masters and connects to them.
    ///
    /// # Errors
    /// [`OpenError`] where no node can be asked within `patience`, where a slot has no master, where no master can be
    /// used, or where one refuses us.
    pub(super) async fn open(
        seeds: Vec<ConnectionAddr>,
        common: Common,
        patience: Duration,
    ) -> Result<Self, OpenError> {
        let deadline = Instant::now() + patience;
        let name = seeds.first().map(ToString::to_string).unwrap_or_default();
        let shared = Arc::new(Shared {
            seeds,
            common,
            map: RwLock::default(),
            members: Mutex::default(),
            stale: Notify::new(),
            turn: AtomicUsize::new(0),
        });
        shared.find(deadline).await.map_err(|trouble| trouble.at(&name))?;
        shared.meet(deadline).await?;
        let keeper = tokio::spawn(keep(Arc::clone(&shared)));
        Ok(Self { shared, keeper })
    }

    /// The masters, as far as is known.
    pub(super) fn masters(&self) -> Vec<Arc<Member>> {
        self.shared.map().masters.clone()
    }

    /// A key that means nothing for each master, in a slot that it has.
    pub(super) fn scratch_keys(&self, name: &str) -> Vec<String> {
        let map = self.shared.map();
        let is_on = |key: &str, master: &Arc<Member>| {
            map.master(slots::slot(key)).is_some_and(|found| Arc::ptr_eq(found, master))
        };
        let key_on = |master: &Arc<Member>| {
            (0..u32::from(SLOTS)).map(|n| format!("{name}{{{n}}}")).find(|key| is_on(key, master))
        };
        map.masters.iter().filter_map(key_on).collect()
    }

    /// Carries out `batch`.
    pub(super) async fn run(
        &self,
        batch: Vec<Operation>,
        prefix: &str,
        deadline: Instant,
    ) -> Result<Outcome, StoreError> {
        let count = batch.len();
        let parts = slots::split(batch, prefix);
        let sent = parts
            .iter()
            .map(|part| self.shared.part(part.slot, &part.operations, prefix, deadline));
        let outcomes = join_all(sent).await;
        let mut replies: Vec<Option<Reply>> = Vec::new();
        replies.resize_with(count, || None);
        let mut generation = None;
        for (number, (part, outcome)) in parts.iter().zip(outcomes).enumerate() {
            let (to_part, of_part) = outcome?;
            if number == 0 {
                generation = of_part;
            }
            for (index, reply) in part.indices.iter().zip(to_part) {
                if let Some(place) = replies.get_mut(*index) {
                    *place = Some(reply);
                }
            }
        }
        let replies: Option<Vec<Reply>> = replies.into_iter().collect();
        let replies = replies.ok_or_else(super::trouble::unreadable)?;
        Ok(Outcome { replies, generation })
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}

impl Shared {
    fn map(&self) -> Arc<Map> {
        Arc::clone(&self.map.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn members(&self) -> MutexGuard<'_, HashMap<String, Arc<Member>>> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The node at `address`, connected to in the background where it is a new one.
    fn member(&self, address: &ConnectionAddr) -> Option<Arc<Member>> {
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

    /// Carries out the operations whose keys live in `slot`, wherever that is.
    async fn part(
        &self,
        slot: u16,
        operations: &[Operation],
        prefix: &str,
        deadline: Instant,
    ) -> Result<(Vec<Reply>, Option<u64>), StoreError> {
        let owner = || self.map().master(slot).map(Arc::clone);
        let mut member = owner();
        let (mut is_asking, mut hops) = (false, 0);
        loop {
            let Some(at) = member else {
                self.stale.notify_one();
                return Err(StoreError::Unavailable);
            };
            let sending = Sending { deadline, is_asking };
            let redirection = match at.node.run(operations, prefix, sending).await {
                Ok(Ran::Done(replies, generation)) => return Ok((replies, generation)),
                Ok(Ran::Redirected(redirection)) => redirection,
                Err(error) => {
                    if matches!(error, StoreError::Timeout | StoreError::Unavailable) {
                        self.stale.notify_one();
                    }
                    return Err(error);
                }
            };
            let to =
                |place: Place| place.resolve(&at.address).and_then(|address| self.member(&address));
            (member, is_asking) = match redirection {
                Redirection::Ask(place) => (to(place), true),
                Redirection::Moved(place) => {
                    self.stale.notify_one();
                    (to(place), false)
                }
                Redirection::TryAgain => {
                    if timeout_at(deadline, sleep(TRY_AGAIN)).await.is_err() {
                        return Err(StoreError::Unavailable);
                    }
                    (owner(), false)
                }
                Redirection::Down => {
                    self.stale.notify_one();
                    return Err(StoreError::Unavailable);
                }
            };
            if redirection_is_hop(is_asking, &member, &at) {
                hops += 1;
                if hops > MAX_HOPS {
                    return Err(StoreError::Unavailable);
                }
            }
        }
    }

    /// Asks the nodes in turn for the map, and takes the first one that has every slot.
    async fn refresh(&self) -> Result<(), Trouble> {
        let mut last = Trouble::Unreachable("no node is known".to_owned());
        for member in self.candidates() {
            match self.ask(&member).await {
                Ok(map) if map.is_whole() => {
                    self.take(map);
                    return Ok(());
                }
                Ok(_) => {
                    let reason = format!("{}: a slot has no master", member.address);
                    last = Trouble::Unreachable(reason);
                }
                Err(trouble) => {
                    let is_lasting = trouble.is_lasting();
                    last = trouble;
                    if is_lasting {
                        break;
                    }
                }
            }
        }
        Err(last)
    }

    /// The nodes to ask: another one first each time, lest one that is cut off from the others be believed for ever.
    fn candidates(&self) -> Vec<Arc<Member>> {
        let map = self.map();
        let is_up = |master: &&Arc<Member>| master.node.link().is_up();
        let mut candidates: Vec<_> = map.masters.iter().filter(is_up).map(Arc::clone).collect();
        if candidates.is_empty() {
            candidates.clone_from(&map.masters);
            candidates.extend(self.seeds.iter().filter_map(|seed| self.member(seed)));
        }
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        if let Some(first) = turn.checked_rem(candidates.len()) {
            candidates.rotate_left(first);
        }
        candidates
    }

    async fn ask(&self, member: &Member) -> Result<Map, Trouble> {
        let deadline = Instant::now() + PATIENCE;
        let name = member.address.to_string();
        member.node.link().up(deadline).await.map_err(|trouble| trouble.of(&name))?;
        let answer = member.node.exchange(&slots::question(), deadline).await;
        let unusable = |reason: &str| Trouble::Unreachable(format!("{name}: {reason}"));
        let answer = answer.map_err(|_| unusable("no answer to CLUSTER SLOTS"))?;
        if let redis::Value::ServerError(error) = &answer {
            return Err(match Trouble::from_server(error) {
                Trouble::Unreachable(_) if error.code() == "ERR" => {
                    Trouble::Denied("it is no node of a cluster: leave out `cluster`".to_owned())
                }
                trouble => trouble.of(&name),
            });
        }
        let found = slots::ranges(&answer).ok_or_else(|| unusable("unexpected answer"))?;
        let mut map = Map::default();
        for range in found {
            let master = range.server.resolve(&member.address);
            let master = master.and_then(|address| self.member(&address));
            let master = master.ok_or_else(|| unusable("too many nodes"))?;
            let known = map.masters.iter().position(|known| Arc::ptr_eq(known, &master));
            let index = known.unwrap_or(map.masters.len());
            if known.is_none() {
                map.masters.push(master);
            }
            map.ranges.push((range.first, range.last, index));
        }
        map.ranges.sort_unstable();
        Ok(map)
    }

    /// Uses `map` from now on, and forgets the nodes that are not in it.
    fn take(&self, map: Map) {
        let names: Vec<String> =
            map.masters.iter().map(|master| master.address.to_string()).collect();
        let before = {
            let mut current = self.map.write().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *current, Arc::new(map))
        };
        let before_names: Vec<String> =
            before.masters.iter().map(|master| master.address.to_string()).collect();
        if before_names != names && !before_names.is_empty() {
            tracing::warn!(
                masters = names.join(" "),
                "the masters of the cluster are others: the codes of challenges whose keys moved are refused as \
                 challenge_not_found (store.after_restart)"
            );
        }
        self.members().retain(|name, _| names.contains(name));
    }

    /// Finds the masters for the first time.
    async fn find(&self, deadline: Instant) -> Result<(), Trouble> {
        let mut pause = Duration::from_millis(100);
        loop {
            let found = timeout_at(deadline, self.refresh()).await;
            let late = || Trouble::Unreachable("no answer in time".to_owned());
            match found.unwrap_or_else(|_| Err(late())) {
                Ok(()) => return Ok(()),
                Err(trouble) if trouble.is_lasting() => return Err(trouble),
                Err(trouble) => {
                    if timeout_at(deadline, sleep(pause)).await.is_err() {
                        return Err(trouble);
                    }
                }
            }
            pause = (pause * 2).min(Duration::from_secs(2));
        }
    }

    /// Waits for the masters: for all of them, and at `deadline` for one.
    async fn meet(&self, deadline: Instant) -> Result<(), OpenError> {
        let masters = self.map().masters.clone();
        let met = join_all(masters.iter().map(|master| master.node.link().up(deadline))).await;
        let is_one_met = met.iter().any(Result::is_ok);
        for (master, met) in masters.iter().zip(met) {
            match met {
                Ok(()) => {}
                Err(trouble) if !is_one_met || trouble.is_lasting() => {
                    return Err(trouble.at(&master.address.to_string()));
                }
                Err(trouble) => {
                    let server = master.node.server();
                    tracing::warn!(server, reason = %trouble, "this part of the store can't be used");
                }
            }
        }
        Ok(())
    }
}

/// Whether another node than the one that was asked is next.
fn redirection_is_hop(is_asking: bool, next: &Option<Arc<Member>>, at: &Arc<Member>) -> bool {
    is_asking || next.as_ref().is_some_and(|next| !Arc::ptr_eq(next, at))
}

/// Keeps the map up to date.
async fn keep(shared: Arc<Shared>) {
    let mut is_failing = false;
    loop {
        // In time or not, the map is asked for.
        let _ = timeout(if is_failing { PAUSE } else { EVERY }, shared.stale.notified()).await;
        match shared.refresh().await {
            Ok(()) if is_failing => {
                tracing::info!("the cluster is whole again");
                is_failing = false;
            }
            Ok(()) => {}
            Err(trouble) if !is_failing => {
                tracing::warn!(reason = %trouble, "the cluster is not whole");
                is_failing = true;
            }
            Err(_) => {}
        }
        sleep(PAUSE).await;
    }
}

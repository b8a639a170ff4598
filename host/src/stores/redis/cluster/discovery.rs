//! Finding the masters, at start-up and whenever something seems to have moved.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use redis::Value;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::shared::{Map, Member, Shared};
use crate::stores::error::OpenError;
use crate::stores::redis::link::{START_BACKOFF, TRIES};
use crate::stores::redis::slots;
use crate::stores::redis::trouble::Trouble;

/// How often the cluster is asked which master has which slots, when nothing seems wrong …
const EVERY: Duration = Duration::from_secs(10);
/// … and how soon after the last time at the earliest.
const PAUSE: Duration = Duration::from_millis(200);
/// How long one node may take to say.
const PATIENCE: Duration = Duration::from_secs(1);

impl Shared {
    /// Asks the nodes in turn for the map, and takes the first one that has every slot.
    async fn refresh(&self) -> Result<(), Trouble> {
        let mut last = Trouble::Unreachable("no node is known".to_owned());
        // The seeds only where no other has an answer: they may be new connections.
        let seeds = self.seeds.iter().filter_map(|seed| self.member(seed));
        for member in self.candidates().into_iter().chain(seeds) {
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
        if let Value::ServerError(error) = &answer {
            return Err(match Trouble::from_server(error) {
                Trouble::Unreachable(code) if error.code() == "ERR" => Trouble::Unclustered(code),
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
        // Where slots have moved, codes of challenges there are refused as after a restart.
        if !self.common.is_trusted {
            self.moves.saw(map.fingerprint());
        }
        *self.map.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(map);
        self.members().retain(|name, _| names.contains(name));
    }

    /// Finds the masters for the first time, trying ten times until `deadline`.
    pub(super) async fn find(&self, deadline: Instant) -> Result<(), Trouble> {
        let mut backoff = START_BACKOFF;
        let mut last = Trouble::Unreachable("no answer in time".to_owned());
        for _ in 0..TRIES {
            let found = timeout_at(deadline, self.refresh()).await;
            let late = || Trouble::Unreachable("no answer in time".to_owned());
            match found.unwrap_or_else(|_| Err(late())) {
                Ok(()) => return Ok(()),
                Err(trouble) if trouble.is_lasting() => return Err(trouble),
                Err(trouble) => last = trouble,
            }
            if timeout_at(deadline, sleep(backoff.pause())).await.is_err() {
                break;
            }
        }
        Err(last)
    }

    /// Waits for the masters: for all of them, and at `deadline` for one.
    pub(super) async fn meet(&self, deadline: Instant) -> Result<(), OpenError> {
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

/// Keeps the map up to date.
pub(super) async fn keep(shared: Arc<Shared>) {
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

//! A Redis Cluster: every key on the master of its slot, found again whenever slots or masters change.
//!
//! The operations of a batch whose keys share a slot stay one transaction; the parts for several slots are sent at once. A
//! batch is sent again only where a node says that it carried out nothing of it. The generation of a batch is that of the
//! master which has the slot of its first operation.

use std::sync::Arc;
use std::time::Duration;

use countersign_contract::store::{Operation, Outcome, Reply};
use countersign_contract::types::StoreError;
use futures_util::future::join_all;
use redis::ConnectionAddr;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout_at};

use self::shared::Shared;
use super::node::{Ran, Sending};
use super::redirect::{Place, Redirection};
use super::slots::{self, SLOTS};
use crate::stores::error::OpenError;
use crate::stores::generation::Watch;

pub(super) use self::shared::{Common, Member};

mod discovery;
mod shared;

/// How soon keys that are on their way to another node are asked for again.
const TRY_AGAIN: Duration = Duration::from_millis(10);
/// How often one batch is sent elsewhere, at most.
const MAX_HOPS: u32 = 8;

/// The cluster.
pub(super) struct Cluster {
    shared: Arc<Shared>,
    keeper: JoinHandle<()>,
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
        let shared = Arc::new(Shared::new(seeds, common));
        shared.find(deadline).await.map_err(|trouble| trouble.at(&name))?;
        shared.meet(deadline).await?;
        let keeper = tokio::spawn(discovery::keep(Arc::clone(&shared)));
        Ok(Self { shared, keeper })
    }

    /// The masters, as far as is known.
    pub(super) fn masters(&self) -> Vec<Arc<Member>> {
        self.shared.map().masters.clone()
    }

    /// The masters in the order of their slots, and a number that changes with any slot's master.
    pub(super) fn masters_by_slot(&self) -> (Vec<Arc<Member>>, u64) {
        let map = self.shared.map();
        (map.masters_by_slot(), map.fingerprint())
    }

    /// What is known of moves of slots, from master to master.
    pub(super) fn moves(&self) -> &Watch {
        &self.shared.moves
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
                Redirection::Ask(place) => {
                    hops += 1;
                    (to(place), true)
                }
                Redirection::Moved(place) => {
                    hops += 1;
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
            if hops > MAX_HOPS {
                return Err(StoreError::Unavailable);
            }
        }
    }
}

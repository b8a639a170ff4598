//! What comes before the first write of a batch: what its keys hold, and who has to know of them.
//!
//! Each key to be written is read first: what it holds says whether it has to be registered, whether a step would wrap
//! around (which Spin's SQLite store does in silence) or meet a value (at which it panics), and whether the sweeper may be
//! about to remove a value. What this instance registered or read a moment ago isn't read again.
//!
//! **Counts of a sort that mostly is new**, as the lease on sending is, are stepped without being read where the instance
//! has a segment of the journal open: they are registered as if they were new, and so is what the batch reads beside
//! them. What turns out to have been there is taken out of the segment again, so that refused requests leave no lines
//! behind; and the next count of that sort is read first. This relies on the keys of one sort (`physical::sort`) being all
//! counts or all values, as those of the engine are.

use std::collections::BTreeMap;

use countersign_contract::store::{Assignment, Operation, Step};
use countersign_contract::types::StoreError;

use crate::Store;
use crate::backend::Backend;
use crate::entry::{Entry, Seen};
use crate::foresight::foresee;
use crate::memory::{Kind, SMALL_STEP};
use crate::physical::{Held, tag};

/// What keys hold, as far as that is known.
type Known<'a> = BTreeMap<&'a str, Held>;

/// What is known of the keys of a batch.
pub(crate) struct Prepared<'a> {
    /// What they hold, as far as that is known: they had to be read, or were written by the batch.
    pub(crate) known: Known<'a>,
    /// Those that were registered without having been read.
    unseen: Vec<&'a str>,
}

impl Prepared<'_> {
    /// Whether it is still open if a key that was registered had been there before.
    pub(crate) fn is_unseen(&self, key: &str) -> bool {
        self.unseen.contains(&key) && !self.known.contains_key(key)
    }
}

impl<B: Backend> Store<B> {
    /// Finds out what the keys hold that are about to be written, and registers those that aren't there: in one write,
    /// whatever their number.
    pub(crate) async fn prepare<'a>(
        &mut self,
        batch: &'a [Operation],
    ) -> Result<Prepared<'a>, StoreError> {
        let now = self.calls.now();
        let untrusted =
            keys(batch, &|operation| operation.creates() && !self.is_trusted(operation, now));
        let mut known = Known::new();
        let seen = untrusted.iter().filter_map(|key| Some((*key, self.memory.seen(key, now)?)));
        known.extend(seen.map(|(key, held)| (key, held.clone())));
        let strangers: Vec<_> =
            untrusted.iter().copied().filter(|key| !known.contains_key(key)).collect();
        let mut likely = Vec::new();
        if !strangers.is_empty() && self.calls.reads_many() {
            likely = keys(batch, &Operation::only_reads);
            likely.retain(|key| !self.memory.is_registered(key, now));
        }
        let mut unseen = Vec::new();
        if self.may_go_unseen(batch, &strangers, now) {
            unseen = strangers;
            likely.retain(|key| matches!(self.memory.seen(key, now), None | Some(Held::Absent)));
        } else {
            let mut asked = strangers.clone();
            if !asked.is_empty() && self.calls.reads_many() {
                // What is to be removed, and what may be foreseen, costs nothing beside them.
                let is_removed = |operation: &_| matches!(operation, Operation::Delete(_));
                asked.extend(keys(batch, &is_removed));
                asked.extend(&likely);
            }
            known.extend(asked.iter().copied().zip(self.held_all(&asked).await?));
            likely.retain(|key| known.get(key) == Some(&Held::Absent));
            self.learn(batch, &strangers, &known);
        }
        let is_fresh = |key: &&str| {
            let is_absent = known.get(key) == Some(&Held::Absent);
            (is_absent || unseen.contains(key)) && !self.memory.is_registered(key, now)
        };
        let mut fresh: Vec<_> = untrusted.iter().copied().filter(is_fresh).collect();
        if fresh.is_empty() {
            return Ok(Prepared { known, unseen });
        }
        let written = keys(batch, &Operation::creates);
        let begins = fresh.len();
        foresee(&written, likely, &mut fresh);
        if !unseen.is_empty() {
            unseen.extend(fresh.iter().skip(begins));
        }
        let entries: Vec<_> = fresh.iter().map(|key| Entry::new(key, Seen::New)).collect();
        self.journal.register(&self.calls, &entries).await?;
        for key in &fresh {
            self.memory.registered(key, now);
        }
        self.registered(fresh.len());
        Ok(Prepared { known, unseen })
    }

    /// Whether all that would have to be read can be stepped as it is: counts of sorts that are mostly new.
    fn may_go_unseen(&self, batch: &[Operation], strangers: &[&str], now: u64) -> bool {
        !strangers.is_empty()
            && self.calls.reads_many()
            && self.journal.is_open(now)
            && strangers.iter().all(|key| is_counted(batch, key) && self.memory.is_mostly_new(key))
    }

    /// Learns of which sorts the counts are mostly new, from what was found of those that this instance met first.
    fn learn(&mut self, batch: &[Operation], strangers: &[&str], known: &Known<'_>) {
        for is_new in [true, false] {
            for key in strangers.iter().filter(|key| is_counted(batch, key)) {
                match known.get(key) == Some(&Held::Absent) {
                    true if is_new => self.memory.was_new(key),
                    false if !is_new => self.memory.was_not_new(key),
                    _ => {}
                }
            }
        }
    }

    /// Takes note that a key which was registered unseen had been there before: its creator has registered it.
    pub(crate) fn was_there(&mut self, key: &str) {
        self.journal.withdraw(key);
        self.memory.unregistered(key);
        self.memory.was_not_new(key);
    }

    /// Forgets what was registered unseen by a batch that failed: it isn't known whether it had been there.
    pub(crate) fn forget_unseen(&mut self, prepared: &Prepared<'_>) {
        prepared.unseen.iter().for_each(|key| self.memory.unregistered(key));
    }

    fn is_trusted(&self, operation: &Operation, now: u64) -> bool {
        match operation {
            Operation::Delete(_) | Operation::Get(_) => false,
            Operation::Increment(Step { key, by, .. }) => {
                by.unsigned_abs() <= SMALL_STEP && self.memory.trusts(key, Kind::Count, now)
            }
            Operation::Set(Assignment { key, .. }) => self.memory.trusts(key, Kind::Value, now),
        }
    }
}

/// Whether all that a batch does with a key is to step it up, by little enough that it can't wrap around unseen. An
/// absent count is then told from any other by what it comes to.
fn is_counted(batch: &[Operation], key: &str) -> bool {
    let steps_up = |operation: &Operation| match operation {
        Operation::Increment(Step { by, .. }) => {
            u64::try_from(*by).is_ok_and(|by| (1..=SMALL_STEP).contains(&by))
        }
        Operation::Delete(_) | Operation::Get(_) | Operation::Set(_) => false,
    };
    tag(key).is_some() && batch.iter().filter(|operation| operation.key() == key).all(steps_up)
}

/// The keys of some operations, each once.
fn keys<'a>(batch: &'a [Operation], are_wanted: &dyn Fn(&Operation) -> bool) -> Vec<&'a str> {
    let wanted = batch.iter().filter(|operation| are_wanted(operation));
    let mut keys: Vec<_> = wanted.map(Operation::key).collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

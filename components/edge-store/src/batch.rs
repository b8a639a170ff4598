//! `store.run`: a batch, one call of the backend for each write and as few as it lets us for reads and removals, and
//! what has to come before them.
//!
//! Before anything is written, each key to be written is read: what it holds says whether it has to be registered,
//! whether a step would wrap around (which Spin's SQLite store does in silence) or meet a value (at which it panics),
//! and whether the sweeper may be about to remove a value. What this instance registered or read a moment ago isn't
//! read again.

use std::collections::BTreeMap;

use countersign_contract::store::{Assignment, Operation, Reply, Step, check};
use countersign_contract::types::StoreError;

use crate::Store;
use crate::backend::Backend;
use crate::entry::{Entry, Seen};
use crate::foresight::foresee;
use crate::marker;
use crate::memory::{Kind, SMALL_STEP};
use crate::physical::{Held, encode, place};

/// A batch's time. The engine's lease leaves five seconds to what is written under it.
const BATCH_MILLIS: u64 = 4_000;
/// A value whose deadline was so long ago may be one that the sweeper is removing, which it does after a minute.
const STALE_SECONDS: u64 = 30;

/// What keys of a batch hold, as far as that is known: they had to be read, or were written by it.
type Known<'a> = BTreeMap<&'a str, Held>;

impl<B: Backend> Store<B> {
    /// Carries out a batch and replies to each operation.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` where a limit is passed or a step goes down over a backend whose counts only go up (then nothing
    /// was written), a step would wrap around, or a key is of the other kind; `Timeout`, `Unavailable`, `Denied` as the backend gives cause. Any part may have been
    /// carried out then.
    pub async fn run(&mut self, batch: &[Operation]) -> Result<Vec<Reply>, StoreError> {
        check(batch)?;
        if !self.calls.counts_down() && batch.iter().any(steps_down) {
            return Err(StoreError::InvalidArgument);
        }
        self.calls.begin(BATCH_MILLIS);
        let mut known = self.prepare(batch).await?;
        let mut replies = Vec::with_capacity(batch.len());
        let mut rest = batch;
        while let Some((first, others)) = rest.split_first() {
            // What is only read, and what is removed, needs no order among itself.
            let together = others.iter().take_while(|next| go_together(first, next)).count();
            let (some, others) = rest.split_at(together + 1);
            match first {
                Operation::Delete(_) => replies.extend(self.remove(some, batch, &mut known).await?),
                Operation::Get(_) | Operation::Increment(Step { by: 0, .. }) => {
                    replies.extend(self.read(some).await?);
                }
                Operation::Increment(Step { key, by, ttl_seconds }) => {
                    replies.push(self.increment(key, *by, *ttl_seconds, &mut known).await?);
                }
                Operation::Set(Assignment { key, value, ttl_seconds }) => {
                    replies.push(self.set(key, value, *ttl_seconds, &mut known).await?);
                }
            }
            rest = others;
        }
        Ok(replies)
    }

    /// Finds out what the keys hold that are about to be written, and registers those that aren't there: in one write,
    /// whatever their number.
    async fn prepare<'a>(&mut self, batch: &'a [Operation]) -> Result<Known<'a>, StoreError> {
        let now = self.calls.now();
        let written =
            |operation: &&Operation| operation.creates() && !self.is_trusted(operation, now);
        let written = keys(batch.iter().filter(written));
        let seen = written.iter().filter_map(|key| Some((*key, self.memory.seen(key, now)?)));
        let mut known = Known::new();
        known.extend(seen.map(|(key, held)| (key, held.clone())));
        let mut asked: Vec<_> =
            written.iter().copied().filter(|key| !known.contains_key(key)).collect();
        let mut likely = Vec::new();
        if !asked.is_empty() && self.calls.reads_many() {
            // What is to be removed, and what may be foreseen, costs nothing beside them.
            let is_removed = |operation: &&Operation| matches!(operation, Operation::Delete(_));
            asked.extend(keys(batch.iter().filter(is_removed)));
            likely = keys(batch.iter().filter(|operation| reads(operation)));
            likely.retain(|key| !self.memory.is_registered(key, now));
            asked.extend(&likely);
        }
        known.extend(asked.iter().copied().zip(self.held_all(&asked).await?));
        let is_fresh = |key: &&str| {
            known.get(key) == Some(&Held::Absent) && !self.memory.is_registered(key, now)
        };
        let mut fresh: Vec<_> = written.iter().copied().filter(is_fresh).collect();
        if fresh.is_empty() {
            return Ok(known);
        }
        let written = keys(batch.iter().filter(|operation| operation.creates()));
        likely.retain(|key| known.get(key) == Some(&Held::Absent));
        foresee(&written, likely, &mut fresh);
        let entries: Vec<_> = fresh.iter().map(|key| Entry::new(key, Seen::New)).collect();
        self.journal.register(&self.calls, &entries).await?;
        for key in &fresh {
            self.memory.registered(key, now);
        }
        self.registered(fresh.len());
        Ok(known)
    }

    /// Replies to operations that only read.
    async fn read(&mut self, operations: &[Operation]) -> Result<Vec<Reply>, StoreError> {
        let keys: Vec<_> = operations.iter().map(Operation::key).collect();
        let asked = self.calls.now();
        let held = self.held_all(&keys).await?;
        for (key, held) in keys.iter().zip(&held) {
            self.memory.saw(key, held, asked);
        }
        let now = self.calls.now();
        operations.iter().zip(held).map(|(operation, held)| read(operation, held, now)).collect()
    }

    async fn increment<'a>(
        &mut self,
        key: &'a str,
        by: i64,
        ttl_seconds: u32,
        known: &mut Known<'a>,
    ) -> Result<Reply, StoreError> {
        let before = match known.get(key) {
            None | Some(Held::Absent) => 0,
            Some(Held::Count(count)) => *count,
            Some(Held::Foreign | Held::Value { .. }) => return Err(StoreError::InvalidArgument),
        };
        before.checked_add(by).ok_or(StoreError::InvalidArgument)?;
        self.patience.promise(&self.calls, key, ttl_seconds).await?;
        let count = self.calls.increment(&place(key), by).await?;
        if count.wrapping_sub(by).checked_add(by).is_none() {
            // Others have stepped it since it was seen, so that it wrapped around; it wraps back.
            self.calls.increment(&place(key), by.wrapping_neg()).await?;
            self.memory.removed(key);
            return Err(StoreError::InvalidArgument);
        }
        self.memory.wrote(key, &Held::Count(count), self.calls.now());
        known.insert(key, Held::Count(count));
        Ok(Reply::Count(count))
    }

    async fn set<'a>(
        &mut self,
        key: &'a str,
        value: &[u8],
        ttl_seconds: u32,
        known: &mut Known<'a>,
    ) -> Result<Reply, StoreError> {
        let replaces = match known.get(key) {
            None | Some(Held::Absent) => false,
            Some(Held::Value { .. }) => true,
            Some(Held::Count(_) | Held::Foreign) => return Err(StoreError::InvalidArgument),
        };
        let deadline = self.calls.now().saturating_add(u64::from(ttl_seconds));
        let bytes = encode(value, deadline);
        self.calls.set(&place(key), &bytes).await?;
        if replaces {
            marker::defend(&self.calls, key, &bytes).await?;
        }
        let held = Held::Value { deadline, value: Vec::new() };
        self.memory.wrote(key, &held, self.calls.now());
        known.insert(key, held);
        Ok(Reply::Done)
    }

    /// Removes keys. Where a key is absent, the sweeper must have finished with it. So a value that expired long ago is
    /// left to the sweeper, and any other value is removed only while the sweeper's marker doesn't name it: it may have
    /// been written over an expired one that the sweeper is about to remove.
    async fn remove<'a>(
        &mut self,
        operations: &'a [Operation],
        batch: &'a [Operation],
        known: &mut Known<'a>,
    ) -> Result<Vec<Reply>, StoreError> {
        let now = self.calls.now();
        let keys = operations.iter().map(Operation::key);
        let is_count = |key: &&str| {
            steps(batch, key)
                || self.memory.is_count(key, now)
                || matches!(self.memory.seen(key, now), Some(Held::Count(_)))
        };
        let (counts, others): (Vec<_>, Vec<_>) = keys.partition(is_count);
        let mut gone: Vec<_> = counts.iter().map(|key| place(key)).collect();
        known.extend(counts.into_iter().map(|key| (key, Held::Absent)));
        // A count goes whatever has become of it since it was seen. Anything else is looked at now.
        let (seen, unseen): (Vec<_>, Vec<_>) =
            others.into_iter().partition(|key| matches!(known.get(key), Some(Held::Count(_))));
        let held = self.held_all(&unseen).await?;
        let mut others: Vec<_> = unseen.into_iter().zip(held).collect();
        others.extend(seen.into_iter().filter_map(|key| Some((key, known.remove(key)?))));
        for (key, held) in others {
            let left = match held {
                Held::Value { deadline, value } if self.is_stale(deadline) => {
                    Held::Value { deadline, value }
                }
                Held::Absent => Held::Absent,
                Held::Value { .. } => {
                    marker::await_removal(&self.calls, key).await?;
                    gone.push(place(key));
                    Held::Absent
                }
                Held::Count(_) | Held::Foreign => {
                    gone.push(place(key));
                    Held::Absent
                }
            };
            known.insert(key, left);
        }
        for operation in operations {
            self.memory.removed(operation.key());
        }
        self.calls.delete_all(gone).await?;
        Ok(vec![Reply::Done; operations.len()])
    }

    pub(crate) async fn held_all(&self, keys: &[&str]) -> Result<Vec<Held>, StoreError> {
        let places: Vec<_> = keys.iter().map(|key| place(key)).collect();
        Ok(self.calls.get_all(&places).await?.into_iter().map(Held::of).collect())
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

    fn is_stale(&self, deadline: u64) -> bool {
        deadline.saturating_add(STALE_SECONDS) <= self.calls.now()
    }
}

/// Whether an operation writes nothing.
const fn reads(operation: &Operation) -> bool {
    matches!(operation, Operation::Get(_) | Operation::Increment(Step { by: 0, .. }))
}

const fn steps_down(operation: &Operation) -> bool {
    matches!(operation, Operation::Increment(Step { by: ..0, .. }))
}

/// The keys of operations, each once.
fn keys<'a>(operations: impl Iterator<Item = &'a Operation>) -> Vec<&'a str> {
    let mut keys: Vec<_> = operations.map(Operation::key).collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// Whether two operations in a row are carried out together.
const fn go_together(one: &Operation, next: &Operation) -> bool {
    let removes = matches!((one, next), (Operation::Delete(_), Operation::Delete(_)));
    removes || (reads(one) && reads(next))
}

/// Whether a batch counts in a key, which therefore holds a count for all its life.
fn steps(batch: &[Operation], key: &str) -> bool {
    let is_step = |operation: &Operation| {
        operation.key() == key && matches!(operation, Operation::Increment(_))
    };
    batch.iter().any(is_step)
}

/// The reply to an operation that only reads, from what its key holds.
fn read(operation: &Operation, held: Held, now: u64) -> Result<Reply, StoreError> {
    match (operation, held) {
        (Operation::Get(_), Held::Absent) => Ok(Reply::Value(None)),
        (Operation::Get(_), Held::Value { deadline, value }) => {
            Ok(Reply::Value((now < deadline).then_some(value)))
        }
        (Operation::Increment(_), Held::Absent) => Ok(Reply::Count(0)),
        (Operation::Increment(_), Held::Count(count)) => Ok(Reply::Count(count)),
        (Operation::Increment(_), Held::Value { deadline, .. }) if deadline <= now => {
            Ok(Reply::Count(0))
        }
        _ => Err(StoreError::InvalidArgument),
    }
}

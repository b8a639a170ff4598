//! `store.run`: a batch, one call of the backend for each write and as few as it lets us for reads and removals.

use countersign_contract::store::{Assignment, Operation, Reply, Step, check};
use countersign_contract::types::StoreError;

use crate::Store;
use crate::backend::Backend;
use crate::marker;
use crate::physical::{Held, encode, place};
use crate::prepare::Prepared;

/// A batch's time. The engine's lease leaves five seconds to what is written under it.
const BATCH_MILLIS: u64 = 4_000;
/// A value whose deadline was so long ago may be one that the sweeper is removing, which it does after a minute.
const STALE_SECONDS: u64 = 30;

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
        let mut prepared = self.prepare(batch).await?;
        let replies = self.carry_out(batch, &mut prepared).await;
        if replies.is_err() {
            self.forget_unseen(&prepared);
        }
        replies
    }

    async fn carry_out<'a>(
        &mut self,
        batch: &'a [Operation],
        prepared: &mut Prepared<'a>,
    ) -> Result<Vec<Reply>, StoreError> {
        let mut replies = Vec::with_capacity(batch.len());
        let mut rest = batch;
        while let Some((first, others)) = rest.split_first() {
            // What is only read, and what is removed, needs no order among itself.
            let together = others.iter().take_while(|next| go_together(first, next)).count();
            let (some, others) = rest.split_at(together + 1);
            match first {
                Operation::Delete(_) => replies.extend(self.remove(some, batch, prepared).await?),
                Operation::Get(_) | Operation::Increment(Step { by: 0, .. }) => {
                    replies.extend(self.read(some, prepared).await?);
                }
                Operation::Increment(Step { key, by, ttl_seconds }) => {
                    replies.push(self.increment(key, *by, *ttl_seconds, prepared).await?);
                }
                Operation::Set(Assignment { key, value, ttl_seconds }) => {
                    replies.push(self.set(key, value, *ttl_seconds, prepared).await?);
                }
            }
            rest = others;
        }
        Ok(replies)
    }

    /// Replies to operations that only read.
    async fn read(
        &mut self,
        operations: &[Operation],
        prepared: &Prepared<'_>,
    ) -> Result<Vec<Reply>, StoreError> {
        let keys: Vec<_> = operations.iter().map(Operation::key).collect();
        let asked = self.calls.now();
        // The marker comes with them where that costs no call.
        let beside = self.calls.reads_many().then(marker::key);
        let places: Vec<_> = keys.iter().map(|key| place(key)).chain(beside.clone()).collect();
        let mut held = self.calls.get_all(&places).await?;
        let marker = beside.and_then(|_| held.pop());
        let held: Vec<_> = held.into_iter().map(Held::of).collect();
        for (key, held) in keys.iter().zip(&held) {
            let is_spared = marker.as_ref().is_some_and(|marker| {
                !marker.as_ref().is_some_and(|marker| marker::names(marker, key, asked))
            });
            self.memory.saw(key, held, is_spared, asked);
            if *held != Held::Absent && prepared.is_unseen(key) {
                self.was_there(key);
            }
        }
        let now = self.calls.now();
        operations.iter().zip(held).map(|(operation, held)| read(operation, held, now)).collect()
    }

    async fn increment<'a>(
        &mut self,
        key: &'a str,
        by: i64,
        ttl_seconds: u32,
        prepared: &mut Prepared<'a>,
    ) -> Result<Reply, StoreError> {
        let is_unseen = prepared.is_unseen(key);
        let before = match prepared.known.get(key) {
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
        if is_unseen && count != by {
            self.was_there(key);
        }
        self.memory.wrote(key, &Held::Count(count), self.calls.now());
        prepared.known.insert(key, Held::Count(count));
        Ok(Reply::Count(count))
    }

    async fn set<'a>(
        &mut self,
        key: &'a str,
        value: &[u8],
        ttl_seconds: u32,
        prepared: &mut Prepared<'a>,
    ) -> Result<Reply, StoreError> {
        let replaces = match prepared.known.get(key) {
            None | Some(Held::Absent) => false,
            Some(Held::Value { .. }) => true,
            Some(Held::Count(_) | Held::Foreign) => return Err(StoreError::InvalidArgument),
        };
        let now = self.calls.now();
        let deadline = now.saturating_add(u64::from(ttl_seconds));
        let bytes = encode(value, deadline);
        let is_spared = self.memory.is_spared(key, now);
        self.calls.set(&place(key), &bytes).await?;
        if replaces && !is_spared {
            marker::defend(&self.calls, key, &bytes).await?;
        }
        let held = Held::Value { deadline, value: Vec::new() };
        self.memory.wrote(key, &held, self.calls.now());
        prepared.known.insert(key, held);
        Ok(Reply::Done)
    }

    /// Removes keys. Where a key is absent, the sweeper must have finished with it. So a value that expired long ago is
    /// left to the sweeper, and any other value is removed only while the sweeper's marker doesn't name it: it may have
    /// been written over an expired one that the sweeper is about to remove.
    async fn remove<'a>(
        &mut self,
        operations: &'a [Operation],
        batch: &'a [Operation],
        prepared: &mut Prepared<'a>,
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
        prepared.known.extend(counts.into_iter().map(|key| (key, Held::Absent)));
        // A count goes whatever has become of it since it was seen. Anything else is looked at now.
        let (seen, unseen): (Vec<_>, Vec<_>) = others
            .into_iter()
            .partition(|key| matches!(prepared.known.get(key), Some(Held::Count(_))));
        let held = self.held_all(&unseen).await?;
        let mut others: Vec<_> = unseen.into_iter().zip(held).collect();
        others.extend(seen.into_iter().filter_map(|key| Some((key, prepared.known.remove(key)?))));
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
            prepared.known.insert(key, left);
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

    fn is_stale(&self, deadline: u64) -> bool {
        deadline.saturating_add(STALE_SECONDS) <= self.calls.now()
    }
}

const fn steps_down(operation: &Operation) -> bool {
    matches!(operation, Operation::Increment(Step { by: ..0, .. }))
}

/// Whether two operations in a row are carried out together.
const fn go_together(one: &Operation, next: &Operation) -> bool {
    let removes = matches!((one, next), (Operation::Delete(_), Operation::Delete(_)));
    removes || (one.only_reads() && next.only_reads())
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

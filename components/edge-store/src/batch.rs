//! `store.run`: a batch, one call of the backend per operation, and what has to come before them.
//!
//! Before anything is written, each key to be written is read: what it holds says whether it has to be registered,
//! whether a step would wrap around (which Spin's SQLite store does in silence) or meet a value (at which it panics),
//! and whether the sweeper may be about to remove a value. What this instance registered a moment ago isn't read.

use std::collections::BTreeMap;

use crate::Store;
use crate::backend::Backend;
use crate::contract::{Operation, Reply, StoreError, check};
use crate::entry::{Entry, Seen};
use crate::marker;
use crate::memory::{Kind, SMALL_STEP};
use crate::physical::{Held, encode, place, sort, tag};

/// A batch's time. The engine's lease leaves five seconds to what is written under it.
const BATCH_MILLIS: u64 = 4_000;
/// A value whose deadline was so long ago may be one that the sweeper is removing, which it does after a minute.
const STALE_SECONDS: u64 = 30;

/// What the keys of a batch hold, as far as they had to be read.
type Known<'a> = BTreeMap<&'a str, Held>;

impl<B: Backend> Store<B> {
    /// Carries out a batch and replies to each operation.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` where a limit is passed (then nothing was written), a step would wrap around, or a key
    /// is of the other kind; `Timeout`, `Unavailable`, `Denied` as the backend gives cause. Any part may have been
    /// carried out then.
    pub async fn run(&mut self, batch: &[Operation]) -> Result<Vec<Reply>, StoreError> {
        check(batch)?;
        self.calls.begin(BATCH_MILLIS);
        let mut known = self.prepare(batch).await?;
        let mut replies = Vec::with_capacity(batch.len());
        for operation in batch {
            replies.push(self.carry_out(operation, &mut known).await?);
        }
        Ok(replies)
    }

    /// Reads what is about to be written, and registers what isn't there: in one write, whatever their number.
    async fn prepare<'a>(&mut self, batch: &'a [Operation]) -> Result<Known<'a>, StoreError> {
        let now = self.calls.now();
        let mut known = Known::new();
        let mut fresh = Vec::new();
        for operation in batch.iter().filter(|operation| operation.creates()) {
            let key = operation.key();
            if known.contains_key(key) {
                continue;
            }
            if self.is_trusted(operation, now) {
                known.insert(key, Held::Absent);
                continue;
            }
            let held = self.held(key).await?;
            if held == Held::Absent && !self.memory.is_registered(key, now) {
                fresh.push(key);
            }
            known.insert(key, held);
        }
        if fresh.is_empty() {
            return Ok(known);
        }
        self.foresee(batch, &known, &mut fresh, now).await?;
        let entries: Vec<_> = fresh.iter().map(|key| Entry::new(key, Seen::New)).collect();
        self.journal.register(&self.calls, &entries).await?;
        for key in &fresh {
            self.memory.registered(key, now);
        }
        self.registered(fresh.len());
        Ok(known)
    }

    /// Adds what the next batch of the same request is likely to create: the keys that this one reads and doesn't
    /// find, beside those that it creates. Only where it creates all that it writes under their tag: then it is
    /// the first to deal with them. So an issue writes to the journal once. Windows of which one is created are
    /// left out: their neighbours are not created next.
    async fn foresee<'a>(
        &self,
        batch: &'a [Operation],
        known: &Known<'a>,
        fresh: &mut Vec<&'a str>,
        now: u64,
    ) -> Result<(), StoreError> {
        let is_new = |tag: &str| {
            let mut written = known.keys().filter(|key| self::tag(key) == Some(tag));
            written.all(|key| fresh.contains(key))
        };
        let begins = |key: &str| {
            tag(key).is_some_and(|own| fresh.iter().any(|key| tag(key) == Some(own)) && is_new(own))
        };
        let is_window = |key: &str| {
            known.keys().any(|other| tag(other) == tag(key) && sort(other) == sort(key))
        };
        let reads = batch.iter().filter(|operation| {
            matches!(operation, Operation::Get(_) | Operation::Increment { by: 0, .. })
        });
        let mut likely: Vec<_> = reads
            .map(Operation::key)
            .filter(|key| begins(key) && !is_window(key) && !self.memory.is_registered(key, now))
            .collect();
        likely.sort_unstable();
        likely.dedup();
        for key in likely {
            if self.held(key).await? == Held::Absent {
                fresh.push(key);
            }
        }
        Ok(())
    }

    async fn carry_out<'a>(
        &mut self,
        operation: &'a Operation,
        known: &mut Known<'a>,
    ) -> Result<Reply, StoreError> {
        match operation {
            Operation::Delete(key) => self.remove(key, known).await,
            Operation::Get(key) => match self.held(key).await? {
                Held::Absent => Ok(Reply::Value(None)),
                Held::Count(_) | Held::Foreign => Err(StoreError::InvalidArgument),
                Held::Value { deadline, value } => {
                    Ok(Reply::Value((self.calls.now() < deadline).then_some(value)))
                }
            },
            Operation::Increment { key, by: 0, .. } => match self.held(key).await? {
                Held::Absent => Ok(Reply::Count(0)),
                Held::Count(count) => Ok(Reply::Count(count)),
                Held::Value { deadline, .. } if deadline <= self.calls.now() => Ok(Reply::Count(0)),
                Held::Foreign | Held::Value { .. } => Err(StoreError::InvalidArgument),
            },
            Operation::Increment { key, by, ttl_seconds } => {
                let before = match known.get(key.as_str()) {
                    None | Some(Held::Absent) => 0,
                    Some(Held::Count(count)) => *count,
                    Some(Held::Foreign | Held::Value { .. }) => {
                        return Err(StoreError::InvalidArgument);
                    }
                };
                before.checked_add(*by).ok_or(StoreError::InvalidArgument)?;
                self.patience.promise(&self.calls, key, *ttl_seconds).await?;
                let count = self.calls.increment(&place(key), *by).await?;
                self.memory.counted(key, count);
                known.insert(key, Held::Count(count));
                Ok(Reply::Count(count))
            }
            Operation::Set { key, value, ttl_seconds } => {
                let replaces = match known.get(key.as_str()) {
                    None | Some(Held::Absent) => false,
                    Some(Held::Value { .. }) => true,
                    Some(Held::Count(_) | Held::Foreign) => {
                        return Err(StoreError::InvalidArgument);
                    }
                };
                let deadline = self.calls.now().saturating_add(u64::from(*ttl_seconds));
                let bytes = encode(value, deadline);
                self.calls.set(&place(key), &bytes).await?;
                if replaces {
                    marker::defend(&self.calls, key, &bytes).await?;
                }
                self.memory.wrote(key, Kind::Value);
                known.insert(key, Held::Value { deadline, value: Vec::new() });
                Ok(Reply::Done)
            }
        }
    }

    /// Removes a key. A value not while the sweeper may be removing it, so that whoever finds a key absent knows
    /// that the sweeper has finished with it: one whose time has long been over is left to it, and another
    /// one may have been written a moment ago over one that it is removing.
    async fn remove<'a>(&self, key: &'a str, known: &mut Known<'a>) -> Result<Reply, StoreError> {
        if !self.memory.is_count(key, self.calls.now()) {
            match self.held(key).await? {
                Held::Absent => {
                    known.insert(key, Held::Absent);
                    return Ok(Reply::Done);
                }
                Held::Value { deadline, value } if self.is_stale(deadline) => {
                    known.insert(key, Held::Value { deadline, value });
                    return Ok(Reply::Done);
                }
                Held::Count(_) | Held::Foreign => {}
                Held::Value { .. } => marker::await_removal(&self.calls, key).await?,
            }
        }
        self.calls.delete(&place(key)).await?;
        known.insert(key, Held::Absent);
        Ok(Reply::Done)
    }

    pub(crate) async fn held(&self, key: &str) -> Result<Held, StoreError> {
        Ok(Held::of(self.calls.get(&place(key)).await?))
    }

    fn is_trusted(&self, operation: &Operation, now: u64) -> bool {
        match operation {
            Operation::Delete(_) | Operation::Get(_) => false,
            Operation::Increment { key, by, .. } => {
                by.unsigned_abs() <= SMALL_STEP && self.memory.trusts(key, Kind::Count, now)
            }
            Operation::Set { key, .. } => self.memory.trusts(key, Kind::Value, now),
        }
    }

    fn is_stale(&self, deadline: u64) -> bool {
        deadline.saturating_add(STALE_SECONDS) <= self.calls.now()
    }
}

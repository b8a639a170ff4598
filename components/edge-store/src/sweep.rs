//! `upkeep.sweep`: looks at the keys that the journal names, and removes those whose time is over.
//!
//! One sweeper at a time, in steps: a cursor goes through the buckets in the order of time. What is to be looked
//! at again is written into the journal before the segment that named it goes; so a step that is cut off loses
//! nothing, and is done again.
//!
//! **Values** carry their deadline. A minute after it they are removed, as `marker.rs` says.
//!
//! **Counts** are bare numbers, so a look notes the number, and the same number a ttl later says that nobody has
//! counted. A step that comes between that look and the removal, a call apart, is lost. The engine is right all
//! the same: it comes an hour or more after the count's last use. An odometer that begins anew reads below the
//! challenge that relies on it, whose reading is refused; `used`, `sending` and `limit` keys are named for what is over
//! by then; failures are forgotten after a year. A count of 0 is as good as none, and goes after an hour.

use std::collections::{BTreeMap, BTreeSet};

use crate::Store;
use crate::backend::Backend;
use crate::contract::{StoreError, Swept};
use crate::entry::{Entry, Seen};
use crate::journal::{self, bucket, bucket_after, count_key, segment_key};
use crate::lease::{self, Lease};
use crate::marker;
use crate::patience::{Grade, Patience};
use crate::physical::{Held, bookkeeping, place, sort};

/// Nothing is asked of the backend later than this, whatever is unfinished: the lease is good for longer.
const SWEEP_MILLIS: u64 = 20_000;
/// Keys that one step looks at, whatever was asked for: they are held in memory.
const MOST_KEYS: u32 = 256;
const MOST_EMPTY: u32 = 256;
/// For clocks that differ.
const MARGIN_SECONDS: u64 = 60;
/// When a key that was gone is looked at again: far longer than any batch takes.
const CONFIRM_SECONDS: u64 = 600;
/// A key is looked at so often at least, so that one removed otherwise doesn't stay in the journal for a year.
const LONGEST_SECONDS: u64 = 7 * 86_400;

/// Where the sweeper has come to: a bucket, and how many of its segments are done.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Cursor {
    bucket: u64,
    done: i64,
}

/// What one step has done so far, and what it owes the journal.
#[derive(Default)]
struct Step {
    swept: Swept,
    /// What is to be looked at again, by bucket.
    survivors: BTreeMap<u64, Vec<Entry>>,
    /// What has to go once the survivors are written.
    finished: Vec<String>,
    /// A segment that wasn't looked at to its end, and the rest of it.
    begun: Option<(String, String)>,
    /// The grades read so far, by sort of key.
    grades: BTreeMap<String, Grade>,
}

impl<B: Backend> Store<B> {
    /// Removes keys whose time to live is over: looks at `limit` of them at most, and at none where another
    /// instance is sweeping.
    ///
    /// # Errors
    ///
    /// As [`Store::run`]. What was left is left to the next step.
    pub async fn sweep(&mut self, limit: u32) -> Result<Swept, StoreError> {
        self.swept();
        self.calls.begin(SWEEP_MILLIS);
        let limit = limit.min(MOST_KEYS);
        let now = self.calls.now();
        let is_behind = |cursor: &Cursor| cursor.bucket <= bucket(now);
        if limit == 0 || !self.cursor().await?.as_ref().is_some_and(is_behind) {
            return Ok(Swept::default());
        }
        let lease = Lease::ask(&self.calls, &mut self.journal).await?;
        let swept = if lease.held { self.step(limit, &lease).await } else { Ok(Swept::default()) };
        let given_back = lease.give_back(&self.calls).await;
        swept.and_then(|swept| given_back.map(|()| swept))
    }

    async fn step(&self, limit: u32, lease: &Lease) -> Result<Swept, StoreError> {
        let Some(mut cursor) = self.cursor().await? else { return Ok(Swept::default()) };
        let mut step = Step::default();
        let mut empty = 0;
        let mut segments = None;
        step.swept.more = true;
        while step.begun.is_none()
            && step.swept.examined < limit
            && empty < MOST_EMPTY
            && lease.lasts(&self.calls)
        {
            if cursor.bucket > bucket(self.calls.now()) {
                step.swept.more = false;
                break;
            }
            let claimed = match segments {
                Some(claimed) => claimed,
                None => journal::segments(&self.calls, cursor.bucket).await?,
            };
            segments = Some(claimed);
            if cursor.done >= claimed {
                if claimed > 0 {
                    step.finished.push(count_key(cursor.bucket));
                }
                cursor = Cursor { bucket: cursor.bucket.saturating_add(1), done: 0 };
                segments = None;
                empty += 1;
                continue;
            }
            let key = segment_key(cursor.bucket, cursor.done.saturating_add(1));
            let Some(text) = self.calls.get(&key).await? else {
                // Claimed and never written, or done by a step that was cut off.
                cursor.done = cursor.done.saturating_add(1);
                empty += 1;
                continue;
            };
            let mut entries = Entry::lines(&text);
            while !entries.is_empty() && step.swept.examined < limit && lease.lasts(&self.calls) {
                let room = usize::try_from(limit - step.swept.examined).unwrap_or(usize::MAX);
                let rest = entries.split_off(entries.len().min(room).min(marker::MAX_KEYS));
                self.look_at(entries, &mut step, lease).await?;
                entries = rest;
            }
            if entries.is_empty() {
                step.finished.push(key);
                cursor.done = cursor.done.saturating_add(1);
            } else {
                step.begun = Some((key, entries.iter().map(Entry::line).collect()));
            }
        }
        self.put_down(&step, cursor).await?;
        Ok(step.swept)
    }

    /// Writes down what a step leaves to others: first what is to be looked at again, then that it is done.
    async fn put_down(&self, step: &Step, cursor: Cursor) -> Result<(), StoreError> {
        for (bucket, entries) in &step.survivors {
            journal::write(&self.calls, *bucket, entries).await?;
        }
        if let Some((key, rest)) = &step.begun {
            self.calls.set(key, rest.as_bytes()).await?;
        }
        for key in &step.finished {
            self.calls.delete(key).await?;
        }
        self.calls.set(&state_key(), cursor.text().as_bytes()).await
    }

    /// Looks at a few keys, and removes what may be.
    async fn look_at(
        &self,
        entries: Vec<Entry>,
        step: &mut Step,
        lease: &Lease,
    ) -> Result<(), StoreError> {
        let now = self.calls.now();
        let mut expired = Vec::new();
        let mut looked_at = BTreeSet::new();
        for entry in entries {
            step.swept.examined += 1;
            if entry.seen == Seen::Lease {
                self.calls.delete(&lease::key(&entry.key)).await?;
                continue;
            }
            if !looked_at.insert(entry.key.clone()) {
                continue;
            }
            match self.held(&entry.key).await? {
                Held::Absent if entry.seen == Seen::Gone => {}
                Held::Absent => step.again(now, CONFIRM_SECONDS, &entry.key, Seen::Gone),
                Held::Count(count) => self.look_at_count(&entry, count, step, lease).await?,
                Held::Foreign => step.again(now, LONGEST_SECONDS, &entry.key, Seen::New),
                Held::Value { deadline, .. } => match time_left(deadline, now) {
                    0 => expired.push(entry.key),
                    left => step.again(now, left, &entry.key, Seen::New),
                },
            }
        }
        if expired.is_empty() { Ok(()) } else { self.remove_values(expired, step, lease).await }
    }

    /// A count is removed where it has the number that was noted a ttl ago.
    async fn look_at_count(
        &self,
        entry: &Entry,
        count: i64,
        step: &mut Step,
        lease: &Lease,
    ) -> Result<(), StoreError> {
        let now = self.calls.now();
        let grade = match step.grades.get(sort(&entry.key)) {
            _ if count == 0 => Grade::Hour,
            Some(grade) => *grade,
            None => {
                let grade = Patience::learn(&self.calls, &entry.key).await?;
                step.grades.insert(sort(&entry.key).into(), grade);
                grade
            }
        };
        let patience = grade.seconds().saturating_add(MARGIN_SECONDS);
        let since = match entry.seen {
            // A clock that went back proves nothing.
            Seen::Noted { count: noted, since } if noted == count && since <= now => since,
            _ => now,
        };
        let left = since.saturating_add(patience).saturating_sub(now);
        if left > 0 {
            step.again(now, left, &entry.key, Seen::Noted { count, since });
        } else if self.remove_in_time(&entry.key, step, lease).await? {
            step.again(now, CONFIRM_SECONDS, &entry.key, Seen::Gone);
        } else {
            step.again(now, 0, &entry.key, entry.seen);
        }
        Ok(())
    }

    /// Removes values, unless they have just been written.
    async fn remove_values(
        &self,
        keys: Vec<String>,
        step: &mut Step,
        lease: &Lease,
    ) -> Result<(), StoreError> {
        marker::publish(&self.calls, &keys).await?;
        for key in keys {
            let held = self.held(&key).await?;
            let now = self.calls.now();
            let is_over =
                matches!(held, Held::Value { deadline, .. } if time_left(deadline, now) == 0);
            let seen = if is_over && self.remove_in_time(&key, step, lease).await? {
                Seen::Gone
            } else {
                Seen::New
            };
            step.again(now, CONFIRM_SECONDS, &key, seen);
        }
        marker::clear(&self.calls).await
    }

    /// Removes a key, where the lease lasts.
    async fn remove_in_time(
        &self,
        key: &str,
        step: &mut Step,
        lease: &Lease,
    ) -> Result<bool, StoreError> {
        if !lease.lasts(&self.calls) {
            return Ok(false);
        }
        self.calls.delete(&place(key)).await?;
        step.swept.removed += 1;
        Ok(true)
    }

    /// Where to go on; nothing where nobody has ever registered anything. What can't be read begins anew. A
    /// cursor in the future is the work of a clock that was wrong.
    async fn cursor(&self) -> Result<Option<Cursor>, StoreError> {
        let now = bucket(self.calls.now());
        let written = self.calls.get(&state_key()).await?;
        if let Some(cursor) = written.as_deref().and_then(Cursor::read) {
            let is_possible = cursor.bucket <= now.saturating_add(1);
            return Ok(Some(if is_possible { cursor } else { Cursor { bucket: now, done: 0 } }));
        }
        let origin = self.calls.get(&journal::origin_key()).await?;
        let origin =
            origin.as_deref().and_then(|text| std::str::from_utf8(text).ok()?.parse().ok());
        Ok(origin.map(|bucket| Cursor { bucket, done: 0 }))
    }
}

impl Step {
    /// Has a key looked at again.
    fn again(&mut self, now: u64, delay: u64, key: &str, seen: Seen) {
        let bucket = bucket_after(now, delay.clamp(CONFIRM_SECONDS, LONGEST_SECONDS));
        self.survivors.entry(bucket).or_default().push(Entry::new(key, seen));
    }
}

impl Cursor {
    fn text(self) -> String {
        format!("{} {}", self.bucket, self.done)
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (bucket, done) = std::str::from_utf8(bytes).ok()?.split_once(' ')?;
        Some(Self { bucket: bucket.parse().ok()?, done: done.parse().ok()? })
    }
}

fn state_key() -> String {
    bookkeeping("state")
}

/// Seconds until a value may be removed.
const fn time_left(deadline: u64, now: u64) -> u64 {
    deadline.saturating_add(MARGIN_SECONDS).saturating_sub(now)
}

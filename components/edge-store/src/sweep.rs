//! `upkeep.sweep`: looks at the keys that the journal names, and removes those whose time is over.
//!
//! One sweeper at a time, in steps: a cursor goes through the buckets in the order of time. What is to be looked
//! at again is written into the journal before the segment that named it goes; so a step that is cut off loses
//! nothing, and is done again.

use countersign_contract::types::StoreError;
use countersign_contract::upkeep::Swept;

use crate::backend::Backend;
use crate::entry::Entry;
use crate::journal::{self, bucket, count_key, segment_key};
use crate::lease::Lease;
use crate::look::Looks;
use crate::physical::bookkeeping;
use crate::{Ended, Store};

/// Nothing is asked of the backend later than this, whatever is unfinished: the lease is good for longer.
const SWEEP_MILLIS: u64 = 20_000;
/// Keys that one step looks at, whatever was asked for: they are held in memory.
const MOST_KEYS: u32 = 256;
/// Buckets and segments with nothing in them that one step passes.
const MOST_EMPTY: u32 = 256;

/// Where the sweeper has come to: a bucket, and how many of its segments are done.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Cursor {
    bucket: u64,
    done: i64,
}

/// One step, as far as it has come.
struct Step {
    cursor: Cursor,
    /// How many segments the cursor's bucket has, where that has been read.
    segments: Option<i64>,
    empty: u32,
    looks: Looks,
    /// What has to go once the survivors are written.
    finished: Vec<String>,
    /// A segment that wasn't looked at to its end, and the rest of it.
    begun: Option<(String, String)>,
}

impl<B: Backend> Store<B> {
    /// Removes keys whose time to live is over: looks at `limit` of them at most, and at none where another
    /// instance is sweeping.
    ///
    /// # Errors
    ///
    /// As [`Store::run`]. What was left is left to the next step.
    pub async fn sweep(&mut self, limit: u32) -> Result<Swept, StoreError> {
        let ended = self.attempt(limit).await;
        self.swept(ended.as_ref().unwrap_or(&Ended::Refused));
        ended.map(|ended| match ended {
            Ended::Idle | Ended::Refused => Swept::default(),
            Ended::Step(swept) => swept,
        })
    }

    async fn attempt(&mut self, limit: u32) -> Result<Ended, StoreError> {
        self.calls.begin(SWEEP_MILLIS);
        let limit = limit.min(MOST_KEYS);
        let now = self.calls.now();
        let is_behind = |cursor: &Cursor| cursor.bucket <= bucket(now);
        if limit == 0 || !self.cursor().await?.as_ref().is_some_and(is_behind) {
            return Ok(Ended::Idle);
        }
        let lease = Lease::ask(&self.calls, &mut self.journal, &mut self.memory).await?;
        let ended = if lease.held {
            self.step(limit, &lease).await.map(Ended::Step)
        } else {
            Ok(Ended::Refused)
        };
        let given_back = lease.give_back(&self.calls).await;
        ended.and_then(|ended| given_back.map(|()| ended))
    }

    async fn step(&self, limit: u32, lease: &Lease) -> Result<Swept, StoreError> {
        let Some(cursor) = self.cursor().await? else { return Ok(Swept::default()) };
        let mut step = Step {
            cursor,
            segments: None,
            empty: 0,
            looks: Looks::default(),
            finished: Vec::new(),
            begun: None,
        };
        let mut more = true;
        while more
            && step.begun.is_none()
            && step.looks.swept.examined < limit
            && step.empty < MOST_EMPTY
            && lease.lasts(&self.calls)
        {
            self.advance(&mut step, limit, lease).await?;
            more = step.cursor.bucket <= bucket(self.calls.now());
        }
        self.put_down(&step).await?;
        Ok(Swept { more, ..step.looks.swept })
    }

    /// Does the next segment, or goes on to the next bucket.
    async fn advance(&self, step: &mut Step, limit: u32, lease: &Lease) -> Result<(), StoreError> {
        let Cursor { bucket, done } = step.cursor;
        let segments = match step.segments {
            Some(segments) => segments,
            None => journal::segments(&self.calls, bucket).await?,
        };
        if done >= segments {
            if segments > 0 {
                step.finished.push(count_key(bucket));
            }
            step.cursor = Cursor { bucket: bucket.saturating_add(1), done: 0 };
            step.segments = None;
            step.empty += 1;
            return Ok(());
        }
        step.segments = Some(segments);
        let next = done.saturating_add(1);
        let key = segment_key(bucket, next);
        let Some(text) = self.calls.get(&key).await? else {
            // Claimed and never written, or done by a step that was cut off.
            step.cursor.done = next;
            step.empty += 1;
            return Ok(());
        };
        let looks = &mut step.looks;
        let mut entries = Entry::lines(&text);
        while !entries.is_empty() && looks.swept.examined < limit && lease.lasts(&self.calls) {
            let room = usize::try_from(limit - looks.swept.examined).unwrap_or(usize::MAX);
            let rest =
                entries.split_off(entries.len().min(room).min(lease.keys_together(&self.calls)));
            self.look_at(entries, looks, lease).await?;
            entries = rest;
        }
        if entries.is_empty() {
            step.finished.push(key);
            step.cursor.done = next;
        } else {
            step.begun = Some((key, entries.iter().map(Entry::line).collect()));
        }
        Ok(())
    }

    /// Writes down what a step leaves to others: first what is to be looked at again, then that it is done.
    async fn put_down(&self, step: &Step) -> Result<(), StoreError> {
        for (bucket, entries) in &step.looks.survivors {
            journal::write(&self.calls, *bucket, entries).await?;
        }
        if let Some((key, rest)) = &step.begun {
            self.calls.set(key, rest.as_bytes()).await?;
        }
        self.calls.delete_all(step.finished.clone()).await?;
        self.calls.set(&state_key(), step.cursor.text().as_bytes()).await
    }

    /// Where to go on; nothing where no key was ever registered. What can't be read begins anew. A
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

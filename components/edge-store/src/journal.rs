//! The journal: which keys the sweeper has to look at, and when.
//!
//! **No key is created before the journal names it.** A backend that can't forget can't be asked either which keys it
//! holds, at a price that doesn't grow; so an instance that creates a key registers it first. One that finds it
//! present relies on its creator. That may be wrong by a hair (the sweeper removes it right then, and the step
//! creates it once more), so a key leaves the journal only when a second look, ten minutes after it was found gone,
//! finds it gone again. (Left over: three instances that each, within the seconds between their read and their write,
//! lose the key under their hands, the last one right at the second look. It would cost one small key that is never
//! removed.)
//!
//! Time is cut into buckets of ten minutes, named for the time of the next look. A bucket holds a count of its
//! segments; the instance that steps it owns the segment of that number, and rewrites it while it fills. A new key is
//! looked at after an hour, so its bucket is closed long before the sweeper comes.

use countersign_contract::types::StoreError;

use crate::backend::{Backend, Calls};
use crate::entry::{Entry, Seen};
use crate::physical::{Held, bookkeeping};

pub(crate) const BUCKET_SECONDS: u64 = 600;
/// When a new key is looked at first.
const FIRST_LOOK_SECONDS: u64 = 3_600;
/// How long an instance adds to a segment: far shorter than until the first look.
const OPEN_SECONDS: u64 = 300;
/// What a segment has room for: entries and bytes.
#[derive(Clone, Copy)]
struct Room(usize, usize);

/// A segment that is written anew for each batch that adds to it is kept small …
const WHILE_IT_FILLS: Room = Room(32, 4_096);
/// … and one that is written once is not.
const AT_ONCE: Room = Room(256, 65_536);

/// The bucket that a time falls in.
pub(crate) const fn bucket(seconds: u64) -> u64 {
    seconds / BUCKET_SECONDS
}

/// The bucket for a look that is to come no earlier than this. Looks far ahead are put together, so that
/// few segments hold them.
pub(crate) const fn bucket_after(now: u64, delay: u64) -> u64 {
    let buckets_together = match delay {
        0..14_400 => 3,
        14_400..172_800 => 18,
        _ => 72,
    };
    let exact = now.saturating_add(delay).div_ceil(BUCKET_SECONDS);
    exact.div_ceil(buckets_together).saturating_mul(buckets_together)
}

/// Where a bucket's count of segments stands.
pub(crate) fn count_key(bucket: u64) -> String {
    bookkeeping(&format!("{bucket}:count"))
}

/// Where a segment stands.
pub(crate) fn segment_key(bucket: u64, number: i64) -> String {
    bookkeeping(&format!("{bucket}:{number}"))
}

/// How many segments of a bucket were ever claimed.
pub(crate) async fn segments<B: Backend>(calls: &Calls<B>, bucket: u64) -> Result<i64, StoreError> {
    Ok(match Held::of(calls.get(&count_key(bucket)).await?) {
        Held::Count(count) => count,
        Held::Absent | Held::Foreign | Held::Value { .. } => 0,
    })
}

/// Where the very first bucket is written down: all that the sweeper has to begin with.
pub(crate) fn origin_key() -> String {
    bookkeeping("origin")
}

/// Writes entries into segments of their own.
pub(crate) async fn write<B: Backend>(
    calls: &Calls<B>,
    bucket: u64,
    entries: &[Entry],
) -> Result<(), StoreError> {
    fill(calls, None, AT_ONCE, bucket, entries).await.map(drop)
}

/// Adds entries to a segment, and to more of the same bucket where it is full; the last of them.
async fn fill<B: Backend>(
    calls: &Calls<B>,
    mut segment: Option<Segment>,
    room: Room,
    bucket: u64,
    entries: &[Entry],
) -> Result<Option<Segment>, StoreError> {
    for entry in entries {
        let line = entry.line();
        if let Some(full) = segment.take_if(|segment| !segment.takes(&line, room)) {
            full.set(calls).await?;
        }
        let mut open = match segment {
            Some(open) => open,
            None => Segment::claim(calls, bucket).await?,
        };
        open.push(&line);
        segment = Some(open);
    }
    if let Some(segment) = &segment {
        segment.set(calls).await?;
    }
    Ok(segment)
}

/// The segment that this instance is filling.
#[derive(Default)]
pub(crate) struct Journal {
    open: Option<Segment>,
    has_origin: bool,
}

impl Journal {
    /// Registers entries for their first look: before anything that they name is created. One write, now and then
    /// two or three.
    pub(crate) async fn register<B: Backend>(
        &mut self,
        calls: &Calls<B>,
        entries: &[Entry],
    ) -> Result<(), StoreError> {
        // After an error it isn't known what a segment holds: it is left as it is, and another one begun.
        let now = calls.now();
        let open = self.open.take().filter(|segment| segment.is_open(now));
        if !self.has_origin {
            self.begin(calls).await?;
        }
        let bucket = bucket(now.saturating_add(FIRST_LOOK_SECONDS));
        self.open = fill(calls, open, WHILE_IT_FILLS, bucket, entries).await?;
        Ok(())
    }

    /// Whether an entry can be added to a segment that is there.
    pub(crate) fn is_open(&self, now: u64) -> bool {
        self.open.as_ref().is_some_and(|segment| segment.is_open(now))
    }

    /// Takes back the entry of a key that has turned out to be registered already. It goes with the next write of the
    /// segment, and stays where there is none: it is looked at once more than it need be.
    pub(crate) fn withdraw(&mut self, key: &str) {
        if let Some(open) = &mut self.open {
            open.take_back(&Entry::new(key, Seen::New).line());
        }
    }

    /// Makes sure that the sweeper will find the first bucket. Who sets it second sets nearly the same, and all
    /// that is registered comes an hour later.
    async fn begin<B: Backend>(&mut self, calls: &Calls<B>) -> Result<(), StoreError> {
        let key = origin_key();
        if calls.get(&key).await?.is_none() {
            calls.set(&key, bucket(calls.now()).to_string().as_bytes()).await?;
        }
        self.has_origin = true;
        Ok(())
    }
}

struct Segment {
    bucket: u64,
    number: i64,
    since: u64,
    entries: usize,
    text: String,
}

impl Segment {
    async fn claim<B: Backend>(calls: &Calls<B>, bucket: u64) -> Result<Self, StoreError> {
        let since = calls.now();
        let count_key = count_key(bucket);
        let number = calls.increment(&count_key, 1).await?;
        calls.probe(&count_key).await?;
        Ok(Self { bucket, number, since, entries: 0, text: String::new() })
    }

    fn is_open(&self, now: u64) -> bool {
        (self.since..self.since.saturating_add(OPEN_SECONDS)).contains(&now)
    }

    fn takes(&self, line: &str, Room(entries, bytes): Room) -> bool {
        self.entries < entries && self.text.len().saturating_add(line.len()) <= bytes
    }

    fn push(&mut self, line: &str) {
        self.entries += 1;
        self.text.push_str(line);
    }

    fn take_back(&mut self, line: &str) {
        let mut begin = 0;
        for present in self.text.split_inclusive('\n') {
            if present == line {
                self.text.replace_range(begin..begin + line.len(), "");
                self.entries -= 1;
                return;
            }
            begin += present.len();
        }
    }

    async fn set<B: Backend>(&self, calls: &Calls<B>) -> Result<(), StoreError> {
        calls.set(&segment_key(self.bucket, self.number), self.text.as_bytes()).await
    }
}

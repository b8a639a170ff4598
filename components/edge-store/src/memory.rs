//! What an instance remembers of the keys that it registered or read, so that the next batch of the same request asks
//! for nothing twice. Bounded; what is forgotten is only asked again.

use std::collections::BTreeMap;

use crate::physical::{Held, sort};

/// For so long an instance relies on having registered a key: the first look comes an hour after.
const REGISTERED_SECONDS: u64 = 600;
/// For so long it relies on a value not being one that the sweeper may remove: it was absent then, and what
/// was written since is not due until a minute after its deadline. And on the journal naming a key that was there: it
/// does for ten minutes after that key is gone.
const UNSWEPT_SECONDS: u64 = 30;
const MAX_KEYS: usize = 256;
const MAX_SORTS: usize = 64;
/// Steps up to this size can't make a remembered count wrap around while it is remembered.
pub(crate) const SMALL_STEP: u64 = 1 << 32;
const ROOMY: u64 = 1 << 62;

/// What sort of key this instance has made of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    Count,
    Value,
}

/// The keys that this instance has dealt with lately.
#[derive(Default)]
pub(crate) struct Memory {
    registered: BTreeMap<String, Registered>,
    seen: BTreeMap<String, Seen>,
    /// Sorts of counts of which the last one that it met first was absent.
    mostly_new: Vec<String>,
}

struct Registered {
    at: u64,
    kind: Option<Kind>,
}

/// What a key held. Of a value, all but its bytes.
struct Seen {
    at: u64,
    held: Held,
    /// Whether the sweeper was seen not to be removing it.
    is_spared: bool,
}

impl Memory {
    /// Notes that a key was absent and has been registered.
    pub(crate) fn registered(&mut self, key: &str, now: u64) {
        let room = |keys: &mut BTreeMap<String, Registered>| {
            keys.retain(|_, registered| lately(registered.at, now, REGISTERED_SECONDS));
        };
        make_room(&mut self.registered, room);
        self.registered.insert(key.into(), Registered { at: now, kind: None });
    }

    /// Notes that the journal may not name a key for this instance: it had been there before.
    pub(crate) fn unregistered(&mut self, key: &str) {
        self.registered.remove(key);
    }

    /// Notes what a key holds, and whether the sweeper is certainly not removing that. A count near its ends is asked for
    /// before each step.
    pub(crate) fn saw(&mut self, key: &str, held: &Held, is_spared: bool, now: u64) {
        if matches!(held, Held::Value { .. }) {
            self.was_not_new(key);
        }
        let held = match held {
            Held::Absent => Held::Absent,
            Held::Count(count) if count.unsigned_abs() < ROOMY => Held::Count(*count),
            Held::Value { deadline, .. } => Held::Value { deadline: *deadline, value: Vec::new() },
            Held::Count(_) | Held::Foreign => {
                self.seen.remove(key);
                self.registered.remove(key);
                return;
            }
        };
        let room = |keys: &mut BTreeMap<String, Seen>| {
            keys.retain(|_, seen| lately(seen.at, now, UNSWEPT_SECONDS));
        };
        make_room(&mut self.seen, room);
        self.seen.insert(key.into(), Seen { at: now, held, is_spared });
    }

    /// What a key held a moment ago: good enough to write it by, and to be asked again before anything is decided by it.
    pub(crate) fn seen(&self, key: &str, now: u64) -> Option<&Held> {
        let seen = self.seen.get(key)?;
        lately(seen.at, now, UNSWEPT_SECONDS).then_some(&seen.held)
    }

    /// Whether a value may be written over without asking what the sweeper does: the marker did not name it when it was
    /// read a moment ago, and its time is not over yet, so it has not been removed since.
    pub(crate) fn is_spared(&self, key: &str, now: u64) -> bool {
        self.seen.get(key).is_some_and(|seen| {
            let lasts = matches!(seen.held, Held::Value { deadline, .. } if now < deadline);
            seen.is_spared && lasts && lately(seen.at, now, UNSWEPT_SECONDS)
        })
    }

    /// Whether counts of this sort are mostly absent before this instance steps them.
    pub(crate) fn is_mostly_new(&self, key: &str) -> bool {
        self.mostly_new.iter().any(|new| new == sort(key))
    }

    /// Notes that a count which this instance met was absent.
    pub(crate) fn was_new(&mut self, key: &str) {
        if self.mostly_new.len() < MAX_SORTS && !self.is_mostly_new(key) {
            self.mostly_new.push(sort(key).into());
        }
    }

    /// Notes that a key which this instance met was there, whatever it held.
    pub(crate) fn was_not_new(&mut self, key: &str) {
        self.mostly_new.retain(|new| new != sort(key));
    }

    /// Notes what this instance has made of a key.
    pub(crate) fn wrote(&mut self, key: &str, held: &Held, now: u64) {
        let kind = if matches!(held, Held::Value { .. }) { Kind::Value } else { Kind::Count };
        if let Some(registered) = self.registered.get_mut(key) {
            registered.kind = Some(kind);
        }
        self.saw(key, held, false, now);
    }

    /// Notes that this instance has removed a key.
    pub(crate) fn removed(&mut self, key: &str) {
        self.seen.remove(key);
    }

    /// Whether the journal names a key, and will for a while.
    pub(crate) fn is_registered(&self, key: &str, now: u64) -> bool {
        self.registered.get(key).is_some_and(|known| lately(known.at, now, REGISTERED_SECONDS))
    }

    /// Whether a key may be written without having been read.
    pub(crate) fn trusts(&self, key: &str, kind: Kind, now: u64) -> bool {
        let seconds = match kind {
            Kind::Count => REGISTERED_SECONDS,
            Kind::Value => UNSWEPT_SECONDS,
        };
        self.registered.get(key).is_some_and(|known| {
            known.kind.is_none_or(|known| known == kind) && lately(known.at, now, seconds)
        })
    }

    /// Whether this instance has lately made a count of a key.
    pub(crate) fn is_count(&self, key: &str, now: u64) -> bool {
        self.registered.get(key).is_some_and(|known| known.kind == Some(Kind::Count))
            && self.is_registered(key, now)
    }
}

/// Makes sure that there is room for one more key.
fn make_room<T>(keys: &mut BTreeMap<String, T>, drop_old: impl Fn(&mut BTreeMap<String, T>)) {
    if keys.len() >= MAX_KEYS {
        drop_old(keys);
    }
    if keys.len() >= MAX_KEYS {
        keys.clear();
    }
}

/// Never where the clock has gone back.
fn lately(at: u64, now: u64, seconds: u64) -> bool {
    (at..at.saturating_add(seconds)).contains(&now)
}

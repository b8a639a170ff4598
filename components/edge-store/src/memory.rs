//! What an instance remembers of the keys that it registered, so that the next batch of the same request asks
//! for nothing twice. Bounded; what is forgotten is only asked again.

use std::collections::BTreeMap;

/// For so long an instance relies on having registered a key: the first look comes an hour after.
const REGISTERED_SECONDS: u64 = 600;
/// For so long it relies on a value not being one that the sweeper may remove: it was absent then, and what
/// was written since is not due until a minute after its deadline.
const UNSWEPT_SECONDS: u64 = 30;
const MAX_KEYS: usize = 256;
/// Steps up to this size can't make a remembered count wrap around while it is remembered.
pub(crate) const SMALL_STEP: u64 = 1 << 32;
const ROOMY: u64 = 1 << 62;

/// What sort of key this instance has made of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    Count,
    Value,
}

/// The keys that this instance has registered lately.
#[derive(Default)]
pub(crate) struct Memory {
    keys: BTreeMap<String, Registered>,
}

struct Registered {
    at: u64,
    kind: Option<Kind>,
}

impl Memory {
    /// Notes that a key was absent and has been registered.
    pub(crate) fn registered(&mut self, key: &str, now: u64) {
        if self.keys.len() >= MAX_KEYS {
            self.keys.retain(|_, registered| lately(registered.at, now, REGISTERED_SECONDS));
        }
        if self.keys.len() >= MAX_KEYS {
            self.keys.clear();
        }
        self.keys.insert(key.into(), Registered { at: now, kind: None });
    }

    /// Notes that this instance has written a key.
    pub(crate) fn wrote(&mut self, key: &str, kind: Kind) {
        if let Some(registered) = self.keys.get_mut(key) {
            registered.kind = Some(kind);
        }
    }

    /// Notes what a step brought: a count near its ends is asked for before each step.
    pub(crate) fn counted(&mut self, key: &str, count: i64) {
        if count.unsigned_abs() < ROOMY {
            self.wrote(key, Kind::Count);
        } else {
            self.keys.remove(key);
        }
    }

    /// Whether the journal names a key, and will for a while.
    pub(crate) fn is_registered(&self, key: &str, now: u64) -> bool {
        self.keys.get(key).is_some_and(|known| lately(known.at, now, REGISTERED_SECONDS))
    }

    /// Whether a key may be written without having been read.
    pub(crate) fn trusts(&self, key: &str, kind: Kind, now: u64) -> bool {
        let seconds = match kind {
            Kind::Count => REGISTERED_SECONDS,
            Kind::Value => UNSWEPT_SECONDS,
        };
        self.keys.get(key).is_some_and(|known| {
            known.kind.is_none_or(|known| known == kind) && lately(known.at, now, seconds)
        })
    }

    /// Whether this instance has lately made a count of a key.
    pub(crate) fn is_count(&self, key: &str, now: u64) -> bool {
        self.keys.get(key).is_some_and(|known| known.kind == Some(Kind::Count))
            && self.is_registered(key, now)
    }
}

/// Never where the clock has gone back.
fn lately(at: u64, now: u64, seconds: u64) -> bool {
    (at..at.saturating_add(seconds)).contains(&now)
}

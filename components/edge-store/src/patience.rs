//! How long a count of some sort has to be left alone before it may be forgotten.
//!
//! A count stands in the backend as a bare number, so its ttl stands elsewhere, and the steps of one count may have
//! different ones: the longest has to hold. It is noted by *sort* of key (`failures`, `limit:ip:send:60`), in four
//! grades, before a step is carried out; whatever is at most an hour needs no note. A note is a count that only
//! grows: a step of 2^0, 2^20 or 2^40 names a grade, and the highest one present is the sort's. So two that raise it at
//! once can't undo each other, and it costs an instance one read per sort in its life.
//!
//! Sorts share 256 keys by a hash of their names, which bounds what is never removed. Two that meet in one key
//! are kept as long as the longer of them.

use countersign_contract::store::MAX_TTL_SECONDS;
use countersign_contract::types::StoreError;

use crate::backend::{Backend, Calls};
use crate::physical::{Held, bookkeeping, sort};

/// With room for the engine's margin on windows of an hour, a day or a month.
const HOUR: u32 = 3_900;
const DAY: u32 = 90_000;
const MONTH: u32 = 31 * 86_400 + 3_600;

/// A class of ttls: up to so long.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Grade {
    Hour,
    Day,
    Month,
    Ever,
}

impl Grade {
    const fn of_ttl(ttl_seconds: u32) -> Self {
        if ttl_seconds <= HOUR {
            Self::Hour
        } else if ttl_seconds <= DAY {
            Self::Day
        } else if ttl_seconds <= MONTH {
            Self::Month
        } else {
            Self::Ever
        }
    }

    const fn step(self) -> i64 {
        match self {
            Self::Hour => 0,
            Self::Day => 1,
            Self::Month => 1 << 20,
            Self::Ever => 1 << 40,
        }
    }

    const fn of_note(note: i64) -> Self {
        match note {
            0 => Self::Hour,
            1..0x10_0000 => Self::Day,
            0x10_0000..0x100_0000_0000 => Self::Month,
            _ => Self::Ever,
        }
    }

    /// Seconds for which a count of this grade is kept after its last step.
    pub(crate) const fn seconds(self) -> u64 {
        let seconds = match self {
            Self::Hour => HOUR,
            Self::Day => DAY,
            Self::Month => MONTH,
            Self::Ever => MAX_TTL_SECONDS,
        };
        seconds as u64
    }
}

/// What one instance has learnt of the grades.
pub(crate) struct Patience([Grade; 256]);

impl Default for Patience {
    fn default() -> Self {
        Self([Grade::Hour; 256])
    }
}

impl Patience {
    /// Makes sure that a count is kept for this long: before its step.
    pub(crate) async fn promise<B: Backend>(
        &mut self,
        calls: &Calls<B>,
        key: &str,
        ttl_seconds: u32,
    ) -> Result<(), StoreError> {
        let wanted = Grade::of_ttl(ttl_seconds);
        let slot = slot(sort(key));
        let Some(learnt) = self.0.get_mut(usize::from(slot)) else { return Ok(()) };
        if *learnt >= wanted {
            return Ok(());
        }
        *learnt = read(calls, slot).await?;
        if *learnt < wanted {
            calls.increment(&note(slot), wanted.step()).await?;
            *learnt = wanted;
        }
        Ok(())
    }

    /// The grade of a key, as the backend has it now.
    pub(crate) async fn learn<B: Backend>(
        calls: &Calls<B>,
        key: &str,
    ) -> Result<Grade, StoreError> {
        read(calls, slot(sort(key))).await
    }
}

async fn read<B: Backend>(calls: &Calls<B>, slot: u8) -> Result<Grade, StoreError> {
    Ok(match Held::of(calls.get(&note(slot)).await?) {
        Held::Absent => Grade::Hour,
        Held::Count(note) => Grade::of_note(note),
        Held::Foreign | Held::Value { .. } => Grade::Ever,
    })
}

fn note(slot: u8) -> String {
    bookkeeping(&format!("ttl:{slot}"))
}

/// FNV-1a, folded to a byte.
fn slot(sort: &str) -> u8 {
    let hash = sort
        .bytes()
        .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    hash.to_be_bytes().into_iter().fold(0, |folded, byte| folded ^ byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_of_the_core_that_are_kept_long_share_no_slot_with_those_kept_briefly() {
        let long = slot("failures");
        for name in ["odometer", "used", "sending"] {
            assert_ne!(slot(name), long, "{name}");
        }
        for scope in ["ip", "purpose", "subject", "tenant"] {
            for activity in ["send", "verify"] {
                for seconds in ["60", "600", "3600", "86400"] {
                    let name = format!("limit:{scope}:{activity}:{seconds}");
                    assert_ne!(slot(&name), long, "{name}");
                    for brief in ["odometer", "used", "sending"] {
                        assert_ne!(slot(&name), slot(brief), "{name} and {brief}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_note_says_its_highest_grade_however_often_it_was_raised() {
        let grades = [Grade::Hour, Grade::Day, Grade::Month, Grade::Ever];
        for grade in grades {
            let lower = grades.into_iter().filter(|lower| *lower <= grade);
            let note: i64 = lower.map(|lower| lower.step() * 1_000).sum();
            assert_eq!(Grade::of_note(note), grade);
        }
        let windows = [(60, Grade::Hour), (3_600, Grade::Hour), (86_400, Grade::Day)];
        for (seconds, grade) in windows.into_iter().chain([(31 * 86_400, Grade::Month)]) {
            assert_eq!(Grade::of_ttl(seconds + 60), grade);
        }
        for ttl in [1, HOUR, HOUR + 1, DAY, DAY + 1, MONTH, MONTH + 1, MAX_TTL_SECONDS] {
            assert!(Grade::of_ttl(ttl).seconds() >= u64::from(ttl));
        }
    }
}

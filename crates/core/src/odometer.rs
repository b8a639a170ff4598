//! The odometer: a count of attempts that is stepped before anything is compared.
//!
//! A subject has two, used in turn by one budget after the other, so that an attempt that arrives late, or names a
//! challenge of an earlier budget, counts against nothing that lives. One number holds three:
//!
//! ```text
//! bit  62      52 51              28 27               0
//!      | epoch  | attempts voided   | attempts made   |
//! ```
//!
//! - `made` is stepped by every verification, in the batch that reads the challenges.
//! - `voided` is stepped by those that compared nothing after all. Both are read at one instant, so at most
//!   `max_attempts` codes are compared: among the attempts made up to any reading, those voided weren't.
//! - `epoch` is drawn when a budget begins, and is never 0. A reading with another one says that the count was lost
//!   or belongs to another budget: it is refused, not trusted.

use crate::batch::{Batch, CountTicket};
use crate::slot::Slot;
use crate::subject::Subject;
use crate::times::{ATTEMPTS_SECONDS, ODOMETER_SECONDS};

const MADE_BITS: u32 = 28;
const VOIDED_BITS: u32 = 24;
const EPOCH_BITS: u32 = 11;
const ATTEMPT: i64 = 1;
const VOID: i64 = 1 << MADE_BITS;
const EPOCH: i64 = 1 << (MADE_BITS + VOIDED_BITS);

// A count is an `s64` that never goes below 0.
const _: () = assert!(MADE_BITS + VOIDED_BITS + EPOCH_BITS == 63);

/// What an odometer shows.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Reading(i64);

impl Reading {
    pub(crate) const fn new(count: i64) -> Self {
        Self(count)
    }

    /// The budget that it counts for; 0 for none.
    pub(crate) fn epoch(self) -> u16 {
        u16::try_from(self.0 >> (MADE_BITS + VOIDED_BITS)).unwrap_or(0)
    }

    /// Attempts that were made and not voided.
    pub(crate) const fn attempts(self) -> i64 {
        let made = self.0 & (VOID - 1);
        let voided = (self.0 >> MADE_BITS) & ((1 << VOIDED_BITS) - 1);
        made - voided
    }

    /// Whether nothing was ever counted.
    pub(crate) const fn is_absent(self) -> bool {
        self.0 == 0
    }
}

/// An epoch, from random bytes.
pub(crate) fn draw(random: [u8; 2]) -> u16 {
    (u16::from_be_bytes(random) % ((1 << EPOCH_BITS) - 1)) + 1
}

/// Counts an attempt. Kept for long, since it may be a failure.
pub(crate) fn attempt(subject: &Subject, slot: Slot, batch: &mut Batch) -> CountTicket {
    batch.step(subject.odometer(slot), ATTEMPT, ATTEMPTS_SECONDS)
}

/// Reads.
pub(crate) fn look(subject: &Subject, slot: Slot, batch: &mut Batch) -> CountTicket {
    batch.read(subject.odometer(slot))
}

/// Voids an attempt that was made with this reading.
pub(crate) fn void(subject: &Subject, slot: Slot, reading: Reading, batch: &mut Batch) {
    let ttl_seconds = if reading.attempts() > 1 { ATTEMPTS_SECONDS } else { ODOMETER_SECONDS };
    batch.step(subject.odometer(slot), VOID, ttl_seconds);
}

/// Changes nothing but how long it is kept: an attempt, and its void.
pub(crate) fn keep(subject: &Subject, slot: Slot, batch: &mut Batch) {
    batch.step(subject.odometer(slot), ATTEMPT + VOID, ODOMETER_SECONDS);
}

/// Begins anew for a budget, whatever there was.
pub(crate) fn begin(
    subject: &Subject,
    slot: Slot,
    before: Reading,
    may_be_probed: bool,
    epoch: u16,
    batch: &mut Batch,
) {
    // An absent count need not be removed, unless it may have been made since it was looked at.
    if !before.is_absent() || may_be_probed {
        batch.delete(subject.odometer(slot));
    }
    batch.step(subject.odometer(slot), EPOCH.saturating_mul(i64::from(epoch)), ODOMETER_SECONDS);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keyring::Keyring;

    #[test]
    fn the_three_numbers_do_not_meet() {
        let most = (1 << MADE_BITS) - 1;
        let voided = (1 << VOIDED_BITS) - 2;
        let reading = Reading(2_047 * EPOCH + voided * VOID + most);
        assert_eq!(reading.epoch(), 2_047);
        assert_eq!(reading.attempts(), most - voided);
        assert_eq!(Reading(5).epoch(), 0);
        assert_eq!(Reading(-1).epoch(), 0);
    }

    #[test]
    fn an_epoch_is_never_none_and_always_fits() {
        let mut drawn = std::collections::BTreeSet::new();
        for random in 0..=u16::MAX {
            let epoch = draw(random.to_be_bytes());
            assert!((1..1 << EPOCH_BITS).contains(&epoch));
            assert_eq!(Reading(EPOCH * i64::from(epoch)).epoch(), epoch);
            drawn.insert(epoch);
        }
        assert_eq!(drawn.len(), (1 << EPOCH_BITS) - 1);
    }

    #[test]
    fn an_absent_count_is_removed_only_where_it_may_have_been_made_since() {
        let subject = Subject::from_digest(&Keyring::sample(), [7; 16], "login");
        let operations = |before: i64, may_be_probed: bool| {
            let mut batch = Batch::with_capacity(2);
            begin(&subject, Slot::Even, Reading::new(before), may_be_probed, 3, &mut batch);
            batch.into_operations().len()
        };
        assert_eq!([operations(0, false), operations(0, true)], [1, 2]);
        assert_eq!([operations(ATTEMPT, false), operations(ATTEMPT, true)], [2, 2]);
    }
}

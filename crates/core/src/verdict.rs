//! The verdict on a budget: the one count that decides how its challenges end.
//!
//! Every step is one increment, and its reply says what came before it; so of an answer, a revocation and an
//! operator's unlock exactly one is first, however many machines they come from.
//!
//! ```text
//! bit  62                15 14     12 11                4 3       0
//!      | revoked, 16 times 3 | cleared | sum of the places | answers |
//! ```
//!
//! A challenge has a place in its budget, 0 to 15. An answer adds 1 and its place. At most `max_attempts`, that is 10,
//! codes are compared in a budget, so neither field overflows; nor does a revocation, unless 8 of one challenge are
//! under way at once.

use crate::batch::{Batch, CountTicket};
use crate::nonce::Nonce;
use crate::subject::Subject;
use crate::times::ARBITER_SECONDS;

/// Places for challenges in a budget.
pub(crate) const PLACES: u8 = 16;

const ANSWER_BITS: u32 = 4;
const SUM_BITS: u32 = 8;
const CLEARED_BITS: u32 = 3;
const REVOKED_BITS: u32 = 3;
const PLACE: i64 = 1 << ANSWER_BITS;
const CLEARED: i64 = 1 << (ANSWER_BITS + SUM_BITS);
const REVOKED: i64 = 1 << (ANSWER_BITS + SUM_BITS + CLEARED_BITS);

const _: () = assert!(
    ANSWER_BITS + SUM_BITS + CLEARED_BITS + REVOKED_BITS * PLACES as u32 == 63,
    "a count is an s64 that never goes below 0"
);

/// What the count says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Verdict(i64);

impl Verdict {
    pub(crate) const fn new(count: i64) -> Self {
        Self(count)
    }

    /// Right codes that came to the decision.
    pub(crate) const fn answers(self) -> i64 {
        self.0 & ((1 << ANSWER_BITS) - 1)
    }

    /// Whether an operator cleared the budget.
    pub(crate) const fn is_cleared(self) -> bool {
        self.0 & (((1 << CLEARED_BITS) - 1) * CLEARED) != 0
    }

    /// How often a challenge was revoked.
    pub(crate) fn revocations(self, place: u8) -> i64 {
        let field = REVOKED_BITS.saturating_mul(u32::from(place % PLACES));
        (self.0 / REVOKED) >> field & ((1 << REVOKED_BITS) - 1)
    }

    /// Whether the answer that brought this won: it was the first, and nothing took the challenge back before.
    pub(crate) fn is_won_by(self, place: u8) -> bool {
        self.answers() == 1 && !self.is_cleared() && self.revocations(place) == 0
    }

    /// Whether the revocation that brought this was the first to decide.
    pub(crate) fn is_revoked_first(self, place: u8) -> bool {
        self.answers() == 0 && !self.is_cleared() && self.revocations(place) == 1
    }

    /// The place of the first answer, where that can be told by one that came after it.
    pub(crate) fn first_answer(self, own: u8) -> Option<u8> {
        let sum = (self.0 / PLACE) & ((1 << SUM_BITS) - 1);
        let own_place = i64::from(own);
        match self.answers() {
            2 => u8::try_from(sum.saturating_sub(own_place)).ok(),
            // One, or three and more of one challenge, as far as it can be told.
            answers if sum == answers.saturating_mul(own_place) => Some(own),
            _ => None,
        }
    }
}

/// Adds an answer.
pub(crate) fn answer(
    subject: &Subject,
    budget: &Nonce,
    place: u8,
    batch: &mut Batch,
) -> CountTicket {
    step(subject, budget, PLACE.saturating_mul(i64::from(place)).saturating_add(1), batch)
}

/// Adds a revocation.
pub(crate) fn revoke(
    subject: &Subject,
    budget: &Nonce,
    place: u8,
    batch: &mut Batch,
) -> CountTicket {
    let field = REVOKED_BITS.saturating_mul(u32::from(place % PLACES));
    step(subject, budget, REVOKED << field, batch)
}

/// Adds that an operator cleared the budget.
pub(crate) fn clear(subject: &Subject, budget: &Nonce, batch: &mut Batch) -> CountTicket {
    step(subject, budget, CLEARED, batch)
}

/// Reads.
pub(crate) fn look(subject: &Subject, budget: &Nonce, batch: &mut Batch) -> CountTicket {
    batch.read(subject.verdict(budget))
}

fn step(subject: &Subject, budget: &Nonce, by: i64, batch: &mut Batch) -> CountTicket {
    batch.step(subject.verdict(budget), by, ARBITER_SECONDS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_do_not_meet() {
        for place in 0..PLACES {
            let field = REVOKED_BITS * u32::from(place);
            for revocations in 1..=7 {
                let verdict =
                    Verdict(7 * CLEARED + 10 + 150 * PLACE + revocations * (REVOKED << field));
                assert_eq!(verdict.revocations(place), revocations);
                assert_eq!((verdict.answers(), verdict.is_cleared()), (10, true));
                assert!((0..PLACES).all(|other| other == place || verdict.revocations(other) == 0));
            }
        }
    }

    #[test]
    fn the_first_step_decides() {
        let answer = |place: i64| 1 + place * PLACE;
        let revoke = |place: u32| REVOKED << (3 * place);
        assert!(Verdict(answer(3)).is_won_by(3));
        assert!(!Verdict(answer(3) + answer(3)).is_won_by(3));
        assert!(!Verdict(answer(3) + revoke(3)).is_won_by(3));
        assert!(Verdict(answer(3) + revoke(2)).is_won_by(3));
        assert!(!Verdict(answer(3) + CLEARED).is_won_by(3));
        assert!(Verdict(revoke(3) + revoke(2)).is_revoked_first(3));
        assert!(!Verdict(revoke(3) + answer(2)).is_revoked_first(3));
        assert!(!Verdict(revoke(3) + revoke(3)).is_revoked_first(3));
        assert_eq!(Verdict(answer(3) + answer(5)).first_answer(5), Some(3));
        assert_eq!(Verdict(answer(3) + answer(5) + revoke(0)).first_answer(5), Some(3));
        assert_eq!(Verdict(answer(5)).first_answer(5), Some(5));
        assert_eq!(Verdict(3 * answer(5)).first_answer(5), Some(5));
        assert_eq!(Verdict(answer(1) + answer(2) + answer(5)).first_answer(5), None);
    }
}

//! How a challenge ends: answered once, or taken back. Two counts decide it, each for whichever step comes first:
//! `used` of the challenge between an answer and a revocation, `won` of its budget between the answers of different
//! challenges and an operator's unlock.

use super::{Engine, Located};
use crate::batch::{Batch, CountTicket};
use crate::nonce::Nonce;
use crate::record::{self, Budget, Record, Withdrawal};
use crate::times::{ARBITER_SECONDS, ENDING_SECONDS};
use crate::world::World;

/// So far above 1 that a count tells whether the first step was an answer.
pub(super) const TAKEN_BACK: i64 = 1 << 32;
/// The step of an answer.
pub(super) const ANSWERED: i64 = 1;
/// Challenges that are remembered as revoked: more than can live at once.
const REVOKED: usize = 6;

/// Steps the count that decides how a challenge ended.
pub(super) fn use_up(located: &Located, record: &Record, by: i64, batch: &mut Batch) -> CountTicket {
    batch.step(located.subject.used(&record.nonce), by, ARBITER_SECONDS)
}

/// Steps the count that decides how a budget ended.
pub(super) fn settle(located: &Located, budget: &Budget, by: i64, batch: &mut Batch) -> CountTicket {
    batch.step(located.subject.won(&budget.first), by, ARBITER_SECONDS)
}

impl<W: World> Engine<W> {
    /// Adds what says that a challenge was revoked.
    pub(super) fn write_revoked(
        &self,
        located: &Located,
        known: &Withdrawal,
        nonce: Nonce,
        batch: &mut Batch,
    ) {
        let mut withdrawal = known.clone();
        withdrawal.challenges.insert(0, nonce);
        withdrawal.challenges.truncate(REVOKED);
        self.write_withdrawal(located, &withdrawal, batch);
    }

    /// Adds what says that an operator cleared a budget.
    pub(super) fn write_cleared(&self, located: &Located, budget: &Budget, batch: &mut Batch) {
        let withdrawal = Withdrawal { challenges: Vec::new(), cleared: Some(budget.first) };
        self.write_withdrawal(located, &withdrawal, batch);
    }

    fn write_withdrawal(&self, located: &Located, withdrawal: &Withdrawal, batch: &mut Batch) {
        let place = located.subject.withdrawal();
        let value = record::seal(&self.world, self.keyring.lasting(), &place, withdrawal);
        batch.set(place, value, ENDING_SECONDS);
    }
}

//! What says how challenges ended, once a verdict has decided it.

use super::{Engine, Located};
use crate::batch::Batch;
use crate::history::History;
use crate::nonce::Nonce;
use crate::record::{self, Budget, Record, Success, Withdrawal};
use crate::times::{ENDING_SECONDS, FAILURES_SECONDS};
use crate::verdict::PLACES;
use crate::world::World;

impl<W: World> Engine<W> {
    /// Adds what says that a challenge was answered; or, without one, that some challenge of the budget was.
    pub(super) fn write_success(
        &self,
        located: &Located,
        budget: &Budget,
        challenge: Option<Nonce>,
        batch: &mut Batch,
    ) {
        let place = located.subject.success();
        let success = Success { challenge, budget: budget.first };
        let value = record::seal(&self.world, self.keyring.lasting(), &place, &success);
        batch.set(place, value, ENDING_SECONDS);
    }

    /// Adds what says that a challenge was revoked.
    pub(super) fn write_revoked(
        &self,
        located: &Located,
        known: &Withdrawal,
        record: &Record,
        batch: &mut Batch,
    ) {
        let mut withdrawal = known.clone();
        withdrawal.challenges.insert(0, (record.nonce, record.place));
        withdrawal.challenges.truncate(usize::from(PLACES));
        self.write_withdrawal(located, &withdrawal, batch);
    }

    /// Adds what says that an operator cleared a budget.
    pub(super) fn write_cleared(&self, located: &Located, budget: &Budget, batch: &mut Batch) {
        let withdrawal = Withdrawal { challenges: Vec::new(), cleared: Some(budget.first) };
        self.write_withdrawal(located, &withdrawal, batch);
    }

    /// Adds what writes the history.
    pub(super) fn write_history(&self, located: &Located, history: &History, batch: &mut Batch) {
        let place = located.subject.history(located.policy.failure_scope);
        let value = record::seal(&self.world, self.keyring.lasting(), &place, history);
        batch.set(place, value, FAILURES_SECONDS);
    }

    fn write_withdrawal(&self, located: &Located, withdrawal: &Withdrawal, batch: &mut Batch) {
        let place = located.subject.withdrawal();
        let value = record::seal(&self.world, self.keyring.lasting(), &place, withdrawal);
        batch.set(place, value, ENDING_SECONDS);
    }
}

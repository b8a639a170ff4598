//! What says how challenges ended, once a verdict has decided it.

use countersign_contract::Timestamp;
use countersign_contract::types::StoreError;

use super::{Engine, Located};
use crate::batch::{Batch, Replies, ValueTicket};
use crate::history::History;
use crate::nonce::Nonce;
use crate::record::{self, Budget, Record, Success, Withdrawal};
use crate::times::{ENDING_SECONDS, FAILURES_SECONDS};
use crate::verdict::PLACES;
use crate::world::World;

/// How often a history is merged with what others write at the same time.
const MERGES: usize = 4;

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

    /// The same, and asks what was there before.
    pub(super) fn exchange_history(
        &self,
        located: &Located,
        history: &History,
        batch: &mut Batch,
    ) -> ValueTicket {
        let before = batch.get(located.subject.history(located.policy.failure_scope));
        self.write_history(located, history, batch);
        before
    }

    /// What was there before, as `exchange_history` asked.
    pub(super) fn history_before(
        &self,
        located: &Located,
        before: ValueTicket,
        replies: &mut Replies,
    ) -> Result<History, StoreError> {
        let place = || located.subject.history(located.policy.failure_scope);
        let history: Option<History> = record::open(&self.keyring, &place, replies.value(before)?);
        Ok(history.unwrap_or_default())
    }

    /// Writes the history once more where another purpose had written it since it was read: with the failures of both.
    /// Else, of two purposes that count failures at once, one would forget those of the other.
    pub(super) async fn merge_history(
        &self,
        located: &Located,
        (mut read, mut written): (History, History),
        mut before: History,
        now: Timestamp,
    ) {
        let mut overwritten = Vec::new();
        for _ in 0..MERGES {
            if before == read {
                return;
            }
            let mut merged = before.clone();
            overwritten.extend([before, written]);
            for other in &overwritten {
                merged.absorb(other, &located.policy, now);
            }
            let mut batch = Batch::with_capacity(2);
            let asked = self.exchange_history(located, &merged, &mut batch);
            let Ok(mut replies) = self.run(batch).await else { return };
            let Ok(found) = self.history_before(located, asked, &mut replies) else { return };
            read = overwritten.last().cloned().unwrap_or_default();
            (written, before) = (merged, found);
        }
    }

    fn write_withdrawal(&self, located: &Located, withdrawal: &Withdrawal, batch: &mut Batch) {
        let place = located.subject.withdrawal();
        let value = record::seal(&self.world, self.keyring.lasting(), &place, withdrawal);
        batch.set(place, value, ENDING_SECONDS);
    }
}

//! `unlock`: an operator lets a recipient try again.

use std::sync::Arc;

use countersign_contract::Timestamp;
use countersign_contract::otp::{Addressee, Error};

use super::{Engine, Located};
use crate::batch::Batch;
use crate::device::Device;
use crate::slot::Slot;
use crate::standing::mark;
use crate::verdict;
use crate::world::World;

impl<W: World> Engine<W> {
    /// Lifts the locks and clears the failures of a recipient, for its known devices and for all other clients, and
    /// takes back the subject's challenges.
    ///
    /// # Errors
    ///
    /// As `wit/otp.wit` lists them for `unlock`.
    pub async fn unlock(&self, tenant: &str, addressee: &Addressee) -> Result<(), Error> {
        let now = self.world.now();
        let policy = self.policy(tenant, &addressee.purpose)?;
        let recipient = policy.recipient(addressee.to.expose(), None)?;
        for device in Device::BOTH {
            let policy = Arc::clone(&policy);
            let located = self.place(tenant, &addressee.purpose, policy, &recipient, device);
            self.unlock_at(&located, now).await?;
        }
        Ok(())
    }

    async fn unlock_at(&self, located: &Located, now: Timestamp) -> Result<(), Error> {
        let standing = self.look(located, now).await?;
        let subject = &located.subject;
        let mut batch = Batch::with_capacity(5);
        let budget = standing.challenges().and_then(|challenges| challenges.budget.as_ref());
        let mut settled = None;
        if let Some(budget) = budget {
            if !standing.is_answered(budget) {
                // Taken back first: a verification that sees this clears what it writes of failures.
                verdict::clear(subject, &budget.first, &mut batch);
            }
            self.write_cleared(located, budget, &mut batch);
            settled = Some(mark(&self.keyring, &located.purpose, budget.slot(), budget.epoch));
        }
        let history = standing.history.cleared(settled);
        self.write_history(located, &history, &mut batch);
        for slot in Slot::BOTH {
            batch.delete(subject.odometer(slot));
        }
        self.run(batch).await?;
        Ok(())
    }
}

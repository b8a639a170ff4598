//! `unlock`: an operator lets a subject try again.

use super::Engine;
use super::verify::{TAKEN_BACK, use_up};
use crate::error::Error;
use crate::record::Record;
use crate::request::{Addressee, State};
use crate::standing::Standing;
use crate::world::{Operation, World};

impl<W: World> Engine<W> {
    /// Lifts the lock and clears the failures of a subject, and takes back its challenge.
    ///
    /// # Errors
    ///
    /// As `wit/otp.wit` lists them for `unlock`.
    pub async fn unlock(&self, tenant: &str, addressee: &Addressee) -> Result<(), Error> {
        let now = self.world.now();
        let located = self.locate_recipient(tenant, addressee)?;
        let subject = &located.subject;
        let mut batch = Vec::with_capacity(5);
        Standing::ask(subject, 0, &mut batch);
        let mut replies = self.run(batch).await?;
        let standing = Standing::read(&self.keyring, subject, now, &mut replies)?;
        let answered = |record: &Record| {
            standing.state(record, standing.attempts(record), now) == State::Verified
        };
        let record = standing.challenge(None).map(|(_, record)| record);
        let record = record.filter(|record| !answered(record));
        let mut batch =
            vec![Operation::Delete(subject.closing()), Operation::Delete(subject.failures())];
        if let Some(record) = record {
            batch.push(self.withdraw(&located, record, true));
            batch.push(use_up(&located, record, TAKEN_BACK));
        }
        self.run(batch).await?;
        Ok(())
    }
}

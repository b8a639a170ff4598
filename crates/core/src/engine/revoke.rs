//! `revoke`: takes a living challenge back.

use countersign_contract::otp::{Error, State};

use super::Engine;
use crate::batch::Batch;
use crate::verdict::{self, Verdict};
use crate::world::World;

impl<W: World> Engine<W> {
    /// Takes a living challenge back, and no other. Never undoes a success; the next challenge still takes over the
    /// attempts.
    ///
    /// # Errors
    ///
    /// As `wit/otp.wit` lists them for `revoke`.
    pub async fn revoke(&self, tenant: &str, id: &str) -> Result<(), Error> {
        let now = self.world.now();
        let located = self.locate_id(tenant, id, now)?;
        let standing = self.look(&located, now).await?;
        let found = located.nonce.and_then(|nonce| standing.challenge(nonce));
        let (budget, record) = found.ok_or(Error::NotFound)?;
        match standing.state(budget, record, standing.attempts(budget), now) {
            State::Exhausted => {
                return Err(Error::Exhausted(standing.exhausted_for(budget, now)));
            }
            State::Expired => return Err(Error::Expired),
            State::Revoked | State::Verified => return Err(Error::NotFound),
            State::Pending => {}
        }
        let mut batch = Batch::with_capacity(1);
        let step = verdict::revoke(&located.subject, &budget.first, record.place, &mut batch);
        let verdict = Verdict::new(self.run(batch).await?.count(step)?);
        if !verdict.is_revoked_first(record.place) {
            return Err(Error::NotFound);
        }
        // Only the step that decided it writes how it ended.
        let mut batch = Batch::with_capacity(1);
        self.write_revoked(&located, standing.withdrawal(), record, &mut batch);
        self.run(batch).await?;
        Ok(())
    }
}

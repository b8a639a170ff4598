//! `revoke`: takes a living challenge back.

use super::Engine;
use super::verify::{TAKEN_BACK, use_up};
use crate::error::Error;
use crate::request::State;
use crate::standing::Standing;
use crate::world::{Operation, World};

impl<W: World> Engine<W> {
    /// Takes a living challenge back. Never undoes a success; the next challenge still takes over the attempts.
    ///
    /// # Errors
    ///
    /// As `wit/otp.wit` lists them for `revoke`.
    pub async fn revoke(&self, tenant: &str, id: &str) -> Result<(), Error> {
        let now = self.world.now();
        let located = self.locate_id(tenant, id)?;
        let subject = &located.subject;
        let mut batch = Vec::with_capacity(5);
        Standing::ask(subject, 0, &mut batch);
        let mut replies = self.run(batch).await?;
        let standing = Standing::read(&self.keyring, subject, now, &mut replies)?;
        let (_, record) = standing.challenge(located.nonce).ok_or(Error::NotFound)?;
        match standing.state(record, standing.attempts(record), now) {
            State::Exhausted => return Err(Error::Exhausted(standing.exhausted_for(record, now))),
            State::Expired => return Err(Error::Expired),
            State::Revoked | State::Verified => return Err(Error::NotFound),
            State::Pending => {}
        }
        // Withdrawn first and used up second: at no time does anybody see a challenge as answered that wasn't.
        let withdrawn = self.withdraw(&located, record, false);
        let batch = vec![withdrawn, use_up(&located, record, TAKEN_BACK)];
        let mut replies = self.run(batch).await?;
        replies.done()?;
        let used = replies.count()?;
        if used == TAKEN_BACK {
            return Ok(());
        }
        // Somebody was faster. Where that was an answer, the first to come too late undoes the withdrawal;
        // where it was another revoke, it is right.
        if used / TAKEN_BACK == 1 {
            self.tidy(vec![Operation::Delete(subject.withdrawal())]).await;
        }
        Err(Error::NotFound)
    }
}

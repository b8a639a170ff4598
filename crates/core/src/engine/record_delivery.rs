//! `record_delivery`: notes what a provider reports of a message that it took.

use super::{Engine, Located};
use crate::deliveries::Deliveries;
use crate::error::Error;
use crate::record::{self, Noted};
use crate::request::{DeliveryOutcome, DeliveryState};
use crate::world::{Operation, World};

impl<W: World> Engine<W> {
    /// Notes what a provider reports of the message with that number: 1 for a challenge's first. Prolongs nothing.
    ///
    /// # Errors
    ///
    /// As `wit/otp.wit` lists them for `record-delivery`.
    pub async fn record_delivery(
        &self,
        tenant: &str,
        id: &str,
        send_number: u32,
        outcome: DeliveryOutcome,
    ) -> Result<(), Error> {
        let located = self.locate_id(tenant, id)?;
        if send_number == 0 {
            return Err(beyond());
        }
        let now = self.world.now();
        let Located { subject, nonce, .. } = &located;
        let mut batch = Vec::with_capacity(3);
        batch.push(Operation::Get(subject.challenge()));
        Deliveries::ask(subject, &mut batch);
        let mut replies = self.run(batch).await?;
        let challenge = record::open_challenge(&self.keyring, subject, now, replies.value()?);
        let deliveries = Deliveries::read(&self.keyring, subject, &mut replies)?;
        let (_, record) = challenge
            .filter(|(_, record)| nonce.is_none_or(|nonce| nonce == record.nonce))
            .ok_or(Error::NotFound)?;
        if send_number > record.send_number() {
            return Err(beyond());
        }
        let is_news = match deliveries.state(&record) {
            DeliveryState::Delivered => false,
            DeliveryState::Failed => outcome == DeliveryOutcome::Delivered,
            DeliveryState::Sent => true,
        };
        if send_number < record.send_number() || !is_news {
            return Ok(());
        }
        // The record's time goes on while the store is asked: what is noted of it may not outlive it.
        let left = record.kept_until.saturating_sub(self.world.now().0);
        let ttl_seconds = u32::try_from(left).unwrap_or(u32::MAX);
        if ttl_seconds == 0 {
            return Err(Error::NotFound);
        }
        let key = subject.noted(outcome);
        let noted = Noted { nonce: record.nonce, send_number };
        let value = record::seal(&self.world, self.keyring.current(), &key, &noted);
        self.run(vec![Operation::Set { key, value, ttl_seconds }]).await?.done()?;
        Ok(())
    }
}

const fn beyond() -> Error {
    let reason = "has to be the number of a message that was sent: 1 for the first";
    Error::InvalidArgument { field: "send-number", reason }
}

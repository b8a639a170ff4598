//! `record_delivery`: notes what a provider reports of a message that it took.

use countersign_contract::otp::{DeliveryState, Error};
use countersign_contract::types::DeliveryOutcome;

use super::{Engine, Located};
use crate::batch::Batch;
use crate::deliveries::Deliveries;
use crate::record::{self, Challenges, Noted};
use crate::world::World;

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
        let now = self.world.now();
        let located = self.locate_id(tenant, id, now)?;
        if send_number == 0 {
            return Err(beyond());
        }
        let Located { subject, nonce, .. } = &located;
        let mut batch = Batch::with_capacity(3);
        let challenges = batch.get(subject.challenges());
        let deliveries = Deliveries::ask(subject, &mut batch);
        let mut replies = self.run(batch).await?;
        let challenges: Option<Challenges> =
            record::open(&self.keyring, &|| subject.challenges(), replies.value(challenges)?);
        let deliveries = Deliveries::read(&self.keyring, subject, deliveries, &mut replies)?;
        let challenges =
            challenges.filter(|challenges| now.0 < challenges.kept_until).ok_or(Error::NotFound)?;
        let mut records = challenges.records.iter();
        let record = records.find(|record| Some(record.nonce) == *nonce).ok_or(Error::NotFound)?;
        if send_number > record.send_number() {
            return Err(beyond());
        }
        let is_news = match deliveries.state(record) {
            DeliveryState::Delivered => false,
            DeliveryState::Failed => outcome == DeliveryOutcome::Delivered,
            DeliveryState::Sent => true,
        };
        if send_number < record.send_number() || !is_news {
            return Ok(());
        }
        // The record's time goes on while the store is asked: what is noted of it may not outlive it.
        let left = challenges.kept_until.saturating_sub(self.world.now().0);
        let ttl_seconds = u32::try_from(left).unwrap_or(u32::MAX);
        if ttl_seconds == 0 {
            return Err(Error::NotFound);
        }
        let key = subject.noted(outcome);
        let noted = Noted { nonce: record.nonce, send_number };
        let value = record::seal(&self.world, self.keyring.lasting(), &key, &noted);
        let mut batch = Batch::with_capacity(1);
        batch.set(key, value, ttl_seconds);
        self.run(batch).await?;
        Ok(())
    }
}

const fn beyond() -> Error {
    let reason = "has to be the number of a message that was sent: 1 for the first";
    Error::invalid("send-number", reason)
}

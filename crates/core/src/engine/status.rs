//! `status`: tells where a challenge stands, and changes nothing.

use super::Engine;
use crate::deliveries::Deliveries;
use crate::error::Error;
use crate::request::{Report, State, Target};
use crate::standing::{Standing, attempts_left};
use crate::world::{Timestamp, World};

impl<W: World> Engine<W> {
    /// Tells where a challenge stands: one round trip, nothing changed.
    ///
    /// # Errors
    ///
    /// As `wit/otp.wit` lists them for `status`.
    pub async fn status(&self, tenant: &str, target: &Target) -> Result<Report, Error> {
        let now = self.world.now();
        let located = self.locate(tenant, target)?;
        let (subject, policy) = (&located.subject, &located.policy);
        let mut batch = Vec::with_capacity(8);
        Standing::ask(subject, 0, &mut batch);
        Deliveries::ask(subject, &mut batch);
        let mut replies = self.run(batch).await?;
        let standing = Standing::read(&self.keyring, subject, now, &mut replies)?;
        let deliveries = Deliveries::read(&self.keyring, subject, &mut replies)?;
        let (_, record) = standing.challenge(located.nonce).ok_or(Error::NotFound)?;
        let made = standing.attempts(record);
        let state = standing.state(record, made, now);
        let while_pending = |value: u32| if state == State::Pending { value } else { 0 };
        let next_send = Timestamp(record.last_send_at).plus(policy.cooldown_after(record.sends));
        let resends_left = while_pending(policy.max_resends.saturating_sub(record.resends));
        Ok(Report {
            id: self.id(tenant, &located, record.nonce),
            purpose: located.purpose.clone(),
            channel: record.channel(),
            masked_recipient: record.masked_recipient.clone(),
            state,
            delivery: deliveries.state(record),
            issued_at: Timestamp(record.issued_at),
            expires_at: record.expires_at(),
            expires_in_seconds: while_pending(record.expires_at().since(now)),
            resend_in_seconds: if resends_left == 0 { 0 } else { next_send.since(now) },
            resends_left,
            attempts_left: while_pending(attempts_left(record, made)),
            locked_for_seconds: standing.locked_until(now).map_or(0, |until| until.since(now)),
            disabled: standing.failures >= i64::from(policy.failure_cap),
        })
    }
}

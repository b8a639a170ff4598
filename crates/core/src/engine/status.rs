//! `status`: tells where a challenge stands, and changes nothing.

use countersign_contract::Timestamp;
use countersign_contract::otp::{Error, Report, State, Target};

use super::{Engine, Located};
use crate::batch::Batch;
use crate::deliveries::Deliveries;
use crate::record::{Budget, Record};
use crate::standing::{Attempt, Standing, attempts_left};
use crate::world::World;

impl<W: World> Engine<W> {
    /// Tells where a challenge stands: one round trip, nothing changed.
    ///
    /// # Errors
    ///
    /// As `wit/otp.wit` lists them for `status`.
    pub async fn status(&self, tenant: &str, target: &Target) -> Result<Report, Error> {
        let now = self.world.now();
        let located = self.locate(tenant, target, now)?;
        let (standing, deliveries) = self.look_with_deliveries(&located, now).await?;
        let found =
            located.nonce.map_or_else(|| standing.newest(), |nonce| standing.challenge(nonce));
        let (budget, record) = found.ok_or(Error::NotFound)?;
        self.report(tenant, &located, (&standing, &deliveries), (budget, record), now)
            .ok_or(Error::NotFound)
    }

    /// Where a subject stands, and what is known of its messages: one round trip that changes nothing.
    pub(super) async fn look_with_deliveries(
        &self,
        located: &Located,
        now: Timestamp,
    ) -> Result<(Standing, Deliveries), Error> {
        let (subject, policy) = (&located.subject, &located.policy);
        let mut batch = Batch::with_capacity(8);
        let standing_asked = Standing::ask(subject, policy, Attempt::None, &mut batch);
        let deliveries_asked = Deliveries::ask(subject, &mut batch);
        let mut replies = self.run(batch).await?;
        let standing =
            Standing::read(&self.keyring, located.place(), now, &standing_asked, &mut replies)?;
        let deliveries = Deliveries::read(&self.keyring, subject, deliveries_asked, &mut replies)?;
        Ok((standing, deliveries))
    }

    /// What is told of one challenge; nothing where the subject has none.
    pub(super) fn report(
        &self,
        tenant: &str,
        located: &Located,
        (standing, deliveries): (&Standing, &Deliveries),
        (budget, record): (&Budget, &Record),
        now: Timestamp,
    ) -> Option<Report> {
        let policy = &located.policy;
        let challenges = standing.challenges()?;
        let made = standing.attempts(budget);
        let state = standing.state(budget, record, made, now);
        let while_pending = |value: u32| if state == State::Pending { value } else { 0 };
        let resends_left = while_pending(policy.max_resends.saturating_sub(record.resends));
        let cooldown = policy.cooldown_after(challenges.sends);
        let next_send = Timestamp(challenges.last_send_at).plus(cooldown);
        let (history, _) = standing.account(&self.keyring, &located.purpose, policy, now);
        Some(Report {
            id: self.id(tenant, located, record.nonce),
            purpose: located.purpose.clone(),
            channel: record.channel(),
            masked_recipient: challenges.masked_recipient.clone(),
            state,
            delivery: deliveries.state(record),
            issued_at: record.nonce.issued_at(),
            expires_at: record.expires_at(),
            expires_in_seconds: while_pending(record.expires_at().since(now)),
            resend_in_seconds: if resends_left == 0 { 0 } else { next_send.since(now) },
            resends_left,
            attempts_left: while_pending(attempts_left(budget, made)),
            locked_for_seconds: history.locked_until(now).map_or(0, |until| until.since(now)),
            disabled: history.is_disabled(policy),
        })
    }
}

//! `inspect`: tells an operator where a recipient stands, and changes nothing.

use std::sync::Arc;

use countersign_contract::Timestamp;
use countersign_contract::otp::{Addressee, Error, SideReport, SubjectReport};

use super::admission::cooldown_left;
use super::{Engine, Located};
use crate::device::Device;
use crate::world::World;

impl<W: World> Engine<W> {
    /// Tells where a recipient stands, for its known devices and for all other clients, and what challenges it has.
    ///
    /// Two round trips, one for each side: where data is divided they may be on two servers, each with a generation of
    /// its own, and a batch tells only one.
    ///
    /// # Errors
    ///
    /// As `wit/otp.wit` lists them for `inspect`.
    pub async fn inspect(
        &self,
        tenant: &str,
        addressee: &Addressee,
    ) -> Result<SubjectReport, Error> {
        let now = self.world.now();
        let policy = self.policy(tenant, &addressee.purpose)?;
        let recipient = policy.recipient(addressee.to.expose(), None)?;
        let place = |device| {
            self.place(tenant, &addressee.purpose, Arc::clone(&policy), &recipient, device)
        };
        Ok(SubjectReport {
            purpose: addressee.purpose.clone(),
            masked_recipient: recipient.masked(),
            known_devices: self.inspect_at(tenant, &place(Device::Known), now).await?,
            other_clients: self.inspect_at(tenant, &place(Device::Unknown), now).await?,
        })
    }

    async fn inspect_at(
        &self,
        tenant: &str,
        located: &Located,
        now: Timestamp,
    ) -> Result<SideReport, Error> {
        let policy = &located.policy;
        let (standing, deliveries) = self.look_with_deliveries(located, now).await?;
        let (history, _) = standing.account(&self.keyring, &located.purpose, policy, now);
        let report =
            |challenge| self.report(tenant, located, (&standing, &deliveries), challenge, now);
        Ok(SideReport {
            failures: history.failures,
            locked_for_seconds: history.locked_until(now).map_or(0, |until| until.since(now)),
            disabled: history.is_disabled(policy),
            cooldown_seconds: cooldown_left(&standing, policy, now),
            challenges: standing.all().filter_map(report).collect(),
        })
    }
}

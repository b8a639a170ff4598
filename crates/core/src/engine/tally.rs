//! `tally`: counts a tenant's challenges out of the names of keys, and changes nothing.

use countersign_contract::Timestamp;
use countersign_contract::otp::{Error, MAX_TALLIED_KEYS, MAX_TALLIED_PURPOSES, PurposeTally};

use super::{Engine, refuse_bad_name};
use crate::batch::Batch;
use crate::device::Device;
use crate::standing::{Attempt, Standing};
use crate::subject::{Subject, digest_of};
use crate::world::World;

impl<W: World> Engine<W> {
    /// Counts the challenges of a tenant among the `keys` of its store, by purpose.
    ///
    /// A round trip for each key: where data is divided each may be on another server, with a generation of its own, and
    /// a batch tells only one.
    ///
    /// # Errors
    ///
    /// As `wit/otp.wit` lists them for `tally`.
    pub async fn tally(
        &self,
        tenant: &str,
        purposes: &[String],
        keys: &[String],
    ) -> Result<Vec<PurposeTally>, Error> {
        refuse_bad_name("tenant", tenant)?;
        if keys.len() > MAX_TALLIED_KEYS {
            return Err(Error::invalid("keys", "have to be at most 32"));
        }
        if purposes.len() > MAX_TALLIED_PURPOSES {
            return Err(Error::invalid("purposes", "have to be at most 256"));
        }
        let now = self.world.now();
        let mut tallies: Vec<PurposeTally> = Vec::new();
        for key in keys {
            let Some((subject, tag)) = Subject::of_challenges(key) else { continue };
            let Some(standing) = self.challenges_of(tenant, &subject, now).await? else { continue };
            let purpose = purposes.iter().find(|purpose| self.is_tag_of(tag, purpose)).cloned();
            let place = tallies.iter().position(|tally| tally.purpose == purpose);
            let place = place.unwrap_or(tallies.len());
            if place == tallies.len() {
                tallies.push(PurposeTally { purpose, ..PurposeTally::default() });
            }
            let Some(tally) = tallies.get_mut(place) else { continue };
            for (budget, record) in standing.all() {
                tally.add(standing.state(budget, record, standing.attempts(budget), now));
            }
        }
        Ok(tallies)
    }

    /// Where the challenges of a subject stand. Nothing where it is another tenant's, or has none.
    async fn challenges_of(
        &self,
        tenant: &str,
        subject: &Subject,
        now: Timestamp,
    ) -> Result<Option<Standing>, Error> {
        let mut batch = Batch::with_capacity(5);
        let asked = Standing::ask_challenges(subject, Attempt::None, &mut batch);
        let mut replies = self.run(batch).await?;
        let standing =
            Standing::read_challenges(&self.keyring, subject, now, &asked, &mut replies)?;
        let is_of_tenant = standing.newest().is_some()
            && standing.challenges().is_some_and(|challenges| {
                let recipient = challenges.recipient.as_bytes();
                let is_its =
                    |device| digest_of(&self.keyring, tenant, recipient, device) == subject.digest;
                Device::BOTH.into_iter().any(is_its)
            });
        Ok(is_of_tenant.then_some(standing))
    }

    /// Whether that stands for a purpose in the names of keys.
    fn is_tag_of(&self, tag: &str, purpose: &str) -> bool {
        let mut expected = String::new();
        self.keyring.append_purpose_tag(purpose, &mut expected);
        expected == tag
    }
}

//! What a request that was admitted sends, and what that leaves behind: for `issue` and `resend` alike.
//!
//! The challenges are written *after* a provider took the message: a failed send has nothing to clean up but the lease.

use countersign_contract::otp::{Challenge, Error};
use countersign_contract::sender::Message;
use countersign_contract::types::SendError;
use countersign_contract::{Pii, Secret, Timestamp};

use super::admission::{Admission, Applicant};
use super::{Engine, Located};
use crate::batch::{Batch, ValueTicket};
use crate::channel::channel_number;
use crate::record::{self, Challenges, Record};
use crate::slot::Slot;
use crate::standing::attempts_left;
use crate::world::World;

/// What a send leaves in the store.
pub(super) struct Outgoing {
    /// What is written once a provider has the message.
    pub(super) challenges: Challenges,
    /// Which of them is sent.
    pub(super) record: Record,
    /// What else is written with it.
    pub(super) writes: Batch,
    /// What the history was before, where one is written.
    pub(super) history: Option<ValueTicket>,
    /// The odometers that are removed: they come last, with the lease, so that a store may remove them together.
    pub(super) ended: Vec<Slot>,
}

impl<W: World> Engine<W> {
    /// Sends the code of a record and, once a provider has it, writes the challenges.
    pub(super) async fn deliver(
        &self,
        applicant: &Applicant<'_>,
        admission: &Admission,
        outgoing: Outgoing,
        now: Timestamp,
    ) -> Result<Challenge, Error> {
        let located = applicant.located;
        let Outgoing { mut challenges, record, mut writes, history, ended } = outgoing;
        let Some(key) = self.keyring.named(&record.key) else { return Err(Error::NotFound) };
        let id = self.id(applicant.tenant, located, record.nonce);
        let code = record.code(key, &located.subject, &located.purpose).reveal();
        let message = message(applicant, &challenges, &record, (id.clone(), code), now);
        let offered = message.channels.clone();
        let sent = self.world.send(message).await;
        let now = self.world.now();
        let delivery = match sent {
            // Too late to write: another request may hold the lease by now.
            _ if !admission.lease.lasts(now) => return Err(self.too_late(admission, sent).await),
            Ok(delivery) if !offered.contains(&delivery.channel) => Err(not_offered()),
            sent => sent,
        };
        challenges.last_send_at = now.0;
        let delivery = match delivery {
            Ok(delivery) => delivery,
            Err(error) => {
                self.not_sent(located, admission, challenges.sends, &error, now).await;
                return Err(Error::DeliveryFailed(error));
            }
        };
        if let Some(sent) = challenges.records.iter_mut().find(|sent| sent.nonce == record.nonce) {
            sent.channel = channel_number(delivery.channel);
        }
        let masked_recipient = challenges.masked_recipient.clone();
        let attempts_left = challenges.budget.as_ref().map_or(0, |budget| {
            let shared = admission.standing.newest().filter(|(own, _)| own.first == budget.first);
            attempts_left(budget, shared.map_or(0, |(own, _)| admission.standing.attempts(own)))
        });
        let resend_in_seconds = located.policy.cooldown_after(challenges.sends);
        self.write_challenges(located, challenges, now, &mut writes);
        for ended in ended {
            writes.delete(located.subject.odometer(ended));
        }
        // Last, so that the next request sees what was written.
        admission.lease.give_back_written(&mut writes);
        let replies = self.run(writes).await?;
        self.merge_accounted(located, admission, history, replies, now).await;
        Ok(Challenge {
            id,
            purpose: located.purpose.clone(),
            channel: delivery.channel,
            code_length: record.code_length,
            expires_at: record.expires_at(),
            expires_in_seconds: record.expires_at().since(now),
            resend_in_seconds,
            resends_left: located.policy.max_resends.saturating_sub(record.resends),
            attempts_left,
            masked_recipient,
            provider: delivery.provider,
        })
    }

    /// Leaves everything as it was; where the message may have gone out, but for the cooldown.
    async fn not_sent(
        &self,
        located: &Located,
        admission: &Admission,
        sends: u32,
        error: &SendError,
        now: Timestamp,
    ) {
        let mut batch = Batch::new();
        let uncertain = matches!(error, SendError::Timeout | SendError::Unreadable);
        match admission.standing.challenges() {
            Some(challenges) if uncertain => {
                let mut challenges = challenges.clone();
                (challenges.sends, challenges.last_send_at) = (sends, now.0);
                self.write_challenges(located, challenges, now, &mut batch);
                admission.lease.give_back_written(&mut batch);
            }
            None if uncertain => {
                let challenges = Challenges {
                    recipient: String::new(),
                    masked_recipient: String::new(),
                    budget: None,
                    records: Vec::new(),
                    sends,
                    last_send_at: now.0,
                    kept_until: 0,
                };
                self.write_challenges(located, challenges, now, &mut batch);
                admission.lease.give_back_written(&mut batch);
            }
            _ => admission.lease.give_back(&mut batch),
        }
        self.tidy(batch).await;
    }

    async fn too_late<T>(&self, admission: &Admission, sent: Result<T, SendError>) -> Error {
        let mut batch = Batch::new();
        admission.lease.give_back(&mut batch);
        self.tidy(batch).await;
        Error::DeliveryFailed(sent.err().unwrap_or(SendError::Timeout))
    }

    /// Adds what writes the challenges. The lease is given back behind them.
    fn write_challenges(
        &self,
        located: &Located,
        mut challenges: Challenges,
        now: Timestamp,
        batch: &mut Batch,
    ) {
        let policy = &located.policy;
        // One lifetime beyond its own, so that "expired" can be told from "never was"; and one cooldown beyond
        // that of its own, so that the next one can be longer.
        let expires_at = challenges.budget.as_ref().map_or(0, |budget| budget.expires_at);
        let kept_until = Timestamp(expires_at).plus(policy.lifetime_seconds);
        let cooldown = policy.cooldown_after(challenges.sends);
        let kept_until = kept_until.max(now.plus(cooldown.saturating_mul(2)));
        challenges.kept_until = kept_until.0;
        let place = located.subject.challenges();
        let value = record::seal(&self.world, self.keyring.current(), &place, &challenges);
        batch.set(place, value, kept_until.since(now).max(1));
    }
}

fn not_offered() -> SendError {
    SendError::Other("the host names a channel that the message did not offer".into())
}

fn message(
    applicant: &Applicant<'_>,
    challenges: &Challenges,
    record: &Record,
    (challenge_id, code): (String, Secret<String>),
    now: Timestamp,
) -> Message {
    Message {
        tenant: applicant.tenant.into(),
        purpose: applicant.located.purpose.clone(),
        channels: record.channels(),
        may_send_twice: applicant.located.policy.may_send_twice,
        recipient: Pii::new(challenges.recipient.clone()),
        code,
        challenge_id,
        send_number: record.send_number(),
        lifetime_seconds: record.expires_at().since(now),
        expires_at: record.expires_at(),
        reference: record.reference.clone(),
        locale: record.locale.clone(),
    }
}

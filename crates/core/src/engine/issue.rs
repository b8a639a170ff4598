//! `issue`: makes a challenge and sends its code.

use countersign_contract::Timestamp;
use countersign_contract::otp::{Challenge, Error, IssueRequest};
use countersign_contract::settings::VerifyBy;
use countersign_contract::types::{Channel, RecipientFault};

use super::admission::{Admission, Applicant, busy};
use super::sending::Outgoing;
use super::{Engine, Located, client_address, refuse_bad_locale, refuse_bad_reference};
use crate::batch::Batch;
use crate::channel::channel_number;
use crate::history::History;
use crate::nonce::Nonce;
use crate::odometer;
use crate::policy::Policy;
use crate::recipient::{Kind, Recipient, kind_of};
use crate::record::{Budget, CHALLENGES, Challenges, Record, alphabet_number};
use crate::slot::Slot;
use crate::standing::mark;
use crate::world::World;

impl<W: World> Engine<W> {
    /// Makes a challenge and sends its code. Earlier ones of the subject stay answerable by their ids.
    ///
    /// # Errors
    ///
    /// As `wit/otp.wit` lists them for `issue`. Unless it is `StoreUnavailable`, no challenge is left behind; and no
    /// cooldown, unless the message may have gone out.
    pub async fn issue(&self, request: IssueRequest) -> Result<Challenge, Error> {
        let now = self.world.now();
        let policy = self.policy(&request.tenant, &request.purpose)?;
        let (recipient, channels) = admissible(&policy, &request)?;
        let client_ip = client_address(request.client_ip.as_deref())?;
        let tenant = &request.tenant;
        let cookie = request.device_cookie.as_ref();
        let device = self.device(&policy, tenant, &recipient, cookie, now);
        let located = self.place(tenant, &request.purpose, policy, &recipient, device);
        let applicant = Applicant { tenant, located: &located, client_ip };

        let mut admission = self.apply(&applicant, now).await?;
        let mut refusal = admission.refusal(&located, now);
        if refusal.is_none() && admission.may_be_claimed() {
            self.claim(&located, &mut admission, now).await?;
            refusal = admission.refusal(&located, now);
        }
        if let Some(error) = refusal.or_else(|| (!admission.is_held()).then(|| busy(&located))) {
            return Err(self.refuse(&located, &admission, error, now).await);
        }
        let outgoing = self.outgoing(&request, &located, (&recipient, &channels), &admission, now);
        self.deliver(&applicant, &admission, outgoing, now).await
    }

    /// The new challenge beside those that live, and what begins or prolongs their budget.
    fn outgoing(
        &self,
        request: &IssueRequest,
        located: &Located,
        (recipient, channels): (&Recipient, &[Channel]),
        admission: &Admission,
        now: Timestamp,
    ) -> Outgoing {
        let Located { subject, policy, purpose, .. } = located;
        let standing = &admission.standing;
        let mut writes = Batch::with_capacity(8);
        let history = (admission.history != standing.history)
            .then(|| self.exchange_history(located, &admission.history, &mut writes));
        let living = standing.living_budget(now);
        let slot = living.map_or_else(|| standing.next_slot(), Budget::slot);
        // Counted in the history by now, or worth nothing.
        let ended = admission.ended.iter().copied().filter(|ended| *ended != slot).collect();
        let nonce = Nonce::new(&self.world, now, slot);
        let place = living.map_or(0, |_| standing.next_place());
        let made = (nonce, place, standing.generation);
        let record = self.record(request, channels, policy, made, now);
        let mut records = vec![record.clone()];
        let budget = if let Some(budget) = living {
            odometer::keep(subject, slot, &mut writes);
            let others = standing.all().map(|(_, record)| record);
            records.extend(others.filter(|record| !record.is_over(now)).cloned());
            records.truncate(CHALLENGES);
            Budget { expires_at: budget.expires_at.max(record.expires_at), ..budget.clone() }
        } else {
            let epoch = self.epoch(&admission.history, purpose, slot);
            let may_be_probed = policy.verify_by != VerifyBy::Id;
            odometer::begin(
                subject,
                slot,
                standing.reading(slot),
                may_be_probed,
                epoch,
                &mut writes,
            );
            Budget {
                first: nonce,
                epoch,
                max_attempts: policy.max_attempts,
                expires_at: record.expires_at,
                generation: standing.generation,
            }
        };
        let sends = admission.last_send(now).map_or(0, |(_, sends)| sends);
        let answered = standing.newest().is_some_and(|(budget, _)| standing.is_settled(budget));
        let challenges = Challenges {
            recipient: recipient.as_str().into(),
            masked_recipient: recipient.masked(),
            budget: Some(budget),
            records,
            sends: if answered { 1 } else { sends.saturating_add(1) },
            last_send_at: now.0,
            kept_until: 0,
        };
        Outgoing { challenges, record, writes, history, ended }
    }

    /// An epoch that no recent budget of the recipient had.
    pub(super) fn epoch(&self, history: &History, purpose: &str, slot: Slot) -> u16 {
        let mut random = [0; 2];
        for _ in 0..8 {
            self.world.fill(&mut random);
            let epoch = odometer::draw(random);
            if history.counted_of(mark(&self.keyring, purpose, slot, epoch)) == 0 {
                return epoch;
            }
        }
        odometer::draw(random)
    }

    fn record(
        &self,
        request: &IssueRequest,
        channels: &[Channel],
        policy: &Policy,
        (nonce, place, generation): (Nonce, u8, Option<u64>),
        now: Timestamp,
    ) -> Record {
        Record {
            nonce,
            place,
            key: self.keyring.current().name().into(),
            code_number: 0,
            // Until one has carried it: the first that is tried.
            channel: channels.first().copied().map(channel_number).unwrap_or_default(),
            channels: channels.iter().copied().map(channel_number).collect(),
            reference: request.reference.clone(),
            locale: request.locale.clone(),
            alphabet: alphabet_number(policy.alphabet),
            code_length: policy.code_length,
            expires_at: now.plus(policy.lifetime_seconds).0,
            resends: 0,
            generation,
        }
    }
}

/// The recipient, where the request is one that the policy allows, and the channels that may carry its
/// message: at least one, in the order in which they are tried.
fn admissible(policy: &Policy, request: &IssueRequest) -> Result<(Recipient, Vec<Channel>), Error> {
    let mut channels = match request.channel {
        None => policy.channels.clone(),
        Some(channel) if policy.channels.contains(&channel) => vec![channel],
        Some(_) => return Err(Error::ChannelNotAllowed),
    };
    if policy.reference_required && request.reference.is_none() {
        return Err(Error::ReferenceRequired);
    }
    refuse_bad_reference(request.reference.as_deref())?;
    refuse_bad_locale(request.locale.as_deref())?;
    let recipient = policy.recipient(request.to.expose(), kind_for_all(&channels))?;
    let mut fault = RecipientFault::WrongKind;
    channels.retain(|channel| match policy.refuse_channel(&recipient, *channel) {
        Ok(()) => true,
        Err(RecipientFault::WrongKind) => false,
        Err(more_telling) => {
            fault = more_telling;
            false
        }
    });
    if channels.is_empty() {
        Err(Error::InvalidRecipient(fault))
    } else {
        Ok((recipient, channels))
    }
}

/// The kind of recipient that all of these channels take; nothing where either kind has one.
fn kind_for_all(channels: &[Channel]) -> Option<Kind> {
    let kind = kind_of(*channels.first()?)?;
    channels.iter().all(|channel| kind_of(*channel) == Some(kind)).then_some(kind)
}

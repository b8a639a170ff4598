//! `issue`: makes a challenge and sends its code.

use super::admission::Applicant;
use super::{Engine, Located, client_address, refuse_bad_locale, refuse_bad_reference};
use crate::error::Error;
use crate::policy::Policy;
use crate::recipient::{Fault, Kind, Recipient};
use crate::record::{Record, alphabet_number, channel_number};
use crate::request::{Challenge, IssueRequest};
use crate::standing::{Inheritance, SENDING_STEP, step_failures, step_odometer};
use crate::subject::{DIGEST_BYTES, Subject};
use crate::world::{Channel, Timestamp, World};

impl<W: World> Engine<W> {
    /// Makes a challenge, sends its code, and replaces the subject's earlier challenge.
    ///
    /// # Errors
    ///
    /// As `wit/otp.wit` lists them for `issue`. Unless it is `StoreUnavailable`, no challenge and no cooldown
    /// is left behind.
    pub async fn issue(&self, request: IssueRequest) -> Result<Challenge, Error> {
        let now = self.world.now();
        let policy = self.policy(&request.tenant, &request.purpose)?;
        let (recipient, channels) = admissible(&policy, &request)?;
        let client_ip = client_address(request.client_ip.as_deref())?;
        let subject = Subject::new(&self.keyring, &request.tenant, &request.purpose, &recipient);
        let located =
            Located { purpose: request.purpose.clone(), policy, subject, nonce: None, id: None };
        let applicant = Applicant { tenant: &request.tenant, located: &located, client_ip };

        let admission = self.apply(&applicant, now).await?;
        let inheritance = admission.standing.inheritance(now);
        let last = inheritance.last_send_at.map(|at| (at, inheritance.sends));
        if let Some(error) = admission.refusal(&located, last, now) {
            return Err(self.refuse(&admission, error).await);
        }
        let way = (&recipient, channels.as_slice());
        let record = self.record(&request, way, &located.policy, &inheritance, now);
        let mut writes = vec![step_odometer(&located.subject, SENDING_STEP)];
        if admission.standing.failures < 0 {
            // An attempt that was under way during a success took itself back after the count was cleared.
            let missing = admission.standing.failures.saturating_neg();
            writes.push(step_failures(&located.subject, missing));
        }
        self.deliver(&applicant, &admission, (self.keyring.current(), record), writes, now).await
    }

    fn record(
        &self,
        request: &IssueRequest,
        (recipient, channels): (&Recipient, &[Channel]),
        policy: &Policy,
        inheritance: &Inheritance,
        now: Timestamp,
    ) -> Record {
        let mut nonce = [0; DIGEST_BYTES];
        self.world.fill(&mut nonce);
        Record {
            nonce,
            generation: 0,
            // Until one has carried it: the first that is tried.
            channel: channels.first().copied().map(channel_number).unwrap_or_default(),
            channels: channels.iter().copied().map(channel_number).collect(),
            recipient: recipient.as_str().into(),
            masked_recipient: recipient.masked(),
            reference: request.reference.clone(),
            locale: request.locale.clone(),
            alphabet: alphabet_number(policy.alphabet),
            code_length: policy.code_length,
            max_attempts: policy.max_attempts,
            issued_at: now.0,
            expires_at: now.plus(policy.lifetime_seconds).0,
            start: inheritance.start,
            failures_before: inheritance.failures_before,
            exhausted_before: inheritance.exhausted_before,
            sends: inheritance.sends.saturating_add(1),
            resends: 0,
            last_send_at: now.0,
            kept_until: 0,
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
    let mut fault = Fault::WrongKind;
    channels.retain(|channel| match policy.refuse_channel(&recipient, *channel) {
        Ok(()) => true,
        Err(Fault::WrongKind) => false,
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
    let kind = channels.first()?.kind()?;
    channels.iter().all(|channel| channel.kind() == Some(kind)).then_some(kind)
}

//! Who may send now, and what a send leaves behind: for `issue` and `resend` alike.
//!
//! One batch asks for the lease, counts the limits and reads where the subject stands. Whoever is refused takes
//! back what it counted. Whoever may send does so, and writes the challenge *after* a provider took the message:
//! a failed send has nothing to clean up but the lease.

use super::{Engine, Located};
use crate::error::{Error, Scope, SendError};
use crate::keyring::Key;
use crate::lease::Lease;
use crate::limits::{Counted, Windows};
use crate::policy::Activity;
use crate::record::{self, Record, channel_number};
use crate::request::Challenge;
use crate::secret::Secret;
use crate::standing::{Standing, attempts_left};
use crate::world::{Message, Operation, Timestamp, World};

/// A request that wants to send.
pub(super) struct Applicant<'a> {
    pub(super) tenant: &'a str,
    pub(super) located: &'a Located,
    pub(super) client_ip: Option<std::net::IpAddr>,
}

/// What was asked for and counted on behalf of a request.
pub(super) struct Admission<'k> {
    pub(super) standing: Standing<'k>,
    lease: Lease,
    held: bool,
    windows: Windows,
}

impl<W: World> Engine<W> {
    /// Asks for the lease, counts the limits, reads where the subject stands: one round trip.
    pub(super) async fn apply(
        &self,
        applicant: &Applicant<'_>,
        now: Timestamp,
    ) -> Result<Admission<'_>, Error> {
        let Applicant { tenant, located, client_ip } = *applicant;
        let (subject, purpose) = (&located.subject, located.purpose.as_str());
        let counted = Counted { tenant, purpose, subject, ip: client_ip };
        let mut batch = Vec::with_capacity(16);
        let lease = Lease::ask(subject, now, &mut batch);
        Standing::ask(subject, 0, &mut batch);
        let mut windows = Windows::count(
            &self.keyring,
            &located.policy,
            Activity::Send,
            &counted,
            now,
            &mut batch,
        );
        let mut replies = self.run(batch).await?;
        let held = Lease::held(&mut replies)?;
        let standing = Standing::read(&self.keyring, subject, now, &mut replies)?;
        windows.read(&mut replies)?;
        Ok(Admission { standing, lease, held, windows })
    }

    /// Refuses: takes back what was counted, and hands the error on.
    pub(super) async fn refuse(&self, admission: &Admission<'_>, error: Error) -> Error {
        let mut batch = vec![admission.lease.give_back()];
        admission.windows.take_back(None, &mut batch);
        self.tidy(batch).await;
        error
    }

    /// Sends the code of a record and, once a provider has it, writes the record with `writes`.
    pub(super) async fn deliver(
        &self,
        applicant: &Applicant<'_>,
        admission: &Admission<'_>,
        (key, mut record): (&Key, Record),
        mut writes: Vec<Operation>,
        now: Timestamp,
    ) -> Result<Challenge, Error> {
        let located = applicant.located;
        let id = self.id(applicant.tenant, located, record.nonce);
        let message = message(applicant, key, &record, id.clone(), now);
        let offered = message.channels.clone();
        let sent = self.world.send(message).await;
        let now = self.world.now();
        let delivery = match sent {
            // Too late to write: somebody else may hold the lease by now.
            Ok(_) if !admission.lease.lasts(now) => Err(SendError::Timeout),
            Ok(delivery) if !offered.contains(&delivery.channel) => Err(not_offered()),
            sent => sent,
        };
        let delivery = match delivery {
            Ok(delivery) => delivery,
            Err(error) => {
                self.tidy(vec![admission.lease.give_back()]).await;
                return Err(Error::DeliveryFailed(error));
            }
        };
        record.channel = channel_number(delivery.channel);
        record.last_send_at = now.0;
        let policy = &located.policy;
        let resend_in_seconds = policy.cooldown_after(record.sends);
        // One lifetime beyond its own, so that "expired" can be told from "never was"; and one cooldown beyond
        // that of its own, so that the next one can be longer.
        let kept_until = record.expires_at().plus(policy.lifetime_seconds);
        let kept_until = kept_until.max(now.plus(resend_in_seconds.saturating_mul(2)));
        record.kept_until = kept_until.0;
        let place = located.subject.challenge();
        let value = record::seal(&self.world, key, &place, &record);
        let ttl_seconds = kept_until.since(now).max(1);
        writes.push(Operation::Set { key: place, value, ttl_seconds });
        writes.push(admission.lease.give_back());
        self.run(writes).await?;
        let attempts = admission.standing.attempts_so_far(&record);
        Ok(Challenge {
            id,
            purpose: located.purpose.clone(),
            channel: record.channel(),
            code_length: record.code_length,
            expires_at: record.expires_at(),
            expires_in_seconds: record.expires_at().since(now),
            resend_in_seconds,
            resends_left: policy.max_resends.saturating_sub(record.resends),
            attempts_left: attempts_left(&record, attempts),
            masked_recipient: record.masked_recipient,
            provider: delivery.provider,
        })
    }
}

impl Admission<'_> {
    /// Why the subject may not be sent anything now; `last` is its latest send and how many in a row that was.
    pub(super) fn refusal(
        &self,
        located: &Located,
        last: Option<(Timestamp, u32)>,
        now: Timestamp,
    ) -> Option<Error> {
        let policy = &located.policy;
        let exhausted =
            |record: &Record| Error::Exhausted(self.standing.exhausted_for(record, now));
        let wait = |seconds: u32| Error::Throttled {
            scope: Scope::Cooldown,
            retry_after_seconds: seconds.max(1),
        };
        let cooling = || {
            let (at, sends) = last?;
            let next = at.plus(policy.cooldown_after(sends));
            (now < next).then(|| wait(next.since(now)))
        };
        self.standing
            .barred(policy, now)
            .or_else(|| self.standing.living_exhausted(now).map(exhausted))
            .or_else(|| self.windows.refusal())
            .or_else(cooling)
            .or_else(|| (!self.held).then(|| wait(policy.cooldown_after(1))))
    }
}

fn not_offered() -> SendError {
    SendError::Other("the host names a channel that the message did not offer".into())
}

fn message(
    applicant: &Applicant<'_>,
    key: &Key,
    record: &Record,
    challenge_id: String,
    now: Timestamp,
) -> Message {
    Message {
        tenant: applicant.tenant.into(),
        purpose: applicant.located.purpose.clone(),
        channels: record.channels(),
        may_send_twice: applicant.located.policy.may_send_twice,
        recipient: Secret::new(record.recipient.clone()),
        code: record.code(key, &applicant.located.subject).reveal(),
        challenge_id,
        send_number: record.send_number(),
        lifetime_seconds: record.expires_at().since(now),
        expires_at: record.expires_at(),
        reference: record.reference.clone(),
        locale: record.locale.clone(),
    }
}

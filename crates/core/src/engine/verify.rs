//! `verify`: counts an attempt, compares a code, and lets one of all right codes succeed.

use super::{Engine, Located, client_address};
use crate::code::Code;
use crate::error::{Error, Scope};
use crate::limits::{Counted, Windows};
use crate::policy::{Activity, Policy, VerifyBy};
use crate::record::{self, Closing, LOCK_MEMORY_SECONDS, Record, Success, Withdrawal};
use crate::request::{State, Target, Verified, VerifyRequest};
use crate::standing::{Standing, step_failures};
use crate::subject::Subject;
use crate::world::{Operation, Timestamp, World};

/// What the first round trip brought to light.
enum Outcome<'a> {
    /// Nothing was compared.
    NotCompared(Error),
    /// The code is wrong, or was given for another transaction.
    Wrong { record: &'a Record, left: u32, reference_differs: bool },
    /// The code is right. Whether it wins is the store's to say.
    Right(&'a Record),
}

impl<W: World> Engine<W> {
    /// Compares a code, having counted the attempt first. A challenge succeeds once.
    ///
    /// # Errors
    ///
    /// As `wit/otp.wit` lists them for `verify`.
    pub async fn verify(&self, request: VerifyRequest) -> Result<Verified, Error> {
        let now = self.world.now();
        let located = self.locate(&request.tenant, &request.target)?;
        let typed = presentable(&located.policy, &request)?;
        let ip = client_address(request.client_ip.as_deref())?;

        let subject = &located.subject;
        let counted = Counted { tenant: &request.tenant, purpose: &located.purpose, subject, ip };
        let mut batch = Vec::with_capacity(12);
        Standing::ask(subject, 1, &mut batch);
        let policy = &located.policy;
        let mut windows =
            Windows::count(&self.keyring, policy, Activity::Verify, &counted, now, &mut batch);
        let mut replies = self.run(batch).await?;
        let standing = Standing::read(&self.keyring, subject, now, &mut replies)?;
        windows.read(&mut replies)?;

        match self.compare(&located, &standing, &windows, &typed, &request, now) {
            Outcome::NotCompared(error) => {
                let throttled = matches!(error, Error::Throttled { .. });
                let mut others = Vec::new();
                windows.take_back((!throttled).then_some(Scope::Subject), &mut others);
                self.take_back(subject, &standing, others).await;
                Err(error)
            }
            Outcome::Wrong { record, left, reference_differs } => {
                if left == 0 {
                    self.close_exhausted(&located, record, now).await;
                }
                Err(if reference_differs {
                    Error::ReferenceMismatch(left)
                } else {
                    Error::Mismatch(left)
                })
            }
            Outcome::Right(record) => self.win(&request.tenant, &located, &standing, record).await,
        }
    }

    /// Takes back the failure that this verification counted before it knew better, and does `others` with it.
    async fn take_back(&self, subject: &Subject, standing: &Standing<'_>, others: Vec<Operation>) {
        let mut batch = vec![standing.take_back_failure(subject)];
        batch.extend(others);
        let Ok(mut replies) = self.run(batch).await else { return };
        // A failure that came in between was counted for long, and stays so.
        if replies.count().is_ok_and(|failures| failures > 0) && standing.is_alone() {
            self.tidy(vec![step_failures(subject, 1), step_failures(subject, -1)]).await;
        }
    }

    /// The one place that decides. Something is derived and compared whatever the store said, so that the time
    /// this takes says nothing.
    fn compare<'s>(
        &self,
        located: &Located,
        standing: &'s Standing<'_>,
        windows: &Windows,
        typed: &Code,
        request: &VerifyRequest,
        now: Timestamp,
    ) -> Outcome<'s> {
        let found = standing.challenge(located.nonce);
        let expected = match found {
            Some((key, record)) => record.code(key, &located.subject),
            None => absent().code(self.keyring.current(), &located.subject),
        };
        let right = expected.is(typed);
        if let Some(error) = windows.refusal() {
            return Outcome::NotCompared(error);
        }
        let Some((_, record)) = found else {
            let locked = standing.locked_until(now);
            let error =
                locked.map_or(Error::NotFound, |until| Error::Locked(until.since(now).max(1)));
            return Outcome::NotCompared(error);
        };
        // This request's own attempt isn't one of those made before it.
        let before = standing.attempts(record).saturating_sub(1);
        let error = match standing.state(record, before, now) {
            State::Pending => {
                standing.locked_until(now).map(|until| Error::Locked(until.since(now).max(1)))
            }
            State::Exhausted => Some(Error::Exhausted(standing.exhausted_for(record, now))),
            State::Expired => Some(Error::Expired),
            State::Revoked => Some(Error::Revoked),
            State::Verified => Some(Error::NotFound),
        };
        if let Some(error) = error {
            return Outcome::NotCompared(error);
        }
        // Counted by the odometer, so exact however many requests race.
        let failures = i64::from(record.failures_before).saturating_add(before);
        let until_disabled = i64::from(located.policy.failure_cap).saturating_sub(failures);
        if until_disabled <= 0 {
            return Outcome::NotCompared(Error::Disabled);
        }
        let until_exhausted = i64::from(record.max_attempts).saturating_sub(before);
        let left =
            u32::try_from(until_exhausted.min(until_disabled).saturating_sub(1)).unwrap_or(0);
        let reference_differs = request.reference != record.reference;
        if right && !reference_differs {
            Outcome::Right(record)
        } else {
            Outcome::Wrong { record, left, reference_differs }
        }
    }

    /// Takes the challenge's one success: whoever steps its `used` count to 1 has it.
    async fn win(
        &self,
        tenant: &str,
        located: &Located,
        standing: &Standing<'_>,
        record: &Record,
    ) -> Result<Verified, Error> {
        let subject = &located.subject;
        let now = self.world.now();
        if now >= record.expires_at() {
            self.take_back(subject, standing, Vec::new()).await;
            return Err(Error::Expired);
        }
        let place = subject.success();
        let success = Success { nonce: record.nonce, at: now.0 };
        let value = record::seal(&self.world, self.keyring.current(), &place, &success);
        let batch = vec![
            use_up(located, record, 1),
            Operation::Set {
                key: place,
                value,
                ttl_seconds: LOCK_MEMORY_SECONDS.saturating_mul(8),
            },
            Operation::Delete(subject.failures()),
        ];
        if self.run(batch).await?.count()? != 1 {
            return Err(Error::NotFound);
        }
        Ok(Verified {
            id: self.id(tenant, located, record.nonce),
            purpose: located.purpose.clone(),
            channel: record.channel(),
            masked_recipient: record.masked_recipient.clone(),
            reference: record.reference.clone(),
            verified_at: now,
        })
    }

    /// Locks the subject. Should this fail, the challenge is exhausted all the same.
    async fn close_exhausted(&self, located: &Located, record: &Record, now: Timestamp) {
        let seconds = located.policy.lockout_after(record.exhausted_before);
        let until = now.plus(seconds);
        let in_a_row = record.exhausted_before.saturating_add(1);
        let closing = Closing { nonce: record.nonce, at: now.0, until: until.0, in_a_row };
        let key = located.subject.closing();
        let value = record::seal(&self.world, self.keyring.current(), &key, &closing);
        // As long as it makes the next lock longer.
        let ttl_seconds = seconds.saturating_add(LOCK_MEMORY_SECONDS);
        self.tidy(vec![Operation::Set { key, value, ttl_seconds }]).await;
    }

    /// The operation that takes a challenge back.
    pub(super) fn withdraw(&self, located: &Located, record: &Record, cleared: bool) -> Operation {
        let key = located.subject.withdrawal();
        let withdrawal = Withdrawal { nonce: record.nonce, cleared };
        let value = record::seal(&self.world, self.keyring.current(), &key, &withdrawal);
        Operation::Set { key, value, ttl_seconds: WITHDRAWAL_SECONDS }
    }
}

/// The step of a challenge's `used` count: the first one decides how the challenge ended. By 1 to answer it, by
/// `TAKEN_BACK` to take it back.
pub(super) fn use_up(located: &Located, record: &Record, by: i64) -> Operation {
    let key = located.subject.used(&record.nonce);
    Operation::Increment { key, by, ttl_seconds: USED_SECONDS }
}

/// Longer than any challenge lives.
const USED_SECONDS: u32 = 3_600;
/// Longer than any record is kept.
const WITHDRAWAL_SECONDS: u32 = 3 * 86_400;

/// So far above 1 that the count tells how often a challenge was answered and how often taken back.
pub(super) const TAKEN_BACK: i64 = 1 << 32;

/// What was typed, where the request is one that the policy allows. Nothing has been counted yet.
fn presentable(policy: &Policy, request: &VerifyRequest) -> Result<Code, Error> {
    match (policy.verify_by, &request.target) {
        (VerifyBy::Id, Target::Recipient(_)) | (VerifyBy::Recipient, Target::Id(_)) => {
            return Err(Error::VerifyByNotAllowed);
        }
        _ => {}
    }
    if policy.reference_required && request.reference.is_none() {
        return Err(Error::ReferenceRequired);
    }
    super::refuse_bad_reference(request.reference.as_deref())?;
    let reason = "has to be as many of the policy's signs as a code has";
    Code::read(&request.code, policy.alphabet, policy.code_length)
        .ok_or(Error::InvalidArgument { field: "code", reason })
}

/// Something to derive a code from where there is no challenge.
const fn absent() -> Record {
    Record {
        nonce: [0; crate::subject::DIGEST_BYTES],
        generation: 0,
        channel: 0,
        channels: Vec::new(),
        recipient: String::new(),
        masked_recipient: String::new(),
        reference: None,
        locale: None,
        alphabet: 0,
        code_length: 6,
        max_attempts: 0,
        issued_at: 0,
        expires_at: 0,
        start: 0,
        failures_before: 0,
        exhausted_before: 0,
        sends: 0,
        resends: 0,
        last_send_at: 0,
        kept_until: 0,
    }
}

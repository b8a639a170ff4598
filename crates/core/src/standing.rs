//! Where a subject stands: what the store says of it, read once and judged in one place.

use crate::error::{Error, StoreError};
use crate::keyring::{Key, Keyring};
use crate::policy::Policy;
use crate::record::{self, Closing, LOCK_MEMORY_SECONDS, Record, Success, Withdrawal};
use crate::request::State;
use crate::subject::{DIGEST_BYTES, Subject};
use crate::world::{Operation, Replies, Timestamp};

/// What the store says of a subject.
pub(crate) struct Standing<'k> {
    pub(crate) challenge: Option<(&'k Key, Record)>,
    closing: Option<Closing>,
    withdrawal: Option<Withdrawal>,
    success: Option<Success>,
    /// The reading of the odometer, with this request's own attempt where it made one.
    odometer: i64,
    /// The subject's consecutive wrong codes, with those of requests under way.
    pub(crate) failures: i64,
}

impl<'k> Standing<'k> {
    /// Asks: adds six operations to a batch. `attempts` is 1 for a verification, which is counted before
    /// anything is known, and 0 for whoever only looks.
    pub(crate) fn ask(subject: &Subject, attempts: i64, batch: &mut Vec<Operation>) {
        batch.push(step_odometer(subject, attempts));
        batch.push(step_failures(subject, attempts));
        batch.push(Operation::Get(subject.challenge()));
        batch.push(Operation::Get(subject.closing()));
        batch.push(Operation::Get(subject.withdrawal()));
        batch.push(Operation::Get(subject.success()));
    }

    /// Reads the replies to `ask`. What doesn't open counts as absent, and so does a record that the store might
    /// have forgotten.
    pub(crate) fn read(
        keyring: &'k Keyring,
        subject: &Subject,
        now: Timestamp,
        replies: &mut Replies,
    ) -> Result<Self, StoreError> {
        let (odometer, failures) = (replies.count()?, replies.count()?);
        let [challenge, closing] = [replies.value()?, replies.value()?];
        let [withdrawal, success] = [replies.value()?, replies.value()?];
        let success = record::open(keyring, &subject.success(), success);
        let success: Option<Success> = success.map(|(_, success)| success);
        let closing = record::open(keyring, &subject.closing(), closing);
        let closing: Option<Closing> = closing.map(|(_, closing)| closing);
        let withdrawal = record::open(keyring, &subject.withdrawal(), withdrawal);
        // A challenge was answered while somebody else spent its last attempt: that locks nobody out.
        let answered = |closing: &Closing| {
            success.as_ref().is_some_and(|success| success.nonce == closing.nonce)
        };
        Ok(Self {
            challenge: record::open_challenge(keyring, subject, now, challenge),
            closing: closing.filter(|closing| !answered(closing)),
            withdrawal: withdrawal.map(|(_, withdrawal)| withdrawal),
            success,
            odometer,
            failures,
        })
    }

    /// The challenge, if it has that nonce or none in particular is asked for.
    pub(crate) fn challenge(
        &self,
        nonce: Option<[u8; DIGEST_BYTES]>,
    ) -> Option<(&'k Key, &Record)> {
        let (key, record) = self.challenge.as_ref()?;
        nonce.is_none_or(|nonce| nonce == record.nonce).then_some((*key, record))
    }

    /// Attempts counted since a challenge began; less than 0 where the odometer was lost.
    pub(crate) fn attempts(&self, record: &Record) -> i64 {
        match self.odometer.saturating_sub(record.start) {
            // Without so much as the step that the challenge was written with.
            ..SENDING_STEP => LOST,
            distance => distance % SENDING_STEP,
        }
    }

    /// The same for a challenge that is about to be written, together with its `SENDING_STEP`.
    pub(crate) fn attempts_so_far(&self, record: &Record) -> i64 {
        self.odometer.saturating_sub(record.start).max(0) % SENDING_STEP
    }

    /// Where a challenge stands, when `attempts` have been made at it.
    pub(crate) fn state(&self, record: &Record, attempts: i64, now: Timestamp) -> State {
        let nonce = record.nonce;
        if self.withdrawal.as_ref().is_some_and(|withdrawal| withdrawal.nonce == nonce) {
            State::Revoked
        } else if self.success.as_ref().is_some_and(|success| success.nonce == nonce) {
            State::Verified
        } else if self.closing.as_ref().is_some_and(|closing| closing.nonce == nonce) {
            State::Exhausted
        } else if now >= record.expires_at() {
            State::Expired
        } else if attempts < 0 || attempts >= i64::from(record.max_attempts) {
            // A reading below the challenge's own says that the count was lost: not trusted.
            State::Exhausted
        } else {
            State::Pending
        }
    }

    /// The operation that takes back the failure that this verification counted before it knew better. Where
    /// there is no other, the count of 0 isn't worth keeping for long.
    pub(crate) fn take_back_failure(&self, subject: &Subject) -> Operation {
        let ttl_seconds = if self.is_alone() { ODOMETER_SECONDS } else { FAILURES_SECONDS };
        Operation::Increment { key: subject.failures(), by: -1, ttl_seconds }
    }

    /// Whether this verification counted the only failure.
    pub(crate) const fn is_alone(&self) -> bool {
        self.failures <= 1
    }

    /// When the subject's lock ends, if it is locked.
    pub(crate) fn locked_until(&self, now: Timestamp) -> Option<Timestamp> {
        let until = Timestamp(self.closing.as_ref()?.until);
        (now < until).then_some(until)
    }

    /// Seconds until an exhausted challenge can be followed by a new one.
    pub(crate) fn exhausted_for(&self, record: &Record, now: Timestamp) -> u32 {
        // A lock may be shorter than the challenge has to live.
        let end = record.expires_at();
        self.locked_until(now).map_or(end, |until| until.max(end)).since(now).max(1)
    }

    /// Why nothing may be sent to the subject, whatever the challenge.
    pub(crate) fn barred(&self, policy: &Policy, now: Timestamp) -> Option<Error> {
        if self.failures >= i64::from(policy.failure_cap) {
            return Some(Error::Disabled);
        }
        self.locked_until(now).map(|until| Error::Locked(until.since(now).max(1)))
    }

    /// What a new challenge takes over from the one before it.
    pub(crate) fn inheritance(&self, now: Timestamp) -> Inheritance {
        let mut inheritance = Inheritance {
            start: self.odometer,
            failures_before: u32::try_from(self.failures).unwrap_or(0),
            exhausted_before: self.exhausted_in_a_row(now),
            sends: 0,
            last_send_at: None,
        };
        let Some((_, record)) = &self.challenge else { return inheritance };
        if self.is_settled(record) {
            return inheritance;
        }
        inheritance.sends = record.sends;
        inheritance.last_send_at = Some(Timestamp(record.last_send_at));
        if now < record.expires_at() {
            // Still alive, or revoked: its attempts go on counting.
            inheritance.start = record.start;
            inheritance.failures_before = record.failures_before;
        }
        inheritance
    }

    /// The challenge that a new one would replace although all its attempts are spent.
    pub(crate) fn living_exhausted(&self, now: Timestamp) -> Option<&Record> {
        let (_, record) = self.challenge.as_ref()?;
        let attempts = self.attempts(record);
        let spent = attempts < 0 || attempts >= i64::from(record.max_attempts);
        (spent && now < record.expires_at() && !self.is_settled(record)).then_some(record)
    }

    /// Whether a challenge ended in a way that leaves nothing to count: answered, or cleared by an operator.
    fn is_settled(&self, record: &Record) -> bool {
        let cleared =
            |withdrawal: &Withdrawal| withdrawal.nonce == record.nonce && withdrawal.cleared;
        self.withdrawal.as_ref().is_some_and(cleared)
            || self.success.as_ref().is_some_and(|success| success.nonce == record.nonce)
    }

    fn exhausted_in_a_row(&self, now: Timestamp) -> u32 {
        let Some(closing) = &self.closing else { return 0 };
        let succeeded_since = self.success.as_ref().is_some_and(|success| success.at >= closing.at);
        let remembered = now < Timestamp(closing.until).plus(LOCK_MEMORY_SECONDS);
        if remembered && !succeeded_since { closing.in_a_row } else { 0 }
    }
}

/// What a new challenge takes over.
pub(crate) struct Inheritance {
    pub(crate) start: i64,
    pub(crate) failures_before: u32,
    pub(crate) exhausted_before: u32,
    pub(crate) sends: u32,
    pub(crate) last_send_at: Option<Timestamp>,
}

/// Codes that may still be tried, when `made` attempts were.
pub(crate) fn attempts_left(record: &Record, made: i64) -> u32 {
    let left = i64::from(record.max_attempts).saturating_sub(made.max(0));
    u32::try_from(left).unwrap_or(0)
}

/// Seconds for which the odometer is kept after its last step: longer than any challenge lives.
const ODOMETER_SECONDS: u32 = 3_600;
/// Seconds for which consecutive failures are remembered after the last attempt: a leap year.
const FAILURES_SECONDS: u32 = 366 * 86_400;

/// The odometer's step for a send, before its challenge is written: keeps the odometer alive for as long as the
/// challenge, and isn't an attempt. So far above the attempts that whoever comes between this step and the
/// challenge's being written reads the right number of attempts, of the old challenge as of the new; and a
/// reading that lacks it was lost.
pub(crate) const SENDING_STEP: i64 = 1 << 32;
/// Attempts where the odometer was lost: below 0 also when one's own is added or taken away.
const LOST: i64 = -2;

/// The odometer's step.
pub(crate) fn step_odometer(subject: &Subject, by: i64) -> Operation {
    Operation::Increment { key: subject.odometer(), by, ttl_seconds: ODOMETER_SECONDS }
}

/// The failures' step.
pub(crate) fn step_failures(subject: &Subject, by: i64) -> Operation {
    Operation::Increment { key: subject.failures(), by, ttl_seconds: FAILURES_SECONDS }
}

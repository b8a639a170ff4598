//! `verify`: counts an attempt, compares a code, and lets one of all right codes succeed.

use countersign_contract::otp::{Error, State, Target, Verified, VerifyRequest};
use countersign_contract::settings::{Activity, VerifyBy};
use countersign_contract::{Secret, Timestamp};

use super::{Engine, Located, client_address};
use crate::batch::Batch;
use crate::code::Code;
use crate::device::{self, Device};
use crate::history::History;
use crate::limits::Windows;
use crate::nonce::{self, Nonce};
use crate::odometer::{self, Reading, Slot};
use crate::policy::Policy;
use crate::record::{self, Budget, Challenges, Record, Success};
use crate::standing::{Attempt, Standing, attempts_left, is_of, mark};
use crate::subject;
use crate::verdict::{self, Verdict};
use crate::world::World;
use countersign_contract::otp::MAX_TYPED_BYTES;

/// What the first round trip brought to light.
enum Outcome<'a> {
    /// Nothing was compared, and the attempt counts for nothing.
    NotCompared(Error),
    /// Nothing was compared, since all attempts of the budget are spent.
    Spent { budget: &'a Budget, error: Error },
    /// The code is wrong, or was given for another transaction.
    Wrong { budget: &'a Budget, left: u32, reference_differs: bool },
    /// The code is right. Whether it wins is the store's to say.
    Right { budget: &'a Budget, record: &'a Record },
}

impl<W: World> Engine<W> {
    /// Compares a code, having counted the attempt first. A challenge succeeds once.
    ///
    /// # Errors
    ///
    /// As `wit/otp.wit` lists them for `verify`.
    pub async fn verify(&self, request: VerifyRequest) -> Result<Verified, Error> {
        let now = self.world.now();
        let located = self.locate(&request.tenant, &request.target, now)?;
        self.refuse_other(&request, &located)?;
        refuse_unpresentable(&located.policy, &request)?;
        let ip = client_address(request.client_ip.as_deref())?;

        let Located { subject, policy, .. } = &located;
        let mut windows =
            self.windows(&request.tenant, &located, ip, Activity::Verify, now).await?;
        let typed = self.typed(&located, &request.code, now).await?;
        let attempt = located.nonce.map_or(Attempt::AtEither, |nonce| Attempt::At(nonce.slot()));
        let mut batch = Batch::with_capacity(12);
        let standing_asked = Standing::ask(subject, policy, attempt, &mut batch);
        let windows_asked = windows.count(&mut batch);
        let mut replies = self.run(batch).await?;
        let standing =
            Standing::read(&self.keyring, located.place(), now, &standing_asked, &mut replies)?;
        windows.read(&windows_asked, &replies)?;
        windows.remember(&self.spent);

        match self.compare(&located, &standing, &windows, &typed, &request, now) {
            Outcome::NotCompared(error) => {
                self.void(&located, &standing, &windows, &error).await;
                Err(error)
            }
            Outcome::Spent { budget, error } => {
                Err(self.spent(&located, &standing, budget, &windows, error).await)
            }
            Outcome::Wrong { budget, mut left, reference_differs } => {
                if left == 0 {
                    // The answer stands whether or not that works.
                    left = self.close(&located, &standing, budget, now).await.unwrap_or(0);
                }
                Err(if reference_differs {
                    Error::ReferenceMismatch(left)
                } else {
                    Error::Mismatch(left)
                })
            }
            Outcome::Right { budget, record } => {
                let id = self.id(&request.tenant, &located, record.nonce);
                let verified_at = self.win(&located, &standing, budget, record).await?;
                let remembers = located.policy.remember_device_seconds > 0;
                let kept = standing.challenges();
                Ok(Verified {
                    id,
                    purpose: located.purpose.clone(),
                    channel: record.channel(),
                    masked_recipient: kept
                        .map(|challenges| challenges.masked_recipient.clone())
                        .unwrap_or_default(),
                    reference: record.reference.clone(),
                    verified_at,
                    device_cookie: kept.filter(|_| remembers).map(|challenges| {
                        let (tenant, recipient) = (&request.tenant, &challenges.recipient);
                        Secret::new(device::cookie(&self.keyring, tenant, recipient, verified_at))
                    }),
                })
            }
        }
    }

    /// What was typed: a code of the policy's form; or else, at the cost of a look that counts nothing, one of the form
    /// that the policy had when a challenge was issued.
    async fn typed(
        &self,
        located: &Located,
        typed: &Secret<String>,
        now: Timestamp,
    ) -> Result<Code, Error> {
        let policy = &located.policy;
        if let Some(code) = Code::read(typed, policy.alphabet, policy.code_length) {
            return Ok(code);
        }
        let reason = "has to be as many of the policy's signs as a code has";
        let malformed = Error::invalid("code", reason);
        if !Code::may_be(typed) {
            return Err(malformed);
        }
        let standing = self.look(located, now).await?;
        let named = named(located, &standing);
        named.iter().find_map(|(_, record)| record.read(typed)).ok_or(malformed)
    }

    /// Refuses an id of another purpose or recipient than the caller expects, before anything counts.
    fn refuse_other(&self, request: &VerifyRequest, located: &Located) -> Result<(), Error> {
        if request.purpose.as_ref().is_some_and(|purpose| *purpose != located.purpose) {
            return Err(Error::NotFound);
        }
        if let Some(to) = &request.to {
            let recipient = located.policy.recipient(to.expose(), None)?;
            let is_of = |device| {
                let digest = subject::digest(&self.keyring, &request.tenant, &recipient, device);
                digest == located.subject.digest
            };
            if !Device::BOTH.into_iter().any(is_of) {
                return Err(Error::NotFound);
            }
        }
        Ok(())
    }

    /// Voids the attempt of a request that compared nothing.
    async fn void(&self, located: &Located, standing: &Standing, windows: &Windows, error: &Error) {
        let subject = &located.subject;
        let mut batch = Batch::with_capacity(8);
        // The next budget takes the other one, which may happen right now.
        let latest = standing.next_slot().other();
        for slot in Slot::BOTH {
            let reading = standing.reading(slot);
            if reading.is_absent() {
                continue;
            }
            if slot == latest && reading.epoch() != 0 {
                odometer::void(subject, slot, reading, &mut batch);
            } else if reading.epoch() == 0 {
                // Counts for nothing: not worth keeping for long.
                odometer::keep(subject, slot, &mut batch);
            }
        }
        let taken_back = if matches!(error, Error::Throttled(_)) {
            windows.take_back(&mut batch)
        } else {
            windows.take_back_of_subject(&mut batch)
        };
        self.tidy_up(batch, windows, &taken_back).await;
    }

    /// What a request is told that came too late for the last attempt: where another one took it with the right
    /// code, that there is no such challenge any more.
    async fn spent(
        &self,
        located: &Located,
        standing: &Standing,
        budget: &Budget,
        windows: &Windows,
        error: Error,
    ) -> Error {
        let mut batch = Batch::with_capacity(4);
        let slot = budget.slot();
        if standing.attempts(budget) >= 0 {
            odometer::void(&located.subject, slot, standing.reading(slot), &mut batch);
        }
        let look = verdict::look(&located.subject, &budget.first, &mut batch);
        let taken_back = windows.take_back_of_subject(&mut batch);
        let Ok(replies) = self.run(batch).await else { return error };
        self.mend(windows, &taken_back, &replies).await;
        match replies.count(look).map(Verdict::new) {
            Ok(verdict) if verdict.answers() > 0 => Error::NotFound,
            _ => error,
        }
    }

    /// The one place that decides. Something is derived and compared whatever the store said, so that the time
    /// this takes says nothing.
    fn compare<'s>(
        &self,
        located: &Located,
        standing: &'s Standing,
        windows: &Windows,
        typed: &Code,
        request: &VerifyRequest,
        now: Timestamp,
    ) -> Outcome<'s> {
        let named = named(located, standing);
        let right: Vec<&Record> = self.right(located, &named, typed);
        if let Some(error) = windows.refusal() {
            return Outcome::NotCompared(error);
        }
        let Some((budget, newest)) = named.first().copied() else {
            let error = standing
                .history
                .locked_until(now)
                .map_or(Error::NotFound, |until| Error::Locked(until.since(now).max(1)));
            return Outcome::NotCompared(error);
        };
        // This request's own attempt isn't one of those made before it.
        let before = standing.attempts(budget).saturating_sub(1);
        let is_pending =
            |record: &&Record| standing.state(budget, record, before, now) == State::Pending;
        let pending = || named.iter().map(|(_, record)| *record).filter(is_pending);
        if pending().next().is_none() {
            return not_pending(standing, budget, newest, before, now);
        }
        if let Some(error) = standing.barred(&located.policy, now) {
            return Outcome::NotCompared(error);
        }
        // Counted by the odometer, so exact however many requests race.
        let counted = self.counted_of(located, standing, budget);
        let failures = i64::from(standing.history.failures.saturating_sub(counted));
        let until_disabled =
            i64::from(located.policy.failure_cap).saturating_sub(failures.saturating_add(before));
        if until_disabled <= 0 {
            return Outcome::NotCompared(Error::Disabled);
        }
        let until_exhausted = i64::from(budget.max_attempts).saturating_sub(before);
        let left =
            u32::try_from(until_exhausted.min(until_disabled).saturating_sub(1)).unwrap_or(0);
        let is_bound = |record: &&Record| record.reference == request.reference;
        let is_right = |record: &&Record| right.iter().any(|right| right.nonce == record.nonce);
        match pending().filter(is_bound).find(is_right) {
            Some(record) => Outcome::Right { budget, record },
            None => Outcome::Wrong {
                budget,
                left,
                reference_differs: pending().find(is_bound).is_none(),
            },
        }
    }

    /// Those of the challenges that have this code. At least one is derived and compared.
    fn right<'s>(
        &self,
        located: &Located,
        named: &[(&'s Budget, &'s Record)],
        typed: &Code,
    ) -> Vec<&'s Record> {
        let code = |record: &Record| {
            let key = self.keyring.named(&record.key).unwrap_or_else(|| self.keyring.current());
            record.code(key, &located.subject, &located.purpose)
        };
        if named.is_empty() {
            std::hint::black_box(code(&absent()).is(typed));
        }
        named.iter().map(|(_, record)| *record).filter(|record| code(record).is(typed)).collect()
    }

    /// Takes the one success of a budget: its first answer has it.
    async fn win(
        &self,
        located: &Located,
        standing: &Standing,
        budget: &Budget,
        record: &Record,
    ) -> Result<Timestamp, Error> {
        let Located { subject, policy, purpose, .. } = located;
        let now = self.world.now();
        if record.is_over(now) {
            let mut batch = Batch::with_capacity(1);
            let slot = budget.slot();
            odometer::void(subject, slot, standing.reading(slot), &mut batch);
            self.tidy(batch).await;
            return Err(Error::Expired);
        }
        let mark = mark(&self.keyring, purpose, budget.slot(), budget.epoch);
        let cleared = |history: &History| history.cleared(Some(mark));
        let mut batch = Batch::with_capacity(8);
        // Another epoch of the odometer means that the store may have lost the verdict too, and that a request under way
        // wrote the challenge back. Read before the step: an answer that comes after the step removes the odometer.
        let odometer = odometer::look(subject, budget.slot(), &mut batch);
        let step = verdict::answer(subject, &budget.first, record.place, &mut batch);
        // Read after the step. A missing challenge means the same. Failures of this budget that another request counts
        // after this step are cleared by that request: it sees the answer.
        let challenges = batch.get(subject.challenges());
        let history = batch.get(subject.history(policy.failure_scope));
        let success = batch.get(subject.success());
        self.write_success(located, budget, Some(record.nonce), &mut batch);
        let had_failures = standing.history.failures > 0;
        if had_failures {
            self.write_history(located, &cleared(&standing.history), &mut batch);
        }
        batch.delete(subject.odometer(budget.slot()));
        if located.nonce.is_none() {
            // Verifications by recipient step both odometers. The other one may count for the next budget by now.
            odometer::keep(subject, budget.slot().other(), &mut batch);
        }
        let mut replies = self.run(batch).await?;
        let verdict = Verdict::new(replies.count(step)?);
        let challenges: Option<Challenges> =
            record::open(&self.keyring, || subject.challenges(), replies.value(challenges)?);
        let history: Option<History> = record::open(
            &self.keyring,
            || subject.history(policy.failure_scope),
            replies.value(history)?,
        );
        let before: Option<Success> =
            record::open(&self.keyring, || subject.success(), replies.value(success)?);
        // Those of its budget: an issue may have begun another one since.
        let is_same = |kept: &Budget| kept.first == budget.first;
        let rivals = challenges.filter(|kept| kept.budget.as_ref().is_some_and(is_same));
        let rivals = rivals.map_or_else(Vec::new, |kept| kept.records);
        let is_there = rivals.iter().any(|kept| kept.nonce == record.nonce);
        let is_counted = Reading::new(replies.count(odometer)?).epoch() == budget.epoch;
        let is_kept = is_there && is_counted && is_of(record.generation, replies.generation());
        if !verdict.is_won_by(record.place) || !is_kept {
            let winner = match verdict.first_answer(record.place) {
                Some(place) if place == record.place => Some(record.nonce),
                place => {
                    let first = rivals.iter().find(|rival| Some(rival.place) == place);
                    first.map(|rival| rival.nonce)
                }
            };
            let before = before.filter(|success| success.budget == budget.first);
            let ended = if verdict.answers() > 1 {
                let known = before.as_ref().and_then(|success| success.challenge);
                Some(winner.or(known))
            } else {
                // It was taken back before, or the verdict was lost: what was written before stands.
                before.map(|success| success.challenge)
            };
            self.lose(located, budget, record, ended).await;
            return Err(Error::NotFound);
        }
        if let Some(history) = history.filter(|history| !had_failures && history.failures > 0) {
            // The last attempt was counted as a failure in the meantime.
            let mut batch = Batch::with_capacity(1);
            self.write_history(located, &cleared(&history), &mut batch);
            self.tidy(batch).await;
        }
        Ok(now)
    }

    /// Puts right what an answer wrote that did not win: `ended` is the challenge that was answered before, where one
    /// was and where it is known.
    async fn lose(
        &self,
        located: &Located,
        budget: &Budget,
        record: &Record,
        ended: Option<Option<Nonce>>,
    ) {
        let mut batch = Batch::with_capacity(1);
        match ended {
            // The same challenge was answered before: what is written says so.
            Some(winner) if winner == Some(record.nonce) => return,
            Some(winner) => self.write_success(located, budget, winner, &mut batch),
            None => batch.delete(located.subject.success()),
        }
        self.tidy(batch).await;
    }

    /// Counts the failures of a budget whose last attempt was wrong, and tells how many are left after all. Should this
    /// fail, the next issue does it.
    async fn close(
        &self,
        located: &Located,
        standing: &Standing,
        budget: &Budget,
        now: Timestamp,
    ) -> Result<u32, Error> {
        let attempts = standing.attempts(budget);
        let failures = u32::try_from(attempts).unwrap_or(0).min(budget.max_attempts);
        let mark = mark(&self.keyring, &located.purpose, budget.slot(), budget.epoch);
        let mut history = standing.history.clone();
        history.advance(mark, failures, &located.policy, now);
        let mut batch = Batch::with_capacity(4);
        let before = self.exchange_history(located, &history, &mut batch);
        // Read after the failures are written: an answer that comes after this sees them, and so does an operator.
        let verdict = verdict::look(&located.subject, &budget.first, &mut batch);
        let reading = odometer::look(&located.subject, budget.slot(), &mut batch);
        let mut replies = self.run(batch).await?;
        let verdict = Verdict::new(replies.count(verdict)?);
        let reading = Reading::new(replies.count(reading)?);
        let before = self.history_before(located, before, &mut replies)?;
        let (before, left) = if verdict.answers() > 0 || verdict.is_cleared() {
            (before.cleared(Some(mark)), 0)
        } else if reading.epoch() == budget.epoch && reading.attempts() < attempts {
            // Not the last attempt after all: one that was under way has been voided.
            (before, attempts_left(budget, reading.attempts()))
        } else {
            let written = (standing.kept_history.clone(), history);
            self.merge_history(located, written, before, now).await;
            return Ok(0);
        };
        let mut batch = Batch::with_capacity(1);
        self.write_history(located, &before, &mut batch);
        self.tidy(batch).await;
        Ok(left)
    }

    /// How many failures of a budget the history holds already. Asked only where it holds any.
    fn counted_of(&self, located: &Located, standing: &Standing, budget: &Budget) -> u32 {
        if standing.history.failures == 0 {
            return 0;
        }
        let mark = mark(&self.keyring, &located.purpose, budget.slot(), budget.epoch);
        standing.history.counted_of(mark)
    }
}

/// Why a challenge can't be answered that isn't pending.
fn not_pending<'s>(
    standing: &Standing,
    budget: &'s Budget,
    record: &Record,
    before: i64,
    now: Timestamp,
) -> Outcome<'s> {
    Outcome::NotCompared(match standing.state(budget, record, before, now) {
        State::Exhausted => {
            let error = Error::Exhausted(standing.exhausted_for(budget, now));
            return Outcome::Spent { budget, error };
        }
        State::Expired => Error::Expired,
        State::Revoked if !standing.is_answered(budget) => Error::Revoked,
        State::Revoked | State::Verified | State::Pending => Error::NotFound,
    })
}

/// The challenges that a request names: that of the id, or all of the recipient's.
fn named<'s>(located: &Located, standing: &'s Standing) -> Vec<(&'s Budget, &'s Record)> {
    match located.nonce {
        Some(nonce) => standing.challenge(nonce).into_iter().collect(),
        None => standing.all().collect(),
    }
}

/// Refuses what the policy doesn't allow. Nothing has been counted yet.
fn refuse_unpresentable(policy: &Policy, request: &VerifyRequest) -> Result<(), Error> {
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
    if request.code.expose().len() > MAX_TYPED_BYTES {
        let reason = "has to be at most 256 bytes";
        return Err(Error::invalid("code", reason));
    }
    Ok(())
}

/// Something to derive a code from where there is no challenge.
const fn absent() -> Record {
    Record {
        nonce: Nonce::from_bytes([0; nonce::BYTES]),
        place: 0,
        key: String::new(),
        code_number: 0,
        channel: 0,
        channels: Vec::new(),
        reference: None,
        locale: None,
        alphabet: 0,
        code_length: 6,
        expires_at: 0,
        resends: 0,
        generation: None,
    }
}

//! Where a subject stands: what the store says of it, read once and judged in one place.

use countersign_contract::Timestamp;
use countersign_contract::otp::{Error, State};
use countersign_contract::types::StoreError;

use crate::batch::{Batch, CountTicket, Replies, ValueTicket};
use crate::history::{BudgetMark, History};
use crate::keyring::Keyring;
use crate::nonce::Nonce;
use crate::odometer::{self, Reading};
use crate::policy::Policy;
use crate::record::{self, Budget, Challenges, Record, Success, Withdrawal};
use crate::slot::Slot;
use crate::subject::Subject;
use crate::verdict::PLACES;

/// Attempts of a budget whose odometer was lost: below 0 also when one's own is added or taken away.
const LOST: i64 = -2;

/// What a request does with the odometers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Attempt {
    /// Nothing: it only looks.
    None,
    /// It names a challenge, whose budget counts with this one.
    At(Slot),
    /// It names the recipient: which one counts is known afterwards.
    AtEither,
}

impl Attempt {
    const fn steps(self, slot: Slot) -> bool {
        match self {
            Self::None => false,
            Self::At(own) => own.number() == slot.number(),
            Self::AtEither => true,
        }
    }
}

/// What the store says of a subject.
pub(crate) struct Standing {
    challenges: Option<Challenges>,
    pub(crate) history: History,
    /// The same as the store holds it.
    pub(crate) kept_history: History,
    success: Option<Success>,
    withdrawal: Withdrawal,
    /// Of both odometers, with this request's own attempt where it made one.
    readings: [Reading; 2],
    /// The store's generation.
    pub(crate) generation: Option<u64>,
}

/// What was asked for.
pub(crate) struct Asked {
    odometers: [Option<CountTicket>; 2],
    challenges: ValueTicket,
    /// Not asked for where only the challenges matter.
    history: Option<ValueTicket>,
    success: ValueTicket,
    withdrawal: ValueTicket,
}

impl Standing {
    /// Asks.
    pub(crate) fn ask(
        subject: &Subject,
        policy: &Policy,
        attempt: Attempt,
        batch: &mut Batch,
    ) -> Asked {
        let mut asked = Self::ask_challenges(subject, attempt, batch);
        asked.history = Some(batch.get(subject.history(policy.failure_scope)));
        asked
    }

    /// Asks for what decides where the challenges stand, without the recipient's history: that takes no policy.
    pub(crate) fn ask_challenges(subject: &Subject, attempt: Attempt, batch: &mut Batch) -> Asked {
        let odometers = Slot::BOTH.map(|slot| match attempt {
            Attempt::At(own) if own != slot => None,
            _ if attempt.steps(slot) => Some(odometer::attempt(subject, slot, batch)),
            _ => Some(odometer::look(subject, slot, batch)),
        });
        Asked {
            odometers,
            challenges: batch.get(subject.challenges()),
            history: None,
            success: batch.get(subject.success()),
            withdrawal: batch.get(subject.withdrawal()),
        }
    }

    /// Reads the replies to `ask`. What doesn't open counts as absent, and so do challenges of which the store may
    /// have forgotten that they were answered: those of another generation.
    pub(crate) fn read(
        keyring: &Keyring,
        (subject, purpose, policy): (&Subject, &str, &Policy),
        now: Timestamp,
        asked: &Asked,
        replies: &mut Replies,
    ) -> Result<Self, StoreError> {
        let mut standing = Self::read_challenges(keyring, subject, now, asked, replies)?;
        if let Some(history) = asked.history {
            let place = || subject.history(policy.failure_scope);
            let history: Option<History> = record::open(keyring, &place, replies.value(history)?);
            standing.history = history.unwrap_or_default();
            standing.kept_history = standing.history.clone();
        }
        let budget = standing.challenges.as_ref().and_then(|challenges| challenges.budget.as_ref());
        if let Some(budget) = budget.filter(|budget| standing.is_answered(budget))
            && standing.history.failures > 0
        {
            let mark = mark(keyring, purpose, budget.slot(), budget.epoch);
            if standing.history.has_counted(mark) {
                standing.history = standing.history.cleared(Some(mark));
            }
        }
        Ok(standing)
    }

    /// The same of `ask_challenges`: the history is an empty one.
    pub(crate) fn read_challenges(
        keyring: &Keyring,
        subject: &Subject,
        now: Timestamp,
        asked: &Asked,
        replies: &mut Replies,
    ) -> Result<Self, StoreError> {
        let generation = replies.generation();
        let mut readings = [Reading::default(); 2];
        for (reading, ticket) in readings.iter_mut().zip(asked.odometers) {
            if let Some(ticket) = ticket {
                *reading = Reading::new(replies.count(ticket)?);
            }
        }
        let mut challenges: Option<Challenges> =
            record::open(keyring, &|| subject.challenges(), replies.value(asked.challenges)?);
        challenges = challenges.filter(|challenges| now.0 < challenges.kept_until);
        if let Some(challenges) = &mut challenges {
            challenges.records.retain(|record| {
                is_of(record.generation, generation) && keyring.named(&record.key).is_some()
            });
        }
        let success = record::open(keyring, &|| subject.success(), replies.value(asked.success)?);
        let withdrawal = replies.value(asked.withdrawal)?;
        let withdrawal = record::open(keyring, &|| subject.withdrawal(), withdrawal);
        Ok(Self {
            challenges,
            kept_history: History::default(),
            history: History::default(),
            success,
            withdrawal: withdrawal.unwrap_or_default(),
            readings,
            generation,
        })
    }

    /// The subject's challenges, with what goes with them.
    pub(crate) const fn challenges(&self) -> Option<&Challenges> {
        self.challenges.as_ref()
    }

    /// The challenge of that nonce.
    pub(crate) fn challenge(&self, nonce: Nonce) -> Option<(&Budget, &Record)> {
        self.all().find(|(_, record)| record.nonce == nonce)
    }

    /// The newest challenge.
    pub(crate) fn newest(&self) -> Option<(&Budget, &Record)> {
        self.all().next()
    }

    /// All challenges with their budget, the newest first.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&Budget, &Record)> {
        let budget = self.challenges.as_ref().and_then(|challenges| challenges.budget.as_ref());
        let records = self.challenges.iter().flat_map(|challenges| &challenges.records);
        budget
            .into_iter()
            .flat_map(move |budget| records.clone().map(move |record| (budget, record)))
    }

    /// What an odometer shows.
    pub(crate) const fn reading(&self, slot: Slot) -> Reading {
        let [even, odd] = self.readings;
        match slot {
            Slot::Even => even,
            Slot::Odd => odd,
        }
    }

    /// Attempts counted in a budget; less than 0 where the count was lost.
    pub(crate) fn attempts(&self, budget: &Budget) -> i64 {
        let reading = self.reading(budget.slot());
        if reading.epoch() == budget.epoch { reading.attempts().max(LOST) } else { LOST }
    }

    /// Where a challenge stands, when `attempts` have been made in its budget.
    pub(crate) fn state(
        &self,
        budget: &Budget,
        record: &Record,
        attempts: i64,
        now: Timestamp,
    ) -> State {
        // Only a revocation that was first is written; an answer writes before it knows that it was.
        if self.is_revoked(record.nonce) {
            State::Revoked
        } else if self.success.as_ref().is_some_and(|it| it.challenge == Some(record.nonce)) {
            State::Verified
        } else if self.is_settled(budget) {
            State::Revoked
        } else if attempts >= i64::from(budget.max_attempts) {
            State::Exhausted
        } else if record.is_over(now) {
            State::Expired
        } else if attempts < 0 {
            // The count was lost: not trusted.
            State::Exhausted
        } else {
            State::Pending
        }
    }

    /// Whether a challenge was taken back.
    pub(crate) fn is_revoked(&self, nonce: Nonce) -> bool {
        self.withdrawal.challenges.iter().any(|(revoked, _)| *revoked == nonce)
    }

    /// The place of the next challenge that shares the budget: after that of the newest, and none of a revoked one.
    pub(crate) fn next_place(&self) -> u8 {
        let newest = self.newest().map_or(PLACES - 1, |(_, record)| record.place);
        let after = |step: u8| newest.wrapping_add(step) % PLACES;
        let is_free =
            |place: &u8| !self.withdrawal.challenges.iter().any(|(_, used)| used == place);
        (1..=PLACES).map(after).find(is_free).unwrap_or_else(|| after(1))
    }

    /// What was taken back of late.
    pub(crate) const fn withdrawal(&self) -> &Withdrawal {
        &self.withdrawal
    }

    /// Whether a budget ended in a way that leaves nothing to count: one of its challenges was answered, or an
    /// operator cleared it.
    pub(crate) fn is_settled(&self, budget: &Budget) -> bool {
        self.is_cleared(budget) || self.is_answered(budget)
    }

    /// Whether an operator cleared a budget.
    pub(crate) fn is_cleared(&self, budget: &Budget) -> bool {
        self.withdrawal.cleared == Some(budget.first)
    }

    /// Whether one of a budget's challenges was answered.
    pub(crate) fn is_answered(&self, budget: &Budget) -> bool {
        self.success.as_ref().is_some_and(|success| success.budget == budget.first)
    }

    /// Seconds until an exhausted challenge can be followed by a new one.
    pub(crate) fn exhausted_for(&self, budget: &Budget, now: Timestamp) -> u32 {
        // A lock may be shorter than the challenges have to live.
        let end = Timestamp(budget.expires_at);
        self.history.locked_until(now).map_or(end, |until| until.max(end)).since(now).max(1)
    }

    /// Why nothing may be sent or compared, whatever the challenge.
    pub(crate) fn barred(&self, policy: &Policy, now: Timestamp) -> Option<Error> {
        if self.history.is_disabled(policy) {
            return Some(Error::Disabled);
        }
        let until = self.history.locked_until(now)?;
        Some(Error::Locked(until.since(now).max(1)))
    }

    /// The budget that a new challenge shares: that of one that lives, or was revoked and would.
    pub(crate) fn living_budget(&self, now: Timestamp) -> Option<&Budget> {
        let budget = self.challenges.as_ref()?.budget.as_ref()?;
        let lives = now.0 < budget.expires_at
            && !budget.first.is_of_the_future(now)
            && is_of(budget.generation, self.generation)
            && !self.is_settled(budget);
        lives.then_some(budget)
    }

    /// The odometer of the next budget: not that of the latest.
    pub(crate) fn next_slot(&self) -> Slot {
        let latest = self.challenges.as_ref().and_then(|challenges| challenges.budget.as_ref());
        match latest {
            Some(budget) => budget.slot().other(),
            None if self.reading(Slot::Even).epoch() == 0 => Slot::Even,
            None => Slot::Odd,
        }
    }

    /// The budget that lives although all its attempts are spent.
    pub(crate) fn living_exhausted(&self, now: Timestamp) -> Option<&Budget> {
        self.living_budget(now).filter(|budget| is_spent(budget, self.attempts(budget)))
    }

    /// The history with the failures of all budgets that have ended, and the odometers that counted them.
    pub(crate) fn account(
        &self,
        keyring: &Keyring,
        purpose: &str,
        policy: &Policy,
        now: Timestamp,
    ) -> (History, Vec<Slot>) {
        let mut history = self.history.clone();
        let living = self.living_budget(now);
        let budget = self.challenges.as_ref().and_then(|challenges| challenges.budget.as_ref());
        let mut ended = Vec::new();
        for slot in Slot::BOTH {
            let reading = self.reading(slot);
            let counts =
                |budget: &&Budget| budget.slot() == slot && budget.epoch == reading.epoch();
            if reading.is_absent() || living.filter(counts).is_some() {
                continue;
            }
            ended.push(slot);
            let known = budget.filter(counts);
            if reading.epoch() == 0 || known.is_some_and(|budget| self.is_settled(budget)) {
                continue;
            }
            let most = known.map_or(policy.max_attempts, |budget| budget.max_attempts);
            let failures = reading.attempts().clamp(0, i64::from(most));
            let failures = u32::try_from(failures).unwrap_or(0);
            history.advance(mark(keyring, purpose, slot, reading.epoch()), failures, policy, now);
        }
        (history, ended)
    }
}

/// What names a budget in its recipient's history.
pub(crate) fn mark(keyring: &Keyring, purpose: &str, slot: Slot, epoch: u16) -> BudgetMark {
    let digest =
        keyring.digest(&[b"budget", purpose.as_bytes(), &[slot.number()], &epoch.to_be_bytes()]);
    let mut mark = BudgetMark::default();
    for (to, from) in mark.iter_mut().zip(digest) {
        *to = from;
    }
    mark
}

/// Whether something of one generation counts in another. A store that can't tell is trusted.
pub(crate) fn is_of(then: Option<u64>, now: Option<u64>) -> bool {
    match (then, now) {
        (Some(then), Some(now)) => then == now,
        _ => true,
    }
}

fn is_spent(budget: &Budget, attempts: i64) -> bool {
    attempts < 0 || attempts >= i64::from(budget.max_attempts)
}

/// Codes that may still be tried, when `made` attempts were.
pub(crate) fn attempts_left(budget: &Budget, made: i64) -> u32 {
    let left = i64::from(budget.max_attempts).saturating_sub(made.max(0));
    u32::try_from(left).unwrap_or(0)
}

#[cfg(test)]
mod tests;

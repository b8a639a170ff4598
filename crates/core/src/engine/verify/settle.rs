//! What is written once a code was compared, or was not: the success, the failures, or the attempt taken back.

use countersign_contract::Timestamp;
use countersign_contract::otp::Error;

use crate::batch::Batch;
use crate::engine::{Engine, Located};
use crate::history::History;
use crate::limits::Windows;
use crate::nonce::Nonce;
use crate::odometer::{self, Reading};
use crate::record::{self, Budget, CHALLENGES, Challenges, Record, Success};
use crate::slot::Slot;
use crate::standing::{Standing, attempts_left, is_of, mark};
use crate::verdict::{self, Verdict};
use crate::world::World;

impl<W: World> Engine<W> {
    /// Voids the attempt of a request that compared nothing.
    pub(super) async fn void(
        &self,
        located: &Located,
        standing: &Standing,
        windows: &Windows,
        error: &Error,
    ) {
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
            windows.take_back(subject, &mut batch)
        } else {
            windows.take_back_of_subject(subject, &mut batch)
        };
        self.tidy_up(batch, windows, &taken_back).await;
    }

    /// What a request is told that came too late for the last attempt: where another one took it with the right
    /// code, that there is no such challenge any more.
    pub(super) async fn spent(
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
        let taken_back = windows.take_back_of_subject(&located.subject, &mut batch);
        let Ok(replies) = self.run(batch).await else { return error };
        self.mend(windows, &taken_back, &replies).await;
        match replies.count(look).map(Verdict::new) {
            Ok(verdict) if verdict.answers() > 0 => Error::NotFound,
            _ => error,
        }
    }

    /// Takes the one success of a budget: its first answer has it.
    pub(super) async fn win(
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
            record::open(&self.keyring, &|| subject.challenges(), replies.value(challenges)?);
        let history: Option<History> = record::open(
            &self.keyring,
            &|| subject.history(policy.failure_scope),
            replies.value(history)?,
        );
        let before: Option<Success> =
            record::open(&self.keyring, &|| subject.success(), replies.value(success)?);
        // Those of its budget: an issue may have begun another one since.
        let is_same = |kept: &Budget| kept.first == budget.first;
        let rivals = challenges.filter(|kept| kept.budget.as_ref().is_some_and(is_same));
        let rivals = rivals.map_or_else(Vec::new, |kept| kept.records);
        // Where as many as are kept followed it meanwhile, nothing was lost: it was there when it was compared. Refused, it
        // would take the budget's one success from all of them.
        let is_followed = rivals.len() >= CHALLENGES;
        let is_there = is_followed || rivals.iter().any(|kept| kept.nonce == record.nonce);
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
    pub(super) async fn close(
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
}

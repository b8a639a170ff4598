//! The decision: whether a code is right, and whether it may count.

use countersign_contract::Timestamp;
use countersign_contract::otp::{Error, State, VerifyRequest};

use crate::code::Code;
use crate::engine::{Engine, Located};
use crate::limits::Windows;
use crate::nonce::{self, Nonce};
use crate::record::{Budget, Record};
use crate::standing::{Standing, mark};
use crate::world::World;

/// What a comparison brought to light.
pub(super) enum Comparison<'a> {
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
    /// The one place that decides. Something is derived and compared whatever the store said, so that the time
    /// this takes says nothing.
    pub(super) fn compare<'s>(
        &self,
        located: &Located,
        standing: &'s Standing,
        windows: &Windows,
        typed: &Code,
        request: &VerifyRequest,
        now: Timestamp,
    ) -> Comparison<'s> {
        let named = named(located, standing);
        let right: Vec<&Record> = self.right(located, &named, typed);
        if let Some(error) = windows.refusal() {
            return Comparison::NotCompared(error);
        }
        let Some((budget, newest)) = named.first().copied() else {
            let error = standing
                .history
                .locked_until(now)
                .map_or(Error::NotFound, |until| Error::Locked(until.since(now).max(1)));
            return Comparison::NotCompared(error);
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
            return Comparison::NotCompared(error);
        }
        // Counted by the odometer, so exact however many requests race.
        let counted = self.counted_of(located, standing, budget);
        let failures = i64::from(standing.history.failures.saturating_sub(counted));
        let until_disabled =
            i64::from(located.policy.failure_cap).saturating_sub(failures.saturating_add(before));
        if until_disabled <= 0 {
            return Comparison::NotCompared(Error::Disabled);
        }
        let until_exhausted = i64::from(budget.max_attempts).saturating_sub(before);
        let left =
            u32::try_from(until_exhausted.min(until_disabled).saturating_sub(1)).unwrap_or(0);
        let is_bound = |record: &&Record| record.reference == request.reference;
        let is_right = |record: &&Record| right.iter().any(|right| right.nonce == record.nonce);
        match pending().filter(is_bound).find(is_right) {
            Some(record) => Comparison::Right { budget, record },
            None => Comparison::Wrong {
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
) -> Comparison<'s> {
    Comparison::NotCompared(match standing.state(budget, record, before, now) {
        State::Exhausted => {
            let error = Error::Exhausted(standing.exhausted_for(budget, now));
            return Comparison::Spent { budget, error };
        }
        State::Expired => Error::Expired,
        State::Revoked if !standing.is_answered(budget) => Error::Revoked,
        State::Revoked | State::Verified | State::Pending => Error::NotFound,
    })
}

/// The challenges that a request names: that of the id, or all of the recipient's.
pub(super) fn named<'s>(
    located: &Located,
    standing: &'s Standing,
) -> Vec<(&'s Budget, &'s Record)> {
    match located.nonce {
        Some(nonce) => standing.challenge(nonce).into_iter().collect(),
        None => standing.all().collect(),
    }
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

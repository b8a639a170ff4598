//! What a recipient's wrong codes have led to: consecutive failures, and the lock.
//!
//! One sealed value, advanced when a budget ends: by the verification that compared its last code, or else by the
//! issue that begins the next one. Only a success and an operator clear it.

use countersign_contract::Timestamp;
use serde::{Deserialize, Serialize};

use crate::policy::Policy;
use crate::times::CLOCKS_DIFFER_SECONDS;

/// Budgets whose failures are remembered as counted.
const BUDGETS: usize = 8;

/// The history of a recipient.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct History {
    /// Consecutive wrong codes.
    pub(crate) failures: u32,
    /// When the latest lock began.
    locked_at: u64,
    /// How long it lasts; 0 for none.
    locked_for: u32,
    /// The latest budgets, and how many of their failures are counted above.
    counted: Vec<(BudgetMark, u32)>,
}

/// What is remembered of a budget that was answered or cleared: more than any budget's failures.
const SETTLED: u32 = u32::MAX;

/// Names a budget: enough to tell it from the other recent ones of its recipient.
pub(crate) type BudgetMark = [u8; 8];

impl History {
    /// Counts the failures of a budget, those that weren't yet, and locks where they fill another `max_attempts`.
    pub(crate) fn advance(
        &mut self,
        budget: BudgetMark,
        failures: u32,
        policy: &Policy,
        now: Timestamp,
    ) {
        let before = self.counted_of(budget);
        let new = failures.saturating_sub(before);
        if new == 0 {
            return;
        }
        self.counted.retain(|(mark, _)| *mark != budget);
        self.counted.insert(0, (budget, failures));
        self.counted.truncate(BUDGETS);
        let locks = self.failures / policy.max_attempts.max(1);
        self.failures = self.failures.saturating_add(new);
        let locks_now = self.failures / policy.max_attempts.max(1);
        if locks_now > locks {
            self.locked_at = now.0;
            self.locked_for = policy.lockout_after(locks_now.saturating_sub(1));
        }
    }

    /// Counts the failures that another history counts, those that weren't yet.
    pub(crate) fn absorb(&mut self, other: &Self, policy: &Policy, now: Timestamp) {
        for (budget, failures) in other.counted.iter().rev() {
            if *failures != SETTLED {
                self.advance(*budget, *failures, policy, now);
            }
        }
    }

    /// This history with what another store's counts beyond it: every failure of both once, and the lock that ends
    /// later. What was cleared here stays cleared.
    pub(crate) fn join(&self, other: &Self) -> Self {
        let mut joined = self.clone();
        let mut new = 0_u32;
        for (budget, failures) in other.counted.iter().rev().copied() {
            let more = failures.saturating_sub(joined.counted_of(budget));
            if failures == SETTLED || more == 0 {
                continue;
            }
            joined.counted.retain(|(mark, _)| *mark != budget);
            joined.counted.insert(0, (budget, failures));
            joined.counted.truncate(BUDGETS);
            new = new.saturating_add(more);
        }
        if new > 0 {
            // The other one remembers no more than its latest budgets, and counts them all.
            joined.failures = self.failures.saturating_add(new).max(other.failures);
        }
        // Two budgets may have the same mark: a lock doesn't hang on it.
        if joined.failures > 0 && other.lock_end() > self.lock_end() {
            (joined.locked_at, joined.locked_for) = (other.locked_at, other.locked_for);
        }
        joined
    }

    fn lock_end(&self) -> Timestamp {
        Timestamp(self.locked_at).plus(self.locked_for)
    }

    /// How many failures of a budget are counted.
    pub(crate) fn counted_of(&self, budget: BudgetMark) -> u32 {
        self.counted.iter().find(|(mark, _)| *mark == budget).map_or(0, |(_, failures)| *failures)
    }

    /// Whether failures are counted here of a budget that was answered: a crash kept them from being cleared.
    pub(crate) fn has_counted(&self, budget: BudgetMark) -> bool {
        !matches!(self.counted_of(budget), 0 | SETTLED)
    }

    /// When the lock ends, if there is one. A lock that a clock far ahead began lasts for its own length from now.
    pub(crate) fn locked_until(&self, now: Timestamp) -> Option<Timestamp> {
        let begun = if self.is_of_the_future(now) { now } else { Timestamp(self.locked_at) };
        let until = begun.plus(self.locked_for);
        (now < until).then_some(until)
    }

    /// Begins a lock anew that a clock far ahead began; whether there was one.
    pub(crate) fn mend(&mut self, now: Timestamp) -> bool {
        let ahead = self.is_of_the_future(now);
        if ahead {
            self.locked_at = now.0;
        }
        ahead
    }

    /// Whether there are so many failures that only an operator or a success helps.
    pub(crate) const fn is_disabled(&self, policy: &Policy) -> bool {
        self.failures >= policy.failure_cap
    }

    /// Forgets all failures, and remembers that this budget's are settled.
    pub(crate) fn cleared(&self, budget: Option<BudgetMark>) -> Self {
        let mut counted = self.counted.clone();
        if let Some(budget) = budget {
            counted.retain(|(mark, _)| *mark != budget);
            counted.insert(0, (budget, SETTLED));
            counted.truncate(BUDGETS);
        }
        Self { counted, ..Self::default() }
    }

    fn is_of_the_future(&self, now: Timestamp) -> bool {
        self.locked_at > now.plus(CLOCKS_DIFFER_SECONDS).0
    }
}

#[cfg(test)]
mod tests;

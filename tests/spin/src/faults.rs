//! Failures of the key-value store and of the variables' source on demand, and a count of what they were asked for.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What a guest can ask of the key-value store, and of the source of its variables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    /// `bucket.delete`.
    Delete,
    /// `batch.delete-many`. Of its keys a fault looks at all.
    DeleteMany,
    /// `bucket.exists`.
    Exists,
    /// `bucket.get`.
    Get,
    /// `batch.get-many`. Of its keys a fault looks at all.
    GetMany,
    /// `atomics.increment`.
    Increment,
    /// `bucket.list-keys`.
    ListKeys,
    /// `store.open`. Over Redis Spin sends a PING for it.
    Open,
    /// `bucket.set`.
    Set,
    /// `config.get`, and `get-all` with no key. No part of the store: a fault has to name it.
    Variable,
}

/// Which operations fail, how, and how often.
#[derive(Clone, Debug)]
pub struct Fault {
    operations: Option<Vec<Operation>>,
    key_contains: Option<String>,
    skip: u64,
    times: u64,
    takes_effect: bool,
    delay: Duration,
    error: Option<String>,
}

impl Fault {
    /// Every operation of the store fails with `other(error)`, for good. The other methods narrow that down.
    #[must_use]
    pub fn error(error: impl Into<String>) -> Self {
        Self {
            operations: None,
            key_contains: None,
            skip: 0,
            times: u64::MAX,
            takes_effect: false,
            delay: Duration::ZERO,
            error: Some(error.into()),
        }
    }

    /// Every operation succeeds, but only after some time.
    #[must_use]
    pub fn delay(delay: Duration) -> Self {
        Self { delay, error: None, ..Self::error("") }
    }

    /// Only operations of this kind. Several kinds: say it several times.
    #[must_use]
    pub fn on(mut self, operation: Operation) -> Self {
        self.operations.get_or_insert_default().push(operation);
        self
    }

    /// Only operations on a key that contains a text. `open` and `list-keys` have none.
    #[must_use]
    pub fn key_containing(mut self, text: impl Into<String>) -> Self {
        self.key_contains = Some(text.into());
        self
    }

    /// Lets the first of them pass.
    #[must_use]
    pub fn after(mut self, passed: u64) -> Self {
        self.skip = passed;
        self
    }

    /// Only so many of them.
    #[must_use]
    pub fn times(mut self, times: u64) -> Self {
        self.times = times;
        self
    }

    /// The operation is carried out, and its reply is lost.
    #[must_use]
    pub fn taking_effect(mut self) -> Self {
        self.takes_effect = true;
        self
    }

    fn strikes(&mut self, operation: Operation, key: &str) -> bool {
        let kind = match &self.operations {
            Some(kinds) => kinds.contains(&operation),
            None => operation != Operation::Variable,
        };
        let named = self.key_contains.as_ref().is_none_or(|text| key.contains(text.as_str()));
        if !kind || !named || self.times == 0 {
            return false;
        }
        if self.skip > 0 {
            self.skip -= 1;
            return false;
        }
        self.times = self.times.saturating_sub(1);
        true
    }
}

/// The faults that are in force, and the count of operations. Clones are one and the same.
#[derive(Clone, Debug, Default)]
pub struct Faults(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    faults: Vec<Fault>,
    counts: BTreeMap<Operation, u64>,
}

/// What is to happen to one operation.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    pub(crate) delay: Duration,
    pub(crate) error: Option<String>,
    pub(crate) takes_effect: bool,
}

impl Faults {
    /// Nothing fails.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Adds a fault. Where several strike, the one that was added first counts.
    pub fn add(&self, fault: Fault) {
        self.inner().faults.push(fault);
    }

    /// The next operations fail with `other(error)`, whatever they are.
    pub fn fail_next(&self, times: u64, error: impl Into<String>) {
        self.add(Fault::error(error).times(times));
    }

    /// Takes all faults away; the counts stay.
    pub fn clear(&self) {
        self.inner().faults.clear();
    }

    /// How often an operation was asked for, failures included.
    #[must_use]
    pub fn count(&self, operation: Operation) -> u64 {
        self.inner().counts.get(&operation).copied().unwrap_or_default()
    }

    /// How many operations of the store were asked for, `open` included.
    #[must_use]
    pub fn total(&self) -> u64 {
        let counts = &self.inner().counts;
        counts
            .iter()
            .filter(|(kind, _)| **kind != Operation::Variable)
            .map(|(_, count)| count)
            .sum()
    }

    /// Counts from zero again; the faults stay.
    pub fn reset_counts(&self) {
        self.inner().counts.clear();
    }

    pub(crate) fn judge(&self, operation: Operation, key: &str) -> Verdict {
        let mut inner = self.inner();
        *inner.counts.entry(operation).or_default() += 1;
        let struck = inner.faults.iter_mut().find_map(|fault| {
            fault.strikes(operation, key).then(|| Verdict {
                delay: fault.delay,
                error: fault.error.clone(),
                takes_effect: fault.takes_effect,
            })
        });
        inner.faults.retain(|fault| fault.times > 0);
        struck.unwrap_or_default()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fails(faults: &Faults, operation: Operation, key: &str) -> bool {
        faults.judge(operation, key).error.is_some()
    }

    #[test]
    fn the_next_operations_fail_and_no_more() {
        let faults = Faults::none();
        faults.fail_next(2, "database is locked");
        assert!(fails(&faults, Operation::Get, "a") && fails(&faults, Operation::Set, "b"));
        assert!(!fails(&faults, Operation::Get, "a"));
        assert_eq!((faults.count(Operation::Get), faults.total()), (2, 3));
    }

    #[test]
    fn a_fault_strikes_only_what_it_names() {
        let faults = Faults::none();
        faults.add(Fault::error("x").on(Operation::Set).key_containing("used").after(1).times(1));
        assert!(!fails(&faults, Operation::Get, "used:1"));
        assert!(!fails(&faults, Operation::Set, "other:1"));
        assert!(!fails(&faults, Operation::Set, "used:1"), "the first may pass");
        assert!(fails(&faults, Operation::Set, "used:2"));
        assert!(!fails(&faults, Operation::Set, "used:3"));
    }
}

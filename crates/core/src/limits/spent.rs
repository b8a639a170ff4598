//! Which clients' addresses are known to have spent a window.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// Windows of single addresses that were found full. They stay so until they end: a window's number is part of its
/// name. Forgotten without harm.
#[derive(Default)]
pub(crate) struct Spent(Mutex<BTreeSet<String>>);

/// How many are remembered.
const SPENT: usize = 512;

impl Spent {
    pub(super) fn holds(&self, key: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(key)
    }

    pub(super) fn add(&self, key: &str) {
        let mut keys = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if keys.len() >= SPENT {
            keys.clear();
        }
        keys.insert(key.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_full_windows_that_are_remembered_are_bounded() {
        let spent = Spent::default();
        for number in 0..SPENT {
            spent.add(&number.to_string());
        }
        assert!(spent.holds("0") && spent.holds(&(SPENT - 1).to_string()));
        spent.add("one more");
        assert!(spent.holds("one more") && !spent.holds("0"));
    }
}

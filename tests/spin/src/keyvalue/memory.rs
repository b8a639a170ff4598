//! A store in memory, which behaves as Spin's SQLite does, and is fast.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Failure, Pairs, counter};

#[derive(Default)]
pub(super) struct Memory(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    values: BTreeMap<(String, String), Vec<u8>>,
    /// What broke the store for good.
    broken: Option<Failure>,
}

impl Memory {
    pub(super) fn open(&self) -> Result<(), Failure> {
        // Spin's store opens after a panic too, and fails at the next operation.
        Ok(())
    }

    pub(super) fn get(&self, label: &str, key: &str) -> Result<Option<Vec<u8>>, Failure> {
        Ok(self.inner()?.values.get(&name(label, key)).cloned())
    }

    pub(super) fn set(&self, label: &str, key: &str, value: &[u8]) -> Result<(), Failure> {
        self.inner()?.values.insert(name(label, key), value.to_owned());
        Ok(())
    }

    pub(super) fn delete(&self, label: &str, key: &str) -> Result<(), Failure> {
        self.inner()?.values.remove(&name(label, key));
        Ok(())
    }

    /// As SQLite has it: at one moment, and only what is there.
    pub(super) fn get_many(&self, label: &str, keys: &[String]) -> Result<Pairs, Failure> {
        let inner = self.inner()?;
        let value =
            |key: &String| Some((key.clone(), Some(inner.values.get(&name(label, key))?.clone())));
        Ok(keys.iter().filter_map(value).collect())
    }

    pub(super) fn delete_many(&self, label: &str, keys: &[String]) -> Result<(), Failure> {
        let mut inner = self.inner()?;
        for key in keys {
            inner.values.remove(&name(label, key));
        }
        Ok(())
    }

    pub(super) fn keys(&self, label: &str) -> Result<Vec<String>, Failure> {
        let inner = self.inner()?;
        let keys = inner.values.keys().filter(|(store, _)| store == label);
        Ok(keys.map(|(_, key)| key.clone()).collect())
    }

    pub(super) fn increment(&self, label: &str, key: &str, delta: i64) -> Result<i64, Failure> {
        let mut inner = self.inner()?;
        let name = name(label, key);
        let count = match counter(key, inner.values.get(&name).map(Vec::as_slice)) {
            Ok(count) => count.wrapping_add(delta),
            Err(failure) => {
                inner.broken = Some(failure.clone());
                return Err(failure);
            }
        };
        inner.values.insert(name, count.to_le_bytes().to_vec());
        Ok(count)
    }

    fn inner(&self) -> Result<MutexGuard<'_, Inner>, Failure> {
        let inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &inner.broken {
            Some(failure) => Err(failure.clone()),
            None => Ok(inner),
        }
    }
}

fn name(label: &str, key: &str) -> (String, String) {
    (label.to_owned(), key.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_eight_bytes_and_start_at_nothing() {
        let memory = Memory::default();
        assert_eq!(memory.increment("default", "n", 3), Ok(3));
        assert_eq!(memory.increment("default", "n", -5), Ok(-2));
        let kept = memory.get("default", "n").unwrap();
        assert_eq!(kept, Some((-2_i64).to_le_bytes().to_vec()));
        assert_eq!(memory.get("other", "n"), Ok(None), "labels keep their keys apart");
    }

    #[test]
    fn incrementing_what_was_set_breaks_the_store() {
        let memory = Memory::default();
        memory.set("default", "n", b"text").unwrap();
        let failure = memory.increment("default", "n", 1).unwrap_err();
        assert!(matches!(&failure, Failure::Panicked(text) if text.contains("4 bytes")));
        assert_eq!(memory.get("default", "another"), Err(failure));
    }
}

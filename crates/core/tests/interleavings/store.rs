//! A store as plain data: cheap to copy, hashed with its ttls, refusing whatever `wit/store.wit` forbids.

use std::collections::BTreeMap;
use std::sync::Arc;

use countersign_core::world::{Operation, Reply};

/// What a key holds, for all its life.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
enum Cell {
    Count(i64),
    Value(Arc<[u8]>),
}

/// Keys with what they hold and the ttl they were last written with. Nothing is ever forgotten.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub(crate) struct Store(BTreeMap<Arc<str>, (Cell, u32)>);

impl Store {
    /// Carries out one operation.
    pub(crate) fn step(&mut self, operation: &Operation) -> Reply {
        match operation {
            Operation::Delete(key) => {
                self.0.remove(key.as_str());
                Reply::Done
            }
            Operation::Get(key) => {
                Reply::Value(self.0.get(key.as_str()).map(|(cell, _)| match cell {
                    Cell::Value(value) => value.to_vec(),
                    Cell::Count(_) => panic!("a get of a count: {key}"),
                }))
            }
            Operation::Increment { key, by, ttl_seconds } => {
                refuse_bad_ttl(*ttl_seconds);
                let before = self.count(key);
                if *by != 0 {
                    let cell = Cell::Count(before + by);
                    self.0.insert(key.as_str().into(), (cell, *ttl_seconds));
                }
                Reply::Count(before + by)
            }
            Operation::Set { key, value, ttl_seconds } => {
                refuse_bad_ttl(*ttl_seconds);
                let cell = Cell::Value(value.as_slice().into());
                self.0.insert(key.as_str().into(), (cell, *ttl_seconds));
                Reply::Done
            }
        }
    }

    /// The counts whose key has this name behind the subject's tag.
    pub(crate) fn counts<'a>(&'a self, name: &'a str) -> impl Iterator<Item = i64> + 'a {
        self.0.iter().filter_map(move |(key, (cell, _))| match cell {
            Cell::Count(count) if key.contains(name) => Some(*count),
            _ => None,
        })
    }

    /// Each key's ttl, in seconds.
    pub(crate) fn ttls(&self) -> impl Iterator<Item = (&str, u32)> {
        self.0.iter().map(|(key, (_, ttl))| (&**key, *ttl))
    }

    fn count(&self, key: &str) -> i64 {
        match self.0.get(key) {
            None => 0,
            Some((Cell::Count(count), _)) => *count,
            Some(_) => panic!("a step of a value: {key}"),
        }
    }
}

fn refuse_bad_ttl(seconds: u32) {
    assert!((1..=34_214_400).contains(&seconds), "a ttl of {seconds} s");
}

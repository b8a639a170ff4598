//! A store as plain data: cheap to copy, hashed with its ttls, refusing whatever `wit/store.wit` forbids.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::rc::Rc;

use countersign_contract::store::{Assignment, Operation, Reply, Step};

/// What a key holds, for all its life.
#[derive(Clone, Hash)]
enum Cell {
    Count(i64),
    Value(Rc<[u8]>),
}

/// Keys with what they hold and the ttl they were last written with. Nothing is ever forgotten. Copies share what
/// none of them has changed.
#[derive(Clone, Default)]
pub(crate) struct Store {
    cells: Rc<BTreeMap<Rc<str>, (Cell, u32)>>,
    /// The sum of the digests of all entries.
    digest: u128,
}

impl Hash for Store {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.digest.hash(hasher);
    }
}

/// 128 bits, so that two things never meet by chance.
pub(crate) fn digest(thing: &impl Hash) -> u128 {
    let half = |seed: u8| {
        let mut hasher = DefaultHasher::new();
        seed.hash(&mut hasher);
        thing.hash(&mut hasher);
        u128::from(hasher.finish())
    };
    half(1) << 64 | half(2)
}

impl Store {
    /// Carries out one operation.
    pub(crate) fn step(&mut self, operation: &Operation) -> Reply {
        match operation {
            Operation::Delete(key) => {
                self.put(key, None);
                Reply::Done
            }
            Operation::Get(key) => {
                Reply::Value(self.cells.get(key.as_str()).map(|(cell, _)| match cell {
                    Cell::Value(value) => value.to_vec(),
                    Cell::Count(_) => panic!("a get of a count: {key}"),
                }))
            }
            Operation::Increment(Step { key, by, ttl_seconds }) => {
                refuse_bad_ttl(*ttl_seconds);
                assert!(*by >= 0, "some stores can't step down: {key}");
                let before = self.count(key);
                if *by != 0 {
                    self.put(key, Some((Cell::Count(before + by), *ttl_seconds)));
                }
                Reply::Count(before + by)
            }
            Operation::Set(Assignment { key, value, ttl_seconds }) => {
                refuse_bad_ttl(*ttl_seconds);
                self.put(key, Some((Cell::Value(value.as_slice().into()), *ttl_seconds)));
                Reply::Done
            }
        }
    }

    /// The counts whose key has this name behind the subject's tag.
    pub(crate) fn counts<'a>(&'a self, name: &'a str) -> impl Iterator<Item = i64> + 'a {
        self.cells.iter().filter_map(move |(key, (cell, _))| match cell {
            Cell::Count(count) if key.contains(name) => Some(*count),
            _ => None,
        })
    }

    /// Loses every key with that name.
    pub(crate) fn lose(&mut self, name: &str) -> bool {
        let keys: Vec<String> =
            self.cells.keys().filter(|key| key.contains(name)).map(|key| key.to_string()).collect();
        for key in &keys {
            self.put(key, None);
        }
        !keys.is_empty()
    }

    /// Each key's ttl, in seconds.
    pub(crate) fn ttls(&self) -> impl Iterator<Item = (&str, u32)> {
        self.cells.iter().map(|(key, (_, ttl))| (&**key, *ttl))
    }

    fn put(&mut self, key: &str, entry: Option<(Cell, u32)>) {
        let cells = Rc::make_mut(&mut self.cells);
        if let Some(old) = cells.remove(key) {
            self.digest = self.digest.wrapping_sub(digest(&(key, old)));
        }
        if let Some(entry) = entry {
            self.digest = self.digest.wrapping_add(digest(&(key, entry.clone())));
            cells.insert(key.into(), entry);
        }
    }

    fn count(&self, key: &str) -> i64 {
        match self.cells.get(key) {
            None => 0,
            Some((Cell::Count(count), _)) => *count,
            Some(_) => panic!("a step of a value: {key}"),
        }
    }
}

fn refuse_bad_ttl(seconds: u32) {
    assert!((1..=34_214_400).contains(&seconds), "a ttl of {seconds} s");
}

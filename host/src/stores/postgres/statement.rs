//! A batch as the arguments of one statement, and its answer as replies.

use std::time::Duration;

use countersign_contract::store::{Assignment, Operation, Outcome, Reply, Step};
use countersign_contract::types::StoreError;
use tokio_postgres::Row;
use tokio_postgres::types::{ToSql, Type};

use super::names::Names;
use crate::stores::generation;

/// The types of [`Statement::arguments`].
const TYPES: [Type; 7] = [
    Type::INT8_ARRAY,
    Type::INT4,
    Type::TEXT,
    Type::TEXT_ARRAY,
    Type::INT8_ARRAY,
    Type::BYTEA_ARRAY,
    Type::INT4_ARRAY,
];

/// One call of the function that carries out batches. Operation number i has the i-th element of each list.
pub(super) struct Statement<'a> {
    /// The locks of all keys, each once and in order; none for a batch that only reads.
    locks: Vec<i64>,
    /// How long each may take.
    patience_ms: i32,
    kinds: String,
    keys: Vec<&'a str>,
    numbers: Vec<i64>,
    texts: Vec<&'a [u8]>,
    lifetimes: Vec<i32>,
}

impl<'a> Statement<'a> {
    pub(super) fn of(batch: &'a [Operation], names: &Names) -> Self {
        let size = batch.len();
        let mut statement = Self {
            locks: Vec::new(),
            patience_ms: 0,
            kinds: String::with_capacity(size),
            keys: Vec::with_capacity(size),
            numbers: Vec::with_capacity(size),
            texts: Vec::with_capacity(size),
            lifetimes: Vec::with_capacity(size),
        };
        for operation in batch {
            statement.push(operation);
        }
        if batch.iter().any(|operation| !operation.only_reads()) {
            statement.locks = statement.keys.iter().map(|key| lock_of(key, names)).collect();
            statement.locks.sort_unstable();
            statement.locks.dedup();
        }
        statement
    }

    fn push(&mut self, operation: &'a Operation) {
        let (kind, key, number, text, lifetime): (_, _, _, &[u8], _) = match operation {
            Operation::Delete(key) => ('d', key, 0, b"", 0),
            Operation::Get(key) => ('g', key, 0, b"", 0),
            Operation::Increment(Step { key, by: 0, .. }) => ('r', key, 0, b"", 0),
            Operation::Increment(Step { key, by, ttl_seconds }) => {
                ('i', key, *by, b"", *ttl_seconds)
            }
            Operation::Set(Assignment { key, value, ttl_seconds }) => {
                ('s', key, 0, value, *ttl_seconds)
            }
        };
        self.kinds.push(kind);
        self.keys.push(key);
        self.numbers.push(number);
        self.texts.push(text);
        // At most 396 days: `check` has seen to that.
        self.lifetimes.push(i32::try_from(lifetime).unwrap_or(i32::MAX));
    }

    /// Has the server give up on a lock a little before what is `left` is over, so that its answer still arrives.
    pub(super) fn with_patience(mut self, left: Duration) -> Self {
        self.patience_ms = i32::try_from((left * 9 / 10).as_millis()).unwrap_or(i32::MAX).max(1);
        self
    }

    /// Whether anything is written.
    pub(super) fn writes(&self) -> bool {
        !self.locks.is_empty()
    }

    /// The arguments, with their types.
    pub(super) fn arguments(&self) -> Vec<(&(dyn ToSql + Sync), Type)> {
        let arguments: [&(dyn ToSql + Sync); 7] = [
            &self.locks,
            &self.patience_ms,
            &self.kinds,
            &self.keys,
            &self.numbers,
            &self.texts,
            &self.lifetimes,
        ];
        arguments.into_iter().zip(TYPES).collect()
    }
}

/// The number of the lock that stands for `key`: the same in every process and version, another one in another schema.
fn lock_of(key: &str, names: &Names) -> i64 {
    generation::of(&[names.schema.as_bytes(), key.as_bytes()]).cast_signed()
}

/// What the statement's only row says.
pub(super) fn outcome(batch: &[Operation], rows: &[Row]) -> Result<Outcome, StoreError> {
    let read = || {
        let [row] = rows else { return None };
        let history: Vec<i64> = row.try_get(0).ok()?;
        let counts: Vec<Option<i64>> = row.try_get(1).ok()?;
        let contents: Vec<Option<Vec<u8>>> = row.try_get(2).ok()?;
        if counts.len() != batch.len() || contents.len() != batch.len() {
            return None;
        }
        let replies = batch.iter().zip(counts).zip(contents);
        let replies = replies.map(|((operation, count), content)| match operation {
            Operation::Delete(_) | Operation::Set(_) => Some(Reply::Done),
            Operation::Get(_) => Some(Reply::Value(content)),
            Operation::Increment(_) => count.map(Reply::Count),
        });
        let generation = Some(generation_of(&history));
        Some(Outcome { replies: replies.collect::<Option<_>>()?, generation })
    };
    read().ok_or_else(|| StoreError::Other("postgres: unexpected answer".into()))
}

fn generation_of(history: &[i64]) -> u64 {
    let words: Vec<[u8; 8]> = history.iter().map(|number| number.to_be_bytes()).collect();
    let words: Vec<&[u8]> = words.iter().map(<[u8; 8]>::as_slice).collect();
    generation::of(&words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(key: &str, by: i64) -> Operation {
        Operation::Increment(Step { key: key.into(), by, ttl_seconds: 60 })
    }

    #[test]
    fn a_batch_that_writes_locks_each_of_its_keys_once_and_always_in_one_order() {
        let names = Names::of("countersign");
        let get = |key: &str| Operation::Get(key.into());
        let batch = [step("a", 1), get("b"), step("a", 1), step("c", 0)];
        let locks = Statement::of(&batch, &names).locks;
        assert_eq!(locks.len(), 3);
        let reversed: Vec<_> = batch.iter().rev().cloned().collect();
        assert_eq!(Statement::of(&reversed, &names).locks, locks);
        assert_ne!(Statement::of(&batch, &Names::of("other")).locks, locks);
    }

    #[test]
    fn a_batch_that_only_reads_locks_nothing() {
        let batch = [step("a", 0), Operation::Get("b".into())];
        let statement = Statement::of(&batch, &Names::of("countersign"));
        assert!(!statement.writes() && statement.kinds == "rg");
    }

    /// Another version of the host takes the same locks.
    #[test]
    fn a_lock_keeps_its_number() {
        assert_eq!(lock_of("{a}n", &Names::of("countersign")), 7_569_817_338_360_265_097);
    }
}

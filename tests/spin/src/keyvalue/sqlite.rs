//! Spin's own store: one table in one file, one connection, everything synchronous and flushed to disk.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use rusqlite::{Connection, OptionalExtension as _, Transaction, params, params_from_iter};
use tokio::task::block_in_place;

use super::{Failure, Pairs, counter};

/// As Spin makes it, so that either can go on with the other's file.
const SCHEMA: &str = "CREATE TABLE IF NOT EXISTS spin_key_value (
    store TEXT NOT NULL,
    key   TEXT NOT NULL,
    value BLOB NOT NULL,

    PRIMARY KEY (store, key)
)";
const GET: &str = "SELECT value FROM spin_key_value WHERE store = ?1 AND key = ?2";
const SET: &str = "INSERT INTO spin_key_value (store, key, value) VALUES (?1, ?2, ?3)
    ON CONFLICT (store, key) DO UPDATE SET value = ?3";
const DELETE: &str = "DELETE FROM spin_key_value WHERE store = ?1 AND key = ?2";
const GET_MANY: &str = "SELECT key, value FROM spin_key_value WHERE store = ?1 AND key";
const DELETE_MANY: &str = "DELETE FROM spin_key_value WHERE store = ?1 AND key";
const KEYS: &str = "SELECT key FROM spin_key_value WHERE store = ?1";

pub(super) struct Sqlite {
    path: PathBuf,
    connection: OnceLock<Mutex<Inner>>,
}

struct Inner {
    connection: Connection,
    /// What broke the store for good.
    broken: Option<Failure>,
}

impl Sqlite {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, connection: OnceLock::new() }
    }

    pub(super) fn open(&self) -> Result<(), Failure> {
        block_in_place(|| self.connection().map(drop))
    }

    pub(super) fn get(&self, label: &str, key: &str) -> Result<Option<Vec<u8>>, Failure> {
        self.with(|connection| {
            connection.prepare_cached(GET)?.query_row([label, key], |row| row.get(0)).optional()
        })
    }

    pub(super) fn set(&self, label: &str, key: &str, value: &[u8]) -> Result<(), Failure> {
        self.with(|connection| {
            connection.prepare_cached(SET)?.execute(params![label, key, value]).map(drop)
        })
    }

    pub(super) fn delete(&self, label: &str, key: &str) -> Result<(), Failure> {
        self.with(|connection| connection.prepare_cached(DELETE)?.execute([label, key]).map(drop))
    }

    /// In one statement, and only what is there.
    pub(super) fn get_many(&self, label: &str, keys: &[String]) -> Result<Pairs, Failure> {
        self.with(|connection| {
            let parameters = std::iter::once(label).chain(keys.iter().map(String::as_str));
            connection
                .prepare(&among(GET_MANY, keys.len()))?
                .query_map(params_from_iter(parameters), |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect()
        })
    }

    /// In one statement.
    pub(super) fn delete_many(&self, label: &str, keys: &[String]) -> Result<(), Failure> {
        self.with(|connection| {
            let parameters = std::iter::once(label).chain(keys.iter().map(String::as_str));
            let mut statement = connection.prepare(&among(DELETE_MANY, keys.len()))?;
            statement.execute(params_from_iter(parameters)).map(drop)
        })
    }

    pub(super) fn keys(&self, label: &str) -> Result<Vec<String>, Failure> {
        self.with(|connection| {
            connection.prepare_cached(KEYS)?.query_map([label], |row| row.get(0))?.collect()
        })
    }

    pub(super) fn increment(&self, label: &str, key: &str, delta: i64) -> Result<i64, Failure> {
        block_in_place(|| {
            let mut inner = self.sound()?;
            let transaction = inner.connection.transaction().map_err(Failure::reported)?;
            let counted = count_on(&transaction, label, key, delta)
                .and_then(|count| transaction.commit().map_err(Failure::reported).map(|()| count));
            if let Err(failure @ Failure::Panicked(_)) = &counted {
                inner.broken = Some(failure.clone());
            }
            counted
        })
    }

    fn with<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, Failure> {
        block_in_place(|| work(&self.sound()?.connection).map_err(Failure::reported))
    }

    fn sound(&self) -> Result<MutexGuard<'_, Inner>, Failure> {
        let inner = self.connection()?.lock().unwrap_or_else(PoisonError::into_inner);
        match &inner.broken {
            Some(failure) => Err(failure.clone()),
            None => Ok(inner),
        }
    }

    fn connection(&self) -> Result<&Mutex<Inner>, Failure> {
        if let Some(connection) = self.connection.get() {
            return Ok(connection);
        }
        let connection = Connection::open(&self.path).map_err(Failure::reported)?;
        connection.execute(SCHEMA, []).map_err(Failure::reported)?;
        // Another request that opened it meanwhile wins.
        Ok(self.connection.get_or_init(|| Mutex::new(Inner { connection, broken: None })))
    }
}

/// A statement about so many keys.
fn among(statement: &str, keys: usize) -> String {
    format!("{statement} IN ({})", vec!["?"; keys].join(", "))
}

/// Reads, adds and writes. A second process may come between: SQLite then says "database is locked".
fn count_on(
    transaction: &Transaction<'_>,
    label: &str,
    key: &str,
    delta: i64,
) -> Result<i64, Failure> {
    let value: Option<Vec<u8>> = transaction
        .prepare_cached(GET)
        .and_then(|mut get| get.query_row([label, key], |row| row.get(0)).optional())
        .map_err(Failure::reported)?;
    let count = counter(key, value.as_deref())?.wrapping_add(delta);
    transaction
        .prepare_cached(SET)
        .and_then(|mut set| set.execute(params![label, key, count.to_le_bytes()]))
        .map_err(Failure::reported)?;
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_file_outlives_the_store() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kept.db");
        let first = Sqlite::new(path.clone());
        first.set("default", "key", b"value").unwrap();
        assert_eq!(first.increment("default", "n", 1), Ok(1));
        drop(first);
        let second = Sqlite::new(path);
        assert_eq!(second.get("default", "key"), Ok(Some(b"value".to_vec())));
        assert_eq!(second.increment("default", "n", 1), Ok(2));
        assert_eq!(second.keys("default"), Ok(vec!["key".into(), "n".into()]));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn several_keys_are_read_and_removed_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let store = Sqlite::new(folder.path().join("many.db"));
        store.set("default", "a", b"1").unwrap();
        store.set("default", "c", b"3").unwrap();
        store.set("other", "b", b"2").unwrap();
        let keys = ["c", "b", "a"].map(str::to_owned);
        let mut found = store.get_many("default", &keys).unwrap();
        found.sort();
        let held = |key: &str, value: &[u8]| (key.to_owned(), Some(value.to_vec()));
        assert_eq!(found, [held("a", b"1"), held("c", b"3")]);
        store.delete_many("default", &keys).unwrap();
        assert_eq!(store.keys("default"), Ok(Vec::new()));
        assert_eq!(store.keys("other"), Ok(vec!["b".into()]));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn incrementing_what_was_set_breaks_the_store_until_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("broken.db");
        let store = Sqlite::new(path.clone());
        store.set("default", "n", b"text").unwrap();
        let failure = store.increment("default", "n", 1).unwrap_err();
        assert!(matches!(failure, Failure::Panicked(_)));
        assert_eq!(store.open(), Ok(()));
        assert_eq!(store.keys("default"), Err(failure));
        assert_eq!(Sqlite::new(path).get("default", "n"), Ok(Some(b"text".to_vec())));
    }
}

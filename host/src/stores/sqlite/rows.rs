//! One operation on the table. Always within a transaction, which is what makes it atomic.

use countersign_contract::store::{Assignment, Operation, Reply, Step};
use countersign_contract::types::StoreError;
use rusqlite::{Connection, OptionalExtension, params};

/// Why an operation came to nothing.
pub(super) enum RowError {
    /// SQLite failed: the transaction is over.
    Backend(rusqlite::Error),
    /// The operation can't be carried out; the transaction goes on.
    Refused,
}

impl From<rusqlite::Error> for RowError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Backend(error)
    }
}

/// Carries out `operation`. `now` is in seconds since 1970, rounded down: a key may live up to a second longer than
/// its ttl, and never less.
pub(super) fn apply(
    connection: &Connection,
    operation: &Operation,
    now: i64,
) -> Result<Reply, RowError> {
    match operation {
        Operation::Delete(key) => {
            connection.prepare_cached("DELETE FROM entries WHERE key = ?1")?.execute([key])?;
            Ok(Reply::Done)
        }
        Operation::Get(key) => match live(connection, key, now)? {
            None => Ok(Reply::Value(None)),
            Some(Content::Count(_)) => Err(RowError::Refused),
            Some(Content::Value(value)) => Ok(Reply::Value(Some(value))),
        },
        Operation::Increment(step) => increment(connection, step, now).map(Reply::Count),
        Operation::Set(assignment) => {
            let Assignment { key, value, ttl_seconds } = assignment;
            connection.prepare_cached(PUT)?.execute(params![
                key,
                None::<i64>,
                value,
                expiry(now, *ttl_seconds)
            ])?;
            Ok(Reply::Done)
        }
    }
}

/// Removes up to `at_most` keys whose time is over.
pub(super) fn sweep(connection: &Connection, now: i64, at_most: usize) -> rusqlite::Result<()> {
    let at_most = i64::try_from(at_most).unwrap_or(i64::MAX);
    connection.prepare_cached(SWEEP)?.execute([now, at_most])?;
    Ok(())
}

/// What SQLite's `error` means to a caller.
pub(super) fn store_error(error: &rusqlite::Error) -> StoreError {
    use rusqlite::ErrorCode as Code;
    match error.sqlite_error_code() {
        Some(Code::AuthorizationForStatementDenied | Code::PermissionDenied | Code::ReadOnly) => {
            StoreError::Denied
        }
        Some(Code::DatabaseCorrupt | Code::NotADatabase) => {
            StoreError::Other("sqlite: the file is damaged".into())
        }
        Some(
            Code::CannotOpen
            | Code::DatabaseBusy
            | Code::DatabaseLocked
            | Code::DiskFull
            | Code::OutOfMemory
            | Code::SystemIoFailure,
        ) => StoreError::Unavailable,
        Some(code) => StoreError::Other(format!("sqlite: {code:?}")),
        None => StoreError::Other("sqlite: unexpected answer".into()),
    }
}

const PUT: &str = "
    INSERT INTO entries (key, count, value, expires_at) VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT (key) DO UPDATE
    SET count = excluded.count, value = excluded.value, expires_at = excluded.expires_at";

const SWEEP: &str = "
    DELETE FROM entries
    WHERE rowid IN (SELECT rowid FROM entries WHERE expires_at < ?1 ORDER BY expires_at LIMIT ?2)";

enum Content {
    Count(i64),
    Value(Vec<u8>),
}

fn live(connection: &Connection, key: &str, now: i64) -> Result<Option<Content>, RowError> {
    let mut statement = connection
        .prepare_cached("SELECT count, value FROM entries WHERE key = ?1 AND expires_at >= ?2")?;
    let content = statement.query_row(params![key, now], |row| match row.get(0)? {
        Some(count) => Ok(Content::Count(count)),
        None => row.get(1).map(Content::Value),
    });
    Ok(content.optional()?)
}

fn increment(connection: &Connection, step: &Step, now: i64) -> Result<i64, RowError> {
    let count = match live(connection, &step.key, now)? {
        None => 0,
        Some(Content::Count(count)) => count,
        Some(Content::Value(_)) => return Err(RowError::Refused),
    };
    let count = count.checked_add(step.by).ok_or(RowError::Refused)?;
    if step.by != 0 {
        let row = params![step.key, count, None::<Vec<u8>>, expiry(now, step.ttl_seconds)];
        connection.prepare_cached(PUT)?.execute(row)?;
    }
    Ok(count)
}

/// The last second in which the key is there.
fn expiry(now: i64, ttl_seconds: u32) -> i64 {
    now.saturating_add(i64::from(ttl_seconds))
}

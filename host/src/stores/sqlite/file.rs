//! The file: whose it is, and what is set up in it.

use std::fs::OpenOptions;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};

use super::Synchronous;
use crate::stores::OpenError;

/// `CSGN`, in the header of every file of ours.
const APPLICATION_ID: i32 = 0x4353_474E;
/// The version of the tables below.
const VERSION: i32 = 1;

/// How long opening waits for another process that is opening the same file.
const OPEN_PATIENCE: Duration = Duration::from_secs(5);
/// How long a transaction waits for another process before the writer looks at its deadlines again.
const WRITE_PATIENCE: Duration = Duration::from_millis(50);

/// The -wal file is cut back to this after a checkpoint.
const WAL_BYTES: i64 = 64 * 1_024 * 1_024;

/// A key holds a count or a value. `expires_at` is in whole seconds since 1970: a key that is stepped many times a
/// second moves in the index once.
const TABLES: &str = "
    CREATE TABLE entries (
        key TEXT NOT NULL UNIQUE,
        count INTEGER,
        value BLOB,
        expires_at INTEGER NOT NULL,
        CHECK ((count IS NULL) <> (value IS NULL))
    ) STRICT;
    CREATE INDEX entries_by_expiry ON entries (expires_at);
";

enum Identity {
    Empty,
    Ours,
}

/// Opens the store in `path`, or creates it for its owner only.
pub(super) fn open(path: &Path, synchronous: Synchronous) -> Result<Connection, OpenError> {
    create(path).map_err(|source| OpenError::File { path: path.into(), source })?;
    // Absolute, since SQLite gives names such as `:memory:` another meaning.
    let full = std::path::absolute(path)
        .map_err(|source| OpenError::File { path: path.into(), source })?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection =
        Connection::open_with_flags(full, flags).map_err(|error| told(path, &error))?;
    set_up(&mut connection, path, synchronous)?;
    Ok(connection)
}

fn create(path: &Path) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

fn set_up(
    connection: &mut Connection,
    path: &Path,
    synchronous: Synchronous,
) -> Result<(), OpenError> {
    let failed = |error: rusqlite::Error| told(path, &error);
    connection.busy_timeout(OPEN_PATIENCE).map_err(failed)?;
    // Nothing is written before we know that the file is ours. One transaction, so that what is read is of one
    // moment: another process may be setting the file up right now. For sure we know with the lock only.
    let look = connection.transaction().map_err(failed)?;
    identity(&look, path)?;
    look.finish().map_err(failed)?;
    write_ahead(connection).map_err(failed)?;
    connection
        .pragma_update(
            None,
            "synchronous",
            match synchronous {
                Synchronous::Full => "FULL",
                Synchronous::Normal => "NORMAL",
            },
        )
        .map_err(failed)?;
    connection.pragma_update(None, "journal_size_limit", WAL_BYTES).map_err(failed)?;
    let transaction =
        connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    if let Identity::Empty = identity(&transaction, path)? {
        transaction.execute_batch(TABLES).map_err(failed)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID).map_err(failed)?;
        transaction.pragma_update(None, "user_version", VERSION).map_err(failed)?;
    }
    transaction.commit().map_err(failed)?;
    connection.busy_timeout(WRITE_PATIENCE).map_err(failed)
}

fn identity(connection: &Connection, path: &Path) -> Result<Identity, OpenError> {
    let failed = |error: rusqlite::Error| told(path, &error);
    let number = |name| {
        connection.pragma_query_value(None, name, |row| row.get::<_, i32>(0)).map_err(failed)
    };
    let (application, version) = (number("application_id")?, number("user_version")?);
    let tables: i64 = connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(failed)?;
    match (application, version, tables) {
        (APPLICATION_ID, VERSION, _) => Ok(Identity::Ours),
        (0, 0, 0) => Ok(Identity::Empty),
        (APPLICATION_ID, ..) => {
            Err(foreign(path, &format!("its tables have version {version}, not {VERSION}")))
        }
        _ => Err(foreign(path, "it is another program's database")),
    }
}

/// Turns the write-ahead log on. Changing over needs the file for ourselves, and SQLite doesn't wait for that by
/// itself: a transaction of our own does.
fn write_ahead(connection: &mut Connection) -> rusqlite::Result<()> {
    for _ in 0..100 {
        match connection
            .pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get::<_, String>(0))
        {
            Ok(_) => return Ok(()),
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => {
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?.rollback()?;
            }
            Err(error) => return Err(error),
        }
    }
    Err(rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY), None))
}

fn foreign(path: &Path, reason: &str) -> OpenError {
    OpenError::Foreign { path: path.into(), reason: reason.into() }
}

fn told(path: &Path, error: &rusqlite::Error) -> OpenError {
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => foreign(path, "it is not an SQLite database"),
        Some(ErrorCode::DatabaseCorrupt) => foreign(path, "it is damaged"),
        _ => {
            OpenError::File { path: path.into(), source: std::io::Error::other(error.to_string()) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_transaction_reaches_the_disk_unless_told_otherwise() {
        let directory = tempfile::tempdir().unwrap();
        for (synchronous, expected) in [(Synchronous::Full, 2), (Synchronous::Normal, 1)] {
            let connection = open(&directory.path().join("store.db"), synchronous).unwrap();
            let read = |name| {
                connection
                    .pragma_query_value(None, name, |row| row.get::<_, rusqlite::types::Value>(0))
            };
            assert_eq!(read("synchronous").unwrap(), rusqlite::types::Value::Integer(expected));
            assert_eq!(read("journal_mode").unwrap(), rusqlite::types::Value::Text("wal".into()));
        }
    }

    #[test]
    fn a_name_that_sqlite_reads_otherwise_is_a_file_all_the_same() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file::memory:?cache=shared");
        drop(open(&path, Synchronous::Full).unwrap());
        assert!(path.metadata().unwrap().len() > 0);
    }
}

//! The file: whose it is, and what is set up in it.

use std::fs::{File, Metadata, OpenOptions};
use std::hash::{BuildHasher, RandomState};
use std::path::Path;
use std::sync::LazyLock;
use std::time::{Duration, UNIX_EPOCH};

use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};

use super::settings::Synchronous;
use crate::stores::{OpenError, generation};

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

/// Opens the store in `path`, or creates it for its owner only. Returns its generation too.
pub(super) fn open(path: &Path, synchronous: Synchronous) -> Result<(Connection, u64), OpenError> {
    let unusable = |source| OpenError::File { path: path.into(), source };
    let before = create(path).and_then(|file| file.metadata()).map_err(unusable)?;
    // Absolute, since SQLite gives names such as `:memory:` another meaning.
    let full = std::path::absolute(path).map_err(unusable)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection =
        Connection::open_with_flags(&full, flags).map_err(|error| told(path, &error))?;
    set_up(&mut connection, path, synchronous)?;
    let after = full.metadata().map_err(unusable)?;
    let generation = generation(&before, synchronous);
    if generation != self::generation(&after, synchronous) {
        // Which of the two SQLite has opened can't be told.
        return Err(unusable(std::io::Error::other("it was replaced while it was being opened")));
    }
    Ok((connection, generation))
}

/// Opens the store in `path` once more, to read only.
pub(super) fn reader(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(WRITE_PATIENCE)?;
    Ok(connection)
}

/// Names this very file: its device, its inode and when it came into being. Where a loss of power may take the last
/// transactions, the machine's current boot is a part of it too.
fn generation(file: &Metadata, synchronous: Synchronous) -> u64 {
    let mut parts = Vec::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        parts.extend([file.dev(), file.ino()].map(u64::to_be_bytes).concat());
    }
    // A file system that keeps no time of birth has device and inode to go by.
    let born = file.created().ok().and_then(|born| born.duration_since(UNIX_EPOCH).ok());
    parts.extend(born.unwrap_or_default().as_nanos().to_be_bytes());
    if synchronous == Synchronous::Normal {
        parts.extend(boot());
    }
    generation::of(&[&parts])
}

/// The machine's current boot; where the system doesn't say, something that is this process's own.
fn boot() -> Vec<u8> {
    static OWN: LazyLock<RandomState> = LazyLock::new(RandomState::new);
    std::fs::read("/proc/sys/kernel/random/boot_id")
        .unwrap_or_else(|_| OWN.hash_one("boot").to_be_bytes().into())
}

fn create(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
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
            let (connection, _) = open(&directory.path().join("store.db"), synchronous).unwrap();
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

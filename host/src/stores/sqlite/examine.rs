//! What `countersign doctor` looks at in a SQLite store. Nothing is created: that is for the first start.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};
use rustix::fs::{Access, access, statvfs};
use tokio::time::timeout;

use super::settings::{SqliteSettings, Synchronous};
use crate::findings::{Check, Findings};

/// How long reading the whole file may take.
const LOOK_LIMIT: Duration = Duration::from_secs(5);
/// How long another process may keep the file locked meanwhile.
const LOCK_LIMIT: Duration = Duration::from_millis(500);
/// Free space that is warned of, and that is too little.
const ROOM: (u64, u64) = (512 * MIB, 64 * MIB);
const MIB: u64 = 1_048_576;

/// What is looked at.
const CHECKS: [Check; 5] = [
    Check::StoreReachable,
    Check::StoreRights,
    Check::StoreCapacity,
    Check::StorePersistence,
    Check::StoreContents,
];

/// Looks at the file.
///
/// # Errors
///
/// Why it is no use to open the store.
pub(in crate::stores) async fn examine(
    settings: &SqliteSettings,
    findings: &mut Findings,
) -> Result<(), String> {
    let path = settings.path.clone();
    let examined = look(path, settings.synchronous, findings).await;
    findings.skip_rest(&CHECKS, "the file can't be used");
    examined
}

async fn look(
    path: PathBuf,
    synchronous: Synchronous,
    findings: &mut Findings,
) -> Result<(), String> {
    let shown = path.display();
    let full = std::path::absolute(&path).unwrap_or_else(|_| path.clone());
    let folder = full.parent().unwrap_or(&full);
    if !folder.is_dir() {
        let found = format!("{} is no folder", folder.display());
        findings.failed(Check::StoreReachable, found, format!("mkdir -p {}", folder.display()));
        return Err("there is no folder for the file".to_owned());
    }
    let is_there = match full.symlink_metadata() {
        Ok(_) => true,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => false,
        Err(error) => {
            findings.failed(Check::StoreReachable, format!("{shown}: {error}"), RIGHTS_MEND);
            return Err("the file can't be looked at".to_owned());
        }
    };
    findings.ok(
        Check::StoreReachable,
        match is_there {
            true => format!("{shown} is there"),
            false => format!("{shown} isn't there yet: the first start makes it"),
        },
    );
    rights(&full, folder, is_there, findings);
    room(folder, findings);
    findings.ok(
        Check::StorePersistence,
        match synchronous {
            Synchronous::Full => "synchronous full: every answer waits for the disk",
            Synchronous::Normal => "synchronous normal: a loss of power forgets the last moments",
        },
    );
    if !is_there {
        findings.skipped(Check::StoreContents, "there is no file yet");
        return Err("there is no file yet".to_owned());
    }
    contents(full, findings).await;
    Ok(())
}

const RIGHTS_MEND: &str = "chown the file and its folder to the user who runs countersign; 600 for the file, 700 for the folder";

fn rights(path: &Path, folder: &Path, is_there: bool, findings: &mut Findings) {
    let check = Check::StoreRights;
    if is_there && let Err(error) = OpenOptions::new().read(true).write(true).open(path) {
        let found = format!("{} can't be opened to be written: {error}", path.display());
        return findings.failed(check, found, RIGHTS_MEND);
    }
    // SQLite makes two more files beside it.
    if let Err(error) = access(folder, Access::WRITE_OK | Access::EXEC_OK) {
        let found = format!("{} can't be written to: {error}", folder.display());
        return findings.failed(check, found, RIGHTS_MEND);
    }
    let others = mode(path) & 0o077;
    if is_there && others != 0 {
        let found =
            format!("{} can be used by other users (mode {:o})", path.display(), mode(path));
        return findings.warning(check, found, format!("chmod 600 {}", path.display()));
    }
    findings.ok(check, "file and folder can be written");
}

fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::MetadataExt;

    path.metadata().map_or(0, |metadata| metadata.mode() & 0o777)
}

fn room(folder: &Path, findings: &mut Findings) {
    let free = match statvfs(folder) {
        Ok(system) => system.f_bavail.saturating_mul(system.f_frsize),
        Err(error) => return findings.skipped(Check::StoreCapacity, error.to_string()),
    };
    let found = format!("{} MiB free on its disk", free / MIB);
    let mend =
        "make room on the disk, or move the file: a full disk refuses every issue and verification";
    match free {
        free if free < ROOM.1 => findings.failed(Check::StoreCapacity, found, mend),
        free if free < ROOM.0 => findings.warning(Check::StoreCapacity, found, mend),
        _ => findings.ok(Check::StoreCapacity, found),
    }
}

/// Reads the whole file: `PRAGMA quick_check`.
async fn contents(path: PathBuf, findings: &mut Findings) {
    let check = Check::StoreContents;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let opened = Connection::open_with_flags(&path, flags);
    let connection = match opened.and_then(|connection| {
        connection.busy_timeout(LOCK_LIMIT)?;
        Ok(connection)
    }) {
        Ok(connection) => connection,
        Err(error) => return findings.failed(check, error.to_string(), CONTENTS_MEND),
    };
    let interrupt = connection.get_interrupt_handle();
    let reading = tokio::task::spawn_blocking(move || {
        connection.query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0))
    });
    match timeout(LOOK_LIMIT, reading).await {
        Ok(Ok(Ok(text))) if text == "ok" => findings.ok(check, "whole (PRAGMA quick_check)"),
        Ok(Ok(Ok(text))) => {
            let text: String = text.chars().filter(|char| !char.is_control()).take(200).collect();
            findings.failed(check, format!("damaged: {text}"), CONTENTS_MEND);
        }
        Ok(Ok(Err(error))) => findings.failed(check, error.to_string(), CONTENTS_MEND),
        Ok(Err(_)) => findings.skipped(check, "the look broke off"),
        Err(_) => {
            interrupt.interrupt();
            findings.skipped(check, "reading the whole file takes over 5 s");
        }
    }
}

const CONTENTS_MEND: &str = "restore the file from a backup after deleting it with its -wal and -shm, or name another one in store.path";

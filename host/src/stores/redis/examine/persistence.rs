//! What a server still has after a restart.

use super::info::{Info, NO_INFO, setting};
use super::line::{Line, Silent};
use super::rights::Tried;
use crate::findings::{Check, Findings};

const CHECK: Check = Check::StorePersistence;

pub(super) async fn examine(
    line: &mut Line,
    info: Option<&Info>,
    tried: &Tried,
    findings: &mut Findings,
) -> Result<(), Silent> {
    if tried.refusal.as_deref() == Some("MISCONF") {
        let found = "it can't write its snapshot, and refuses writes until it can (MISCONF)";
        findings.failed(
            CHECK,
            found,
            "look into the server's log: disk full, or no right to its folder",
        );
        return Ok(());
    }
    let Some(info) = info else {
        findings.skipped(CHECK, NO_INFO);
        return Ok(());
    };
    let failing = [
        ("rdb_last_bgsave_status", "the last snapshot failed"),
        ("aof_last_write_status", "the last write to the append-only file failed"),
        ("aof_last_bgrewrite_status", "the last rewrite of the append-only file failed"),
    ];
    for (name, found) in failing {
        if info.field(name) == Some("err") {
            let mend = "look into the server's log: disk full, or no right to its folder";
            findings.failed(CHECK, found, mend);
            return Ok(());
        }
    }
    let Some(has_log) = info.number("aof_enabled") else {
        findings.skipped(CHECK, NO_INFO);
        return Ok(());
    };
    if has_log == 1 {
        let every = setting(line, "appendfsync").await?;
        let found = match every.as_deref() {
            Some("always") => "append-only file, on the disk with every write: nothing is lost",
            Some("everysec") => {
                "append-only file, on the disk each second: a crash of the machine loses up to a second"
            }
            Some("no") => {
                let found = "append-only file, and `appendfsync no`: a crash of the machine loses what the system hasn't written yet";
                findings.warning(CHECK, found, "set `appendfsync everysec`");
                return Ok(());
            }
            _ => "append-only file",
        };
        findings.ok(CHECK, found);
        return Ok(());
    }
    const MEND: &str = "set `appendonly yes` if locks, failure counts and used codes have to outlive the server's restart";
    match setting(line, "save").await?.as_deref() {
        Some("") => {
            let found = "neither snapshots nor an append-only file: a restart forgets everything";
            findings.warning(CHECK, found, MEND);
        }
        Some(_) => {
            let found = "snapshots only: a crash forgets what came after the latest one";
            findings.warning(CHECK, found, MEND);
        }
        None => {
            findings.skipped(CHECK, "no append-only file; the user may not ask CONFIG GET save")
        }
    }
    Ok(())
}

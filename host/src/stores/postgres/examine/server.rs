//! The server as a whole: its version, what it promises to keep, who follows it, how full it is, its clock.

use tokio::time::Instant;
use tokio_postgres::Row;

use super::line::{FROZEN_MEND, Line, Silent};
use crate::findings::{Check, Findings};
use crate::stores::clock;
use crate::stores::skew::{self, Skew};

/// The oldest version that is supported.
const MIN_VERSION: i32 = 140_000;
/// A replica that is so many seconds behind is warned of.
const LATE: f64 = 10.0;

const FACTS: &str = "SELECT pg_catalog.current_setting('server_version_num')::pg_catalog.int4, \
    pg_catalog.current_setting('server_version'), \
    (pg_catalog.date_part('epoch', pg_catalog.clock_timestamp()) * 1000)::pg_catalog.int8, \
    pg_catalog.pg_is_in_recovery(), \
    pg_catalog.current_setting('transaction_read_only'), \
    pg_catalog.current_setting('fsync'), \
    pg_catalog.current_setting('full_page_writes'), \
    pg_catalog.current_setting('synchronous_commit'), \
    pg_catalog.current_setting('synchronous_standby_names'), \
    pg_catalog.current_setting('max_connections')::pg_catalog.int8, \
    (SELECT pg_catalog.sum(numbackends)::pg_catalog.int8 FROM pg_catalog.pg_stat_database), \
    (SELECT pg_catalog.count(*) FROM pg_catalog.pg_stat_replication), \
    (SELECT pg_catalog.max(pg_catalog.date_part('epoch', replay_lag)) FROM pg_catalog.pg_stat_replication)";

/// Asks for all of it at once.
pub(super) async fn examine(
    line: &Line,
    connections: u64,
    findings: &mut Findings,
) -> Result<(), Silent> {
    let asked = Instant::now();
    let answer = match line.ask(FACTS, &[]).await {
        Ok(answer) => answer,
        Err(silent) => {
            findings.forget(Check::StoreReachable);
            let found = "takes connections and gives no answer in time";
            findings.failed(Check::StoreReachable, found, FROZEN_MEND);
            return Err(silent);
        }
    };
    let (ours, took) = (clock::unix()(), asked.elapsed());
    let row = match answer {
        Ok(row) => row,
        Err(trouble) => {
            findings.skipped(Check::StoreVersion, format!("the server doesn't say: {trouble}"));
            return Ok(());
        }
    };
    version(&row, findings);
    persistence(&row, findings);
    replication(&row, findings);
    capacity(&row, connections, findings);
    if let Ok(theirs) = row.try_get::<_, i64>(2) {
        let theirs = u64::try_from(theirs).unwrap_or(0);
        skew::tell(Skew::between(ours, theirs, took), findings);
    }
    Ok(())
}

fn text(row: &Row, column: usize) -> String {
    let text: String = row.try_get(column).unwrap_or_default();
    text.chars().filter(|char| !char.is_control()).take(100).collect()
}

fn version(row: &Row, findings: &mut Findings) {
    let number: i32 = row.try_get(0).unwrap_or(0);
    let found = format!("PostgreSQL {}", text(row, 1));
    if number < MIN_VERSION {
        let mend = "upgrade the server to PostgreSQL 14 or later";
        findings.failed(Check::StoreVersion, format!("{found} is too old"), mend);
    } else {
        findings.ok(Check::StoreVersion, found);
    }
}

fn persistence(row: &Row, findings: &mut Findings) {
    let (fsync, pages, commit) = (text(row, 5), text(row, 6), text(row, 7));
    let found = format!("fsync {fsync}, full_page_writes {pages}, synchronous_commit {commit}");
    let check = Check::StorePersistence;
    if fsync == "off" {
        let found =
            format!("{found}: a loss of power damages the store, and attempts are forgotten");
        findings.failed(check, found, "set `fsync = on` in the server's configuration");
    } else if pages == "off" {
        let found = format!("{found}: a loss of power in mid-write may damage the store");
        findings.warning(
            check,
            found,
            "set `full_page_writes = on`, unless the file system makes it needless",
        );
    } else if commit == "off" {
        findings.ok(check, format!("{found}; batches that write set it to `on` for themselves"));
    } else {
        findings.ok(check, found);
    }
}

fn replication(row: &Row, findings: &mut Findings) {
    let check = Check::StoreReplication;
    if row.try_get(3).unwrap_or(false) {
        let mend = "give the primary's address in store.url (several hosts with commas between are tried in turn), or promote this one";
        return findings.failed(check, "it is a standby: it takes no writes", mend);
    }
    if text(row, 4) == "on" {
        let mend =
            "take `default_transaction_read_only` away from the server, the database or the user";
        return findings.failed(check, "transactions are read-only", mend);
    }
    let replicas: i64 = row.try_get(11).unwrap_or(0);
    let lag: Option<f64> = row.try_get(12).unwrap_or(None);
    let names = text(row, 8);
    let synchronous = if names.is_empty() {
        "synchronous_standby_names not set".to_owned()
    } else {
        format!("synchronous_standby_names {names}")
    };
    let found = match replicas {
        0 => format!("the primary, without standbys; {synchronous}"),
        count => format!("the primary, {count} standbys; {synchronous}"),
    };
    if replicas == 0 && !names.is_empty() {
        let mend = "bring a standby back, or clear synchronous_standby_names";
        findings.failed(check, format!("{found}: every write waits for a standby"), mend);
    } else if let Some(lag) = lag.filter(|lag| *lag >= LATE) {
        let mend = "look at the standbys and the network to them: a fail-over to one loses writes";
        findings.warning(check, format!("{found}; one is {lag:.0} s behind"), mend);
    } else {
        findings.ok(check, found);
    }
}

fn capacity(row: &Row, connections: u64, findings: &mut Findings) {
    let (Ok(most), Ok(Some(used))) = (row.try_get::<_, i64>(9), row.try_get::<_, Option<i64>>(10))
    else {
        return findings.skipped(Check::StoreCapacity, "the server doesn't say");
    };
    let needed = i64::try_from(connections).unwrap_or(i64::MAX).saturating_add(1);
    let found =
        format!("{used} of {most} connections in use; a process of ours takes up to {needed}");
    let mend = "raise the server's max_connections, lower store.max_connections, or put PgBouncer in between";
    if needed > most || used.saturating_mul(100) >= most.saturating_mul(90) {
        findings.warning(Check::StoreCapacity, found, mend);
    } else {
        findings.ok(Check::StoreCapacity, found);
    }
}

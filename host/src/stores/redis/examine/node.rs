//! One server that holds data.

use redis::{ConnectionAddr, Value};
use tokio::time::Instant;

use super::super::address::Access;
use super::super::time::{self, ClockAnswer};
use super::info::{Info, NO_INFO};
use super::line::{self, Line, Silent};
use super::{persistence, replication, rights};
use crate::findings::{Check, Findings};
use crate::stores::clock;
use crate::stores::skew::{self, Skew};

/// What is looked at of every server.
pub(super) const CHECKS: [Check; 10] = [
    Check::StoreReachable,
    Check::StoreTls,
    Check::StoreLogin,
    Check::StoreVersion,
    Check::StoreRights,
    Check::StoreEviction,
    Check::StoreCapacity,
    Check::StorePersistence,
    Check::StoreReplication,
    Check::StoreClock,
];

/// The oldest version that is supported.
const MIN_VERSION: (u32, u32) = (6, 2);

/// A server, and how it is talked to.
pub(super) struct Place<'a> {
    pub(super) server: ConnectionAddr,
    pub(super) access: &'a Access,
    /// The key that means nothing.
    pub(super) key: String,
    /// Whether it is meant to be a node of a cluster.
    pub(super) is_in_cluster: bool,
}

/// Looks at it.
///
/// # Errors
///
/// It could not be asked. That stands among the findings.
pub(super) async fn examine(place: &Place<'_>, findings: &mut Findings) -> Result<(), Silent> {
    let mut line = Line::open(&place.server, place.access, findings).await?;
    let examined = ask(&mut line, place, findings).await;
    // It answered at first.
    examined.map_err(|_| line::frozen(&place.server, findings))
}

async fn ask(line: &mut Line, place: &Place<'_>, findings: &mut Findings) -> Result<(), Silent> {
    let info = Info::ask(line).await?;
    match &info {
        None => {
            for check in [Check::StoreVersion, Check::StoreEviction, Check::StoreCapacity] {
                findings.skipped(check, NO_INFO);
            }
        }
        Some(info) => {
            version(info, findings);
            eviction(info, findings);
            capacity(info, findings);
            if info.number("cluster_enabled") == Some(1) && !place.is_in_cluster {
                let mend = "set store.cluster = true";
                findings.failed(Check::StoreCluster, "it is a node of a Redis Cluster", mend);
            }
        }
    }
    let tried = rights::examine(line, &place.key, findings).await?;
    persistence::examine(line, info.as_ref(), &tried, findings).await?;
    replication::examine(line, info.as_ref(), &tried, findings).await?;
    compare_clocks(line, findings).await
}

fn version(info: &Info, findings: &mut Findings) {
    let (name, text) = match (info.field("valkey_version"), info.field("redis_version")) {
        (Some(version), _) => ("Valkey", version),
        (None, Some(version)) => ("Redis", version),
        (None, None) => return findings.skipped(Check::StoreVersion, NO_INFO),
    };
    let shown = |text: &str| text.chars().filter(|char| !char.is_control()).take(20).collect();
    let text: String = shown(text);
    let mut parts = text.split('.').map_while(|part| part.parse::<u32>().ok());
    match (parts.next(), parts.next()) {
        (Some(major), Some(minor)) if (major, minor) < MIN_VERSION => findings.failed(
            Check::StoreVersion,
            format!("{name} {text} is too old"),
            "upgrade the server to Redis 6.2 or later, or to Valkey",
        ),
        _ => findings.ok(Check::StoreVersion, format!("{name} {text}")),
    }
}

fn eviction(info: &Info, findings: &mut Findings) {
    const MEND: &str =
        "set `maxmemory-policy noeviction`, in the server's configuration and by CONFIG SET";
    let check = Check::StoreEviction;
    match (info.field("maxmemory_policy"), info.number("maxmemory")) {
        (None, _) => findings.skipped(check, NO_INFO),
        (Some("noeviction"), _) => findings.ok(check, "maxmemory-policy noeviction"),
        (Some(policy), Some(0) | None) => {
            let found = format!(
                "maxmemory-policy {policy}, which does nothing only because maxmemory is 0"
            );
            findings.warning(check, found, MEND);
        }
        (Some(policy), Some(_)) => {
            let found = format!(
                "maxmemory-policy {policy}: when memory is full, attempts and locks are forgotten"
            );
            findings.failed(check, found, MEND);
        }
    }
}

fn capacity(info: &Info, findings: &mut Findings) {
    const MIB: u64 = 1_048_576;
    let check = Check::StoreCapacity;
    let Some(used) = info.number("used_memory") else {
        return findings.skipped(check, NO_INFO);
    };
    let (limit, name) = match info.number("maxmemory").filter(|limit| *limit > 0) {
        Some(limit) => (limit, "maxmemory"),
        None => match info.number("total_system_memory").filter(|limit| *limit > 0) {
            Some(limit) => (limit, "the machine's memory"),
            None => return findings.ok(check, format!("{} MiB used, no limit", used / MIB)),
        },
    };
    let percent = used.saturating_mul(100) / limit;
    let found = format!("{} MiB used, {percent} % of {name} ({} MiB)", used / MIB, limit / MIB);
    let mend = "raise maxmemory, or give the server more memory: a full one refuses every issue and verification";
    match percent {
        95.. => findings.failed(check, found, mend),
        80.. => findings.warning(check, found, mend),
        _ => findings.ok(check, found),
    }
}

async fn compare_clocks(line: &mut Line, findings: &mut Findings) -> Result<(), Silent> {
    let asked = Instant::now();
    let answer: Value = line.ask(&["TIME"]).await?;
    let ours = clock::unix()();
    let measured = match time::read(&answer) {
        ClockAnswer::Time(theirs) => Skew::between(ours, theirs, asked.elapsed()),
        ClockAnswer::Nothing | ClockAnswer::Refused(_) => {
            findings.skipped(Check::StoreClock, "the user may not ask TIME");
            return Ok(());
        }
    };
    skew::tell(measured, findings);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::findings::Grade;

    fn grade(look: fn(&Info, &mut Findings), text: &str) -> Grade {
        let mut findings = Findings::default();
        look(&Info::of(text), &mut findings);
        findings.all().first().unwrap().grade
    }

    #[test]
    fn versions_before_6_2_are_too_old() {
        for (text, expected) in [
            ("redis_version:6.0.16", Grade::Failed),
            ("redis_version:5.0.7", Grade::Failed),
            ("redis_version:6.2.0", Grade::Ok),
            ("redis_version:7.0.15", Grade::Ok),
            ("redis_version:7.2.4\nvalkey_version:8.1.0", Grade::Ok),
            ("", Grade::Skipped),
        ] {
            assert_eq!(grade(version, text), expected, "{text}");
        }
    }

    #[test]
    fn a_policy_that_evicts_is_bad_with_a_limit_and_doubtful_without() {
        for (text, expected) in [
            ("maxmemory:0\nmaxmemory_policy:noeviction", Grade::Ok),
            ("maxmemory:1\nmaxmemory_policy:noeviction", Grade::Ok),
            ("maxmemory:0\nmaxmemory_policy:allkeys-lru", Grade::Warning),
            ("maxmemory:1\nmaxmemory_policy:volatile-ttl", Grade::Failed),
            ("used_memory:1", Grade::Skipped),
        ] {
            assert_eq!(grade(eviction, text), expected, "{text}");
        }
    }

    #[test]
    fn memory_is_warned_of_before_it_is_full() {
        for (used, expected) in [(10, Grade::Ok), (80, Grade::Warning), (95, Grade::Failed)] {
            assert_eq!(grade(capacity, &format!("used_memory:{used}\nmaxmemory:100")), expected);
        }
        assert_eq!(grade(capacity, "used_memory:99\nmaxmemory:0"), Grade::Ok);
    }
}

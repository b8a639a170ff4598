//! Whether a server is the primary, and who follows it.

use redis::Value;

use super::info::{Info, NO_INFO, setting};
use super::line::{Line, Silent};
use super::rights::Tried;
use crate::findings::{Check, Findings};

const CHECK: Check = Check::StoreReplication;
/// A replica that is so many seconds behind is warned of.
const LATE: u64 = 10;

pub(super) async fn examine(
    line: &mut Line,
    info: Option<&Info>,
    tried: &Tried,
    findings: &mut Findings,
) -> Result<(), Silent> {
    let role = match info.and_then(|info| info.field("role")) {
        Some(role) => Some(role.to_owned()),
        None => role(&line.ask(&["ROLE"]).await?),
    };
    let is_replica =
        role.as_deref() == Some("slave") || tried.refusal.as_deref() == Some("READONLY");
    if is_replica {
        let mend = "give the primary's address in store.url, or store.sentinels, or end the replication by REPLICAOF NO ONE";
        findings.failed(CHECK, "it is a replica: it takes no writes", mend);
        return Ok(());
    }
    if tried.refusal.as_deref() == Some("NOREPLICAS") {
        let found = "it refuses writes: fewer replicas follow it than min-replicas-to-write";
        findings.failed(CHECK, found, "bring the replicas back, or lower min-replicas-to-write");
        return Ok(());
    }
    let (Some(info), Some(_)) = (info, role) else {
        findings.skipped(CHECK, NO_INFO);
        return Ok(());
    };
    let least = setting(line, "min-replicas-to-write").await?;
    tell(info, least.as_deref(), findings);
    Ok(())
}

fn tell(info: &Info, least: Option<&str>, findings: &mut Findings) {
    let count = info.number("connected_slaves").unwrap_or(0);
    if count == 0 {
        return findings.ok(CHECK, "the primary, without replicas");
    }
    let behind: Vec<String> = (0..count).filter_map(|number| late(info, number)).collect();
    let least = least.map_or_else(
        || "min-replicas-to-write not told".to_owned(),
        |least| format!("min-replicas-to-write {least}"),
    );
    let found = format!("the primary, {count} replicas, {least}");
    if behind.is_empty() {
        return findings.ok(CHECK, found);
    }
    let found = format!("{found}; behind: {}", behind.join(", "));
    findings.warning(
        CHECK,
        found,
        "look at these replicas and the network to them: a fail-over to one loses writes",
    );
}

/// A replica that isn't online, or lags.
fn late(info: &Info, number: u64) -> Option<String> {
    let text = info.field(&format!("slave{number}"))?;
    let part =
        |name: &str| text.split(',').find_map(|part| part.strip_prefix(name)?.strip_prefix('='));
    let lag: u64 = part("lag").and_then(|lag| lag.parse().ok()).unwrap_or(0);
    let is_good = part("state") == Some("online") && lag < LATE;
    (!is_good).then(|| {
        let port = part("port").unwrap_or_default();
        format!("{}:{port} ({lag} s)", part("ip").unwrap_or_default())
    })
}

/// The first word of the answer to `ROLE`.
fn role(answer: &Value) -> Option<String> {
    let Value::Array(parts) = answer else { return None };
    match parts.first() {
        Some(Value::BulkString(word)) => String::from_utf8(word.clone()).ok(),
        Some(Value::SimpleString(word)) => Some(word.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::findings::Grade;

    #[test]
    fn a_replica_that_lags_or_is_not_online_is_named() {
        for (replica, expected) in [
            ("ip=10.0.0.2,port=6379,state=online,offset=1,lag=1", Grade::Ok),
            ("ip=10.0.0.2,port=6379,state=online,offset=1,lag=10", Grade::Warning),
            ("ip=10.0.0.2,port=6379,state=wait_bgsave,offset=0,lag=0", Grade::Warning),
        ] {
            let mut findings = Findings::default();
            tell(
                &Info::of(&format!("connected_slaves:1\r\nslave0:{replica}")),
                None,
                &mut findings,
            );
            let finding = &findings.all()[0];
            assert_eq!(finding.grade, expected, "{replica}");
            assert_eq!(finding.found.contains("10.0.0.2:6379"), expected == Grade::Warning);
        }
    }
}

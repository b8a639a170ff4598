//! A Redis Cluster: the whole as one node sees it, and then every master.

use futures_util::future::join_all;
use redis::{ConnectionAddr, Value};

use super::super::address::Access;
use super::super::slots::{self, Range, SLOTS};
use super::line::{self, Line, Silent, code};
use super::node::{self, CHECKS, Place};
use crate::findings::{Check, Findings};
use crate::stores::store::SCRATCH;

const CHECK: Check = Check::StoreCluster;
/// Masters that are looked at, at most.
const MAX_MASTERS: usize = 32;

pub(super) async fn examine(
    seeds: &[ConnectionAddr],
    access: &Access,
    prefix: &str,
    findings: &mut Findings,
) -> Result<(), String> {
    let mut opened = None;
    for seed in seeds {
        let mut tried = Findings::about(format!("store {seed}"));
        match Line::open(seed, access, &mut tried).await {
            Ok(line) => {
                opened = Some((seed, line));
                break;
            }
            Err(Silent) => findings.take(tried),
        }
    }
    let Some((seed, mut line)) = opened else {
        findings.skipped(CHECK, "no node can be asked");
        return Err("no node can be asked".to_owned());
    };
    let Ok(masters) = look(seed, &mut line, findings).await else {
        line::frozen(seed, findings);
        return Err("the node doesn't answer".to_owned());
    };
    if masters.is_empty() {
        return Err("no master is known".to_owned());
    }
    let examined = masters.into_iter().take(MAX_MASTERS).map(|(server, slots)| async move {
        let mut findings = Findings::about(format!("store {server}"));
        let key = format!("{prefix}{}", key_in(&slots));
        let place = Place { server, access, key, is_in_cluster: true };
        // What went wrong stands among the findings.
        let _ = node::examine(&place, &mut findings).await;
        findings.skip_rest(&CHECKS, "the server can't be asked");
        findings
    });
    for found in join_all(examined).await {
        findings.take(found);
    }
    Ok(())
}

/// A master and its slots, first and last.
type Master = (ConnectionAddr, Vec<(u16, u16)>);

/// Looks at the whole. Returns the masters.
async fn look(
    seed: &ConnectionAddr,
    line: &mut Line,
    findings: &mut Findings,
) -> Result<Vec<Master>, Silent> {
    let answer = line.ask(&["CLUSTER", "SLOTS"]).await?;
    let ranges = match (code(&answer), slots::ranges(&answer)) {
        (Some("NOPERM"), _) => {
            let mend = "ACL SETUSER <user> +cluster|slots";
            findings.failed(CHECK, "the user may not ask CLUSTER SLOTS", mend);
            return Ok(Vec::new());
        }
        (None, Some(ranges)) => ranges,
        _ => {
            let found = format!("{seed} is no node of a cluster");
            findings.failed(CHECK, found, "leave out store.cluster, or give a node's address");
            return Ok(Vec::new());
        }
    };
    let masters = masters(seed, ranges);
    let nodes = text(line.ask(&["CLUSTER", "NODES"]).await?);
    let info = text(line.ask(&["CLUSTER", "INFO"]).await?);
    tell(&masters, nodes.as_deref(), info.as_deref(), findings);
    Ok(masters)
}

fn masters(seed: &ConnectionAddr, ranges: Vec<Range>) -> Vec<Master> {
    let mut masters = Vec::<Master>::new();
    for Range { first, last, server } in ranges {
        let Some(server) = server.resolve(seed) else { continue };
        match masters.iter_mut().find(|(known, _)| *known == server) {
            Some((_, slots)) => slots.push((first, last)),
            None => masters.push((server, vec![(first, last)])),
        }
    }
    masters
}

fn tell(masters: &[Master], nodes: Option<&str>, info: Option<&str>, findings: &mut Findings) {
    let covered: usize = masters
        .iter()
        .flat_map(|(_, slots)| slots)
        .map(|(first, last)| usize::from(last - first) + 1)
        .sum();
    let state = info.and_then(|text| {
        text.lines().find_map(|line| line.trim_end().strip_prefix("cluster_state:"))
    });
    let failing = failing(nodes.unwrap_or_default());
    let found = format!("{} masters, {covered} of {SLOTS} slots", masters.len());
    const MEND: &str =
        "bring these nodes back, or give their slots to others (redis-cli --cluster check, fix)";
    if covered < usize::from(SLOTS) || state == Some("fail") {
        let failing = if failing.is_empty() { "none is told".into() } else { failing.join(", ") };
        let found = format!("{found}, state {}; failing: {failing}", state.unwrap_or("not told"));
        findings.failed(CHECK, found, MEND);
    } else if !failing.is_empty() {
        findings.warning(CHECK, format!("{found}; failing: {}", failing.join(", ")), MEND);
    } else if nodes.is_none() {
        findings.ok(
            CHECK,
            format!("{found}; the user may not ask CLUSTER NODES which others there are"),
        );
    } else {
        findings.ok(CHECK, found);
    }
}

/// The nodes that the one asked takes for failing. A line is `<id> <ip:port@port,name> <flags> …`.
fn failing(nodes: &str) -> Vec<String> {
    let node = |line: &str| {
        let mut words = line.split(' ').skip(1);
        let (address, flags) = (words.next()?, words.next()?);
        let is_failing = flags.split(',').any(|flag| flag == "fail" || flag == "fail?");
        is_failing.then(|| address.split('@').next().unwrap_or(address).to_owned())
    };
    nodes.lines().filter_map(node).collect()
}

/// A scratch key in one of `slots`.
fn key_in(slots: &[(u16, u16)]) -> String {
    let is_there = |key: &String| {
        let slot = slots::slot(key);
        slots.iter().any(|(first, last)| (*first..=*last).contains(&slot))
    };
    let keys = (0..u32::from(SLOTS)).map(|number| format!("{SCRATCH}{{{number}}}"));
    keys.into_iter().find(is_there).unwrap_or_else(|| SCRATCH.to_owned())
}

fn text(answer: Value) -> Option<String> {
    match answer {
        Value::BulkString(text) => String::from_utf8(text).ok(),
        Value::VerbatimString { text, .. } => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::findings::Grade;

    #[test]
    fn a_lost_slot_fails_and_a_failing_node_is_warned_of() {
        let whole = |last| vec![(ConnectionAddr::Tcp("a".into(), 1), vec![(0, last)])];
        let nodes = "id1 10.0.0.1:7000@17000,a master - 0 0 1 connected 0-16383\n\
                     id2 10.0.0.2:7000@17000,b slave,fail id1 0 0 1 connected\n";
        for (masters, nodes, info, expected) in [
            (whole(16_383), "", "cluster_state:ok\r\n", Grade::Ok),
            (whole(16_383), nodes, "cluster_state:ok\r\n", Grade::Warning),
            (whole(16_382), "", "cluster_state:ok\r\n", Grade::Failed),
            (whole(16_383), "", "cluster_state:fail\r\n", Grade::Failed),
        ] {
            let mut findings = Findings::default();
            tell(&masters, Some(nodes), Some(info), &mut findings);
            assert_eq!(findings.worst(), expected, "{nodes} {info}");
        }
        assert_eq!(failing(nodes), ["10.0.0.2:7000"]);
    }
}

//! The sentinels: each of them has to answer, and all have to name the same master.

use std::time::Duration;

use futures_util::future::join_all;
use redis::ConnectionAddr;
use tokio::time::timeout;

use super::super::sentinel::Sentinels;
use super::super::trouble::Trouble;
use crate::findings::{Check, Findings};

const CHECK: Check = Check::StoreSentinels;
/// How long one sentinel may take.
const PATIENCE: Duration = Duration::from_secs(3);

/// Asks all of them. Returns the master that the first one named which most agree with.
pub(super) async fn examine(
    sentinels: &Sentinels,
    findings: &mut Findings,
) -> Option<ConnectionAddr> {
    let ask = |server| async move {
        let late = || Err(Trouble::Unreachable("no answer in time".to_owned()));
        timeout(PATIENCE, sentinels.ask(server)).await.unwrap_or_else(|_| late())
    };
    let answers = join_all(sentinels.servers.iter().map(ask)).await;
    let mut named = Vec::<(ConnectionAddr, usize)>::new();
    let mut silent = Vec::new();
    for (server, answer) in sentinels.servers.iter().zip(answers) {
        match answer {
            Ok(master) => match named.iter_mut().find(|(known, _)| *known == master) {
                Some((_, count)) => *count += 1,
                None => named.push((master, 1)),
            },
            Err(trouble) => silent.push(format!("{server}: {trouble}")),
        }
    }
    // The first of those that are named most often.
    let most = named.iter().map(|(_, count)| *count).max().unwrap_or(0);
    let master = named.iter().find(|(_, count)| *count == most).map(|(master, _)| master.clone());
    let all = sentinels.servers.len();
    let answered = all - silent.len();
    let Some(master) = master else {
        let mend = "correct store.sentinels, their password, and the master's name in store.url; start the sentinels";
        findings.failed(CHECK, silent.join("; "), mend);
        return None;
    };
    if named.len() > 1 {
        let names: Vec<String> = named.iter().map(|(master, _)| master.to_string()).collect();
        let found = format!("they name several masters: {}", names.join(", "));
        findings.failed(
            CHECK,
            found,
            "wait until a fail-over under way is done; then look at SENTINEL MASTERS on each",
        );
    } else if answered * 2 <= all {
        let found = format!(
            "{answered} of {all} answer: no majority for a fail-over; {}",
            silent.join("; ")
        );
        findings.failed(CHECK, found, "start the others");
    } else if silent.is_empty() {
        findings.ok(CHECK, format!("all {all} name {master} as the master"));
        if all < 3 {
            let found = format!(
                "{all} of them: fewer than three can't agree on a fail-over while one is gone"
            );
            findings.warning(
                CHECK,
                found,
                "name all sentinels in store.sentinels; run three at least",
            );
        }
    } else {
        let found =
            format!("{answered} of {all} name {master} as the master; {}", silent.join("; "));
        findings.warning(CHECK, found, "start the others, or correct store.sentinels");
    }
    Some(master)
}

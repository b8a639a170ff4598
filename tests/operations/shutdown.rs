//! The end of a process.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use countersign_tests::client::Client;
use countersign_tests::cluster::all_at_once;
use countersign_tests::settings::{self, Workplace};
use countersign_tests::wait::until;

use crate::{host, issue};

/// Each connection asks one thing after the other until no server answers any more. Whatever the host has done is in
/// the outbox: exactly that must have been answered.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shutdown_under_load_loses_no_answer() {
    let workplace = Workplace::new().unwrap();
    let mut host = host(&workplace, settings::MEMORY, "", "").await;
    let (address, answered) = (host.address(), Arc::new(AtomicUsize::new(0)));
    let count = Arc::clone(&answered);
    let load = tokio::spawn(all_at_once(64, move |connection| {
        let (client, answered) = (Client::new(address), Arc::clone(&count));
        async move {
            let mut ids = Vec::new();
            for number in (connection..).step_by(64) {
                let answer = issue(&client, number).await;
                match answer.status {
                    201 => ids.push(answer.id().to_owned()),
                    0 => break,
                    _ => panic!("{answer:?}"),
                }
                answered.fetch_add(1, Ordering::Relaxed);
            }
            ids
        }
    }));
    let busy = || (answered.load(Ordering::Relaxed) > 1_000).then_some(());
    until(Duration::from_secs(60), busy).await.expect("the load gets going");
    host.terminate().unwrap();
    let status = host.ended().await.unwrap();
    assert!(status.success(), "{status}");

    let lanes = load.await.unwrap();
    assert_eq!(lanes.len(), 64);
    let answered: BTreeSet<String> = lanes.into_iter().flatten().collect();
    let messages = workplace.outbox().messages();
    let sent = messages.iter().map(|message| message["challenge_id"].as_str().unwrap().to_owned());
    assert_eq!(sent.collect::<BTreeSet<_>>(), answered);
    let log = host.log();
    let stopped = log.iter().find(|line| line["message"] == "stopped").expect("it says so");
    assert_eq!(stopped["all_answered"], true);
}

//! A log that can't be written stops nothing.

use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;
use std::time::{Duration, Instant};

use countersign_tests::client::Client;
use countersign_tests::process::Host;
use countersign_tests::raw;
use countersign_tests::settings::{self, Workplace};
use serde_json::{Value, json};

use crate::RULES;

/// What a pipe holds on Linux.
const PIPE_BYTES: usize = 65_536;

/// Starts a host whose standard error goes to `log`.
async fn logging_to(log: Stdio, workplace: &Workplace) -> Host {
    let senders = workplace.senders(&["sms"]);
    let sections =
        [settings::SERVER, settings::MEMORY, &senders, settings::LOG, settings::KEYS, RULES];
    let config = workplace.config("countersign.toml", &sections).unwrap();
    Host::start_logging_to(log, workplace.path(), &config, &[]).await.unwrap()
}

async fn serves(host: &Host, workplace: &Workplace, first: usize) {
    let client = Client::new(host.address());
    for number in first..first + 3 {
        let body = json!({ "purpose": "login", "to": format!("+628123450000{number}") });
        let issued = client.post("/v1/challenges", &body).await;
        assert_eq!(issued.status, 201, "{issued:?}");
        let body = json!({ "code": workplace.outbox().code(issued.id()) });
        let path = format!("/v1/challenges/{}/verify", issued.id());
        assert_eq!(client.post(&path, &body).await.status, 200);
        assert_eq!(client.get("/healthz").await.status, 200);
    }
}

async fn serves_and_ends(log: Stdio) {
    let workplace = Workplace::new().unwrap();
    let mut host = logging_to(log, &workplace).await;
    serves(&host, &workplace, 0).await;
    host.terminate().unwrap();
    let status = host.ended().await.unwrap();
    assert!(status.success(), "{status:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_log_disk_stops_nothing() {
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    serves_and_ends(full.into()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_of_the_log_that_dies_stops_nothing() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    serves_and_ends(writer.into()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_of_the_log_that_stalls_stops_nothing_not_even_the_end() {
    let (_reader, mut writer) = std::io::pipe().unwrap();
    writer.write_all(&[b'x'; PIPE_BYTES]).unwrap();
    let workplace = Workplace::new().unwrap();
    let mut host = logging_to(writer.into(), &workplace).await;
    serves(&host, &workplace, 0).await;
    host.terminate().unwrap();
    let begun = Instant::now();
    let status = host.ended().await.unwrap();
    assert!(status.success(), "{status:?}");
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lines_that_found_no_room_are_counted_in_the_log() {
    let (reader, mut writer) = std::io::pipe().unwrap();
    writer.write_all(&[b'\n'; PIPE_BYTES]).unwrap();
    let workplace = Workplace::new().unwrap();
    let host = logging_to(writer.into(), &workplace).await;
    // Each is a line at debug, and together they are more than the queue holds.
    let requests = "GET /nowhere HTTP/1.1\r\nhost: x\r\n\r\n".repeat(500);
    let last = "GET /nowhere HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    for _ in 0..20 {
        let answers = raw::exchange(host.address(), format!("{requests}{last}").as_bytes()).await;
        assert_eq!(answers.unwrap().len(), 501);
    }
    let counted = tokio::task::spawn_blocking(move || {
        let lines = BufReader::new(reader).lines().map_while(Result::ok);
        lines
            .filter_map(|line| serde_json::from_str::<Value>(&line).ok())
            .find(|line| line["message"].as_str().is_some_and(|text| text.contains("were dropped")))
    });
    let counted = tokio::time::timeout(Duration::from_secs(20), counted).await.unwrap().unwrap();
    assert!(counted.unwrap()["lines"].as_u64().unwrap() > 1_000);
    serves(&host, &workplace, 0).await;
}

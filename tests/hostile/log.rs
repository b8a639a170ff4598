//! A log that can't be written stops nothing.

use std::fs::OpenOptions;
use std::process::Stdio;

use countersign_tests::client::Client;
use countersign_tests::process::Host;
use countersign_tests::settings::{self, Workplace};
use serde_json::json;

const RULES: &str = "[purposes.login]\nchannels = [\"sms\"]\n";

/// Starts a host whose standard error goes to `log`, has it serve, and sees it end when it is asked to.
async fn serves_with_its_log_in(log: Stdio) {
    let workplace = Workplace::new().unwrap();
    let senders = workplace.senders(&["sms"]);
    let sections =
        [settings::SERVER, settings::MEMORY, &senders, settings::LOG, settings::KEYS, RULES];
    let config = workplace.config("countersign.toml", &sections).unwrap();
    let mut host = Host::start_logging_to(log, workplace.path(), &config, &[]).await.unwrap();
    let client = Client::new(host.address());
    for number in 0..3 {
        let body = json!({ "purpose": "login", "to": format!("+628123450000{number}") });
        let issued = client.post("/v1/challenges", &body).await;
        assert_eq!(issued.status, 201, "{issued:?}");
        let body = json!({ "code": workplace.outbox().code(issued.id()) });
        let path = format!("/v1/challenges/{}/verify", issued.id());
        assert_eq!(client.post(&path, &body).await.status, 200);
    }
    host.terminate().unwrap();
    let status = host.ended().await.unwrap();
    assert!(status.success(), "{status:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_log_disk_stops_nothing() {
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    serves_with_its_log_in(full.into()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_of_the_log_that_dies_stops_nothing() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    serves_with_its_log_in(writer.into()).await;
}

//! The machine around the process: signals, and files that change underneath.

use std::fs;
use std::path::Path;
use std::time::Duration;

use countersign_tests::client::Client;
use countersign_tests::process::Host;
use countersign_tests::settings::{self, Workplace};
use countersign_tests::wait::{until, until_async};
use rustix::process::Signal;
use serde_json::json;

use crate::{RULES, config, issue};

const PATIENCE: Duration = Duration::from_secs(15);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signals_that_mean_nothing_end_nothing() {
    let workplace = Workplace::new().unwrap();
    let host = Host::start(&config(&workplace, settings::MEMORY, "")).await.unwrap();
    let client = Client::new(host.address());
    for (signal, name) in
        [(Signal::HUP, "SIGHUP"), (Signal::USR1, "SIGUSR1"), (Signal::USR2, "SIGUSR2")]
    {
        host.signal(signal).unwrap();
        let told = || host.log().iter().any(|line| line["signal"] == name).then_some(());
        until(PATIENCE, told).await.expect("it is logged");
        assert_eq!(client.get("/healthz").await.status, 200, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_production_no_core_is_dumped_and_no_caller_is_operator_without_a_key() {
    let workplace = Workplace::new().unwrap();
    let server = "[server]\nlisten = \"127.0.0.1:0\"\n";
    let sections = [server, settings::MEMORY, settings::LOG, settings::KEYS, RULES];
    let config = workplace.config("countersign.toml", &sections).unwrap();
    let host = Host::start_after("ulimit -c unlimited 2>/dev/null; true", &config).await.unwrap();
    let limits = fs::read_to_string(format!("/proc/{}/limits", host.id())).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    let numbers: Vec<&str> = core.split_whitespace().skip(4).collect();
    assert_eq!(&numbers[..2], ["0", "0"], "{core}");

    // Without API keys every program on the machine is a caller, and none is an operator.
    let client = Client::new(host.address());
    let body = json!({ "purpose": "login", "to": "+6281234500001" });
    assert_eq!(client.post("/v1/unlock", &body).await.code(), "forbidden");
    assert_eq!(client.post("/v1/status", &body).await.status, 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damaged_native_code_crashes_nothing() {
    let workplace = Workplace::new().unwrap();
    let cache = workplace.path().join("cache");
    let engine = format!("[engine]\ncache_directory = '{}'\n", cache.display());
    let senders = workplace.senders(&["sms"]);
    let sections =
        [settings::SERVER, settings::MEMORY, &senders, settings::LOG, settings::KEYS, RULES];
    let text = format!("{}\n{engine}", sections.join("\n"));
    let config = workplace.write("countersign.toml", &text).unwrap();
    drop(Host::start(&config).await.unwrap());
    let kept: Vec<_> = fs::read_dir(&cache).unwrap().map(|entry| entry.unwrap().path()).collect();
    let [kept] = &kept[..] else { panic!("{kept:?}") };
    flip(kept);
    let host = Host::start(&config).await.unwrap();
    assert!(host.output().contains("damaged"), "{}", host.output());
    let client = Client::new(host.address());
    assert_eq!(issue(&client, 1).await.status, 201);
}

/// Changes every hundredth byte.
fn flip(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    for byte in bytes.iter_mut().skip(4_096).step_by(100) {
        *byte ^= 0x55;
    }
    fs::write(path, bytes).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_deleted_or_replaced_is_noticed() {
    let workplace = Workplace::new().unwrap();
    let host = Host::start(&config(&workplace, &workplace.sqlite(), "")).await.unwrap();
    let client = Client::new(host.address());
    assert_eq!(client.get("/readyz").await.status, 200);
    let (path, aside) = (workplace.path().join("store.db"), workplace.path().join("aside.db"));
    fs::rename(&path, &aside).unwrap();
    readiness(&client, 503).await;
    assert!(host.output().contains("deleted or replaced"), "{}", host.output());
    fs::copy(&aside, &path).unwrap();
    readiness(&client, 503).await;
    fs::rename(&aside, &path).unwrap();
    readiness(&client, 200).await;
    // Once when it went and once when it came back, however often it was asked.
    let lines = host.output();
    assert_eq!(lines.matches("not ready").count(), 1, "{lines}");
    assert_eq!(lines.matches("ready again").count(), 1, "{lines}");
}

/// Waits until `/readyz` answers `status`.
pub(crate) async fn readiness(client: &Client, status: u16) {
    let answered = until_async(PATIENCE, async || {
        (client.get("/readyz").await.status == status).then_some(())
    });
    answered.await.unwrap_or_else(|| panic!("/readyz is never {status}"));
}

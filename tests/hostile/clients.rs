//! Clients without a key: what they open, hold and never read takes nothing from callers.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use countersign_tests::client::Client;
use countersign_tests::process::Host;
use countersign_tests::raw;
use countersign_tests::settings::{self, Workplace};
use countersign_tests::wait::{until, until_async};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::{config, issue};

const PATIENCE: Duration = Duration::from_secs(10);

/// Connections that have sent `bytes`, and nothing since.
async fn opened(address: SocketAddr, count: usize, bytes: &[u8]) -> Vec<TcpStream> {
    let mut streams = Vec::new();
    for _ in 0..count {
        let mut stream = TcpStream::connect(address).await.unwrap();
        // The other side may have hung up already.
        let _ = stream.write_all(bytes).await;
        streams.push(stream);
    }
    streams
}

/// The head of a callback whose body never comes.
fn callback(provider: &str) -> Vec<u8> {
    let head = format!(
        "POST /v1/callbacks/{provider} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 200000\r\n\r\n"
    );
    head.into_bytes()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_never_reads_its_answers_is_let_go() {
    let workplace = Workplace::new().unwrap();
    let config = config(&workplace, settings::MEMORY, "write_timeout_seconds = 1");
    let host = Host::start(&config).await.unwrap();
    let stream = TcpStream::connect(host.address()).await.unwrap();
    let requests = "GET /openapi.json HTTP/1.1\r\nhost: x\r\n\r\n".repeat(100);
    let cut = until(PATIENCE, || match stream.try_write(requests.as_bytes()) {
        Err(error) if error.kind() != ErrorKind::WouldBlock => Some(()),
        _ => None,
    });
    cut.await.expect("the connection is closed");
    let told = || host.log().iter().any(|line| line["unread"] == 1).then_some(());
    until(PATIENCE, told).await.expect("it is counted");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_callback_of_an_unknown_provider_is_refused_before_its_body() {
    let workplace = Workplace::new().unwrap();
    let host = Host::start(&config(&workplace, settings::MEMORY, "")).await.unwrap();
    let answers = raw::exchange(host.address(), &callback("nobody")).await.unwrap();
    assert_eq!(answers[0].status, 404, "{answers:?}");
    assert_eq!(answers[0].json()["code"], "unknown_provider");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callbacks_take_no_room_from_callers() {
    let workplace = Workplace::new().unwrap();
    let config = config(&workplace, settings::MEMORY, "max_concurrent_requests = 4");
    let host = Host::start(&config).await.unwrap();
    // More than there is room for.
    let held = opened(host.address(), 80, &callback("sms-file")).await;
    let shed = || host.log().iter().any(|line| line["callbacks"].as_u64() > Some(0)).then_some(());
    until(PATIENCE, shed).await.expect("there is room for so many");
    let client = Client::new(host.address());
    for number in 0..4 {
        assert_eq!(issue(&client, number).await.status, 201);
    }
    drop(held);
}

/// A provider that reports the same from there.
async fn report(host: &Host, from: &str) -> u16 {
    let client = Client::new(host.address());
    let client =
        client.with_header(hyper::header::HeaderName::from_static("x-forwarded-for"), from);
    client.post("/v1/callbacks/sms-file", &serde_json::json!({})).await.status
}

/// An address is a client, whichever proxy it comes through.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_client_cannot_hold_the_room_for_all_providers_reports() {
    let workplace = Workplace::new().unwrap();
    let config = config(&workplace, settings::MEMORY, "trusted_proxies = [\"127.0.0.1/32\"]");
    let host = Host::start(&config).await.unwrap();
    let from = |address: &str| {
        let head = String::from_utf8(callback("sms-file")).unwrap();
        head.replace("host: x", &format!("host: x\r\nx-forwarded-for: {address}")).into_bytes()
    };
    let held = opened(host.address(), 80, &from("203.0.113.66")).await;
    let shed = || {
        let callbacks =
            host.log().iter().filter_map(|line| line["callbacks"].as_u64()).sum::<u64>();
        (callbacks >= 64).then_some(())
    };
    until(PATIENCE, shed).await.expect("it has its share only");
    assert_eq!(report(&host, "203.0.113.66").await, 503);
    // No sender of the configuration takes reports: that is found out once the body is there.
    assert_eq!(report(&host, "198.51.100.1").await, 404);
    // The same for the /64 of a subscriber.
    let more: Vec<_> = {
        let mut streams = Vec::new();
        for host_part in 0..20 {
            let bytes = from(&format!("2001:db8:1:2::{host_part:x}"));
            streams.extend(opened(host.address(), 1, &bytes).await);
        }
        streams
    };
    let refused = until_async(PATIENCE, async || {
        (report(&host, "2001:db8:1:2::ffff").await == 503).then_some(())
    });
    refused.await.expect("a /64 is one client");
    assert_eq!(report(&host, "2001:db8:1:3::1").await, 404);
    drop((held, more));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_rest_shut_no_caller_out() {
    let workplace = Workplace::new().unwrap();
    let config = config(&workplace, settings::MEMORY, "max_connections = 20");
    let host = Host::start(&config).await.unwrap();
    let mut resting = opened(host.address(), 20, b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await;
    for stream in &mut resting {
        stream.read_u8().await.unwrap();
    }
    // A new connection each time.
    let served = until_async(PATIENCE, async || {
        let client = Client::new(host.address());
        (issue(&client, 1).await.status == 201).then_some(())
    });
    served.await.expect("a caller takes the place of one that rests");
    let told = || host.log().iter().any(|line| line["resting"].as_u64() > Some(0)).then_some(());
    until(PATIENCE, told).await.expect("it is counted");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn health_is_answered_when_there_is_room_for_no_connection() {
    let workplace = Workplace::new().unwrap();
    let config = config(&workplace, settings::MEMORY, "max_connections = 2");
    let host = Host::start(&config).await.unwrap();
    let busy = opened(host.address(), 2, &callback("sms-file")).await;
    let silent = opened(host.address(), 200, b"").await;
    for path in ["/healthz", "/readyz"] {
        for _ in 0..3 {
            let client = Client::new(host.address());
            assert_eq!(client.get(path).await.status, 200, "{path}");
        }
    }
    assert_eq!(issue(&Client::new(host.address()), 1).await.status, 503);
    drop((busy, silent));
    // Once a second at most, whatever the number.
    let told = host.log().iter().filter(|line| line["connections"].as_u64() > Some(0)).count();
    assert!(told <= 10, "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_limit_of_open_files_bounds_the_connections() {
    let workplace = Workplace::new().unwrap();
    let config = config(&workplace, settings::MEMORY, "");
    let host = Host::start_after("ulimit -n 128", &config).await.unwrap();
    let capped = host.log().into_iter().find(|line| line["max_connections"].is_u64());
    assert_eq!(capped.expect("it says so")["max_connections"], 64);
    let held = opened(host.address(), 300, b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await;
    let served = until_async(PATIENCE, async || {
        let client = Client::new(host.address());
        let healthy = client.get("/healthz").await.status == 200;
        (healthy && issue(&client, 1).await.status == 201).then_some(())
    });
    served.await.expect("it serves on");
    drop(held);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_soft_limit_of_open_files_is_raised() {
    let workplace = Workplace::new().unwrap();
    let config = config(&workplace, settings::MEMORY, "");
    let host = Host::start_after("ulimit -S -n 128", &config).await.unwrap();
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", host.id())).unwrap();
    let files = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    let numbers: Vec<&str> = files.split_whitespace().filter(|word| word != &"files").collect();
    assert_eq!(numbers[3 - 1], numbers[4 - 1], "{files}");
    assert_ne!(numbers[2], "128");
}

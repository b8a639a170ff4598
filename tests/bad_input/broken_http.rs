//! What is no HTTP, or hardly: refused with a 4xx or a closed connection; and what is odd but right is served.

use std::time::Duration;

use countersign_tests::raw::exchange;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::Target;

const ISSUE: &str = r#"{"purpose":"login","channel":"sms","to":"+6281234500002"}"#;

/// The head of a good issue, with `more` headers.
fn head(more: &str) -> String {
    format!(
        "POST /v1/challenges HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-type: application/json\r\n{more}\r\n"
    )
}

fn broken() -> Vec<Vec<u8>> {
    let length = ISSUE.len();
    let flood: String = (0..500).map(|number| format!("x-{number}: 1\r\n")).collect();
    let long = format!("x-long: {}\r\n", "a".repeat(600_000));
    let texts = [
        "\r\n\r\n\r\n".to_owned() + "nonsense\r\n\r\n",
        "GET\r\n\r\n".into(),
        "GET / HTTP/3.7\r\nhost: a\r\n\r\n".into(),
        "GET /a b HTTP/1.1\r\nhost: a\r\n\r\n".into(),
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".into(),
        "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\u{0}\u{1}\u{fc}\u{3}\u{3}\r\n\r\n".into(),
        format!("GET /{} HTTP/1.1\r\nhost: a\r\n\r\n", "a".repeat(600_000)),
        head(&flood) + ISSUE,
        head(&long) + ISSUE,
        head(&format!("content-length: {length}\r\ncontent-length: {}\r\n", length + 1)) + ISSUE,
        head("content-length: -5\r\n") + ISSUE,
        head("content-length: 5x\r\n") + ISSUE,
        head("content-length: 99999999999999999999999999\r\n") + ISSUE,
        head("transfer-encoding: gzip\r\n") + ISSUE,
        head("transfer-encoding: chunked\r\n") + "zz\r\n" + ISSUE,
        head("transfer-encoding: chunked\r\n") + "-1\r\n" + ISSUE,
        head("transfer-encoding: chunked\r\n") + "fffffffffffffffff\r\n" + ISSUE,
        head("transfer-encoding: chunked\r\n") + "5\r\nabcdefgh\r\n0\r\n\r\n",
        head("bad header: 1\r\n") + ISSUE,
        head("x\u{0}: 1\r\n") + ISSUE,
        head("x: a\u{0}b\r\n") + ISSUE,
        head(" folded: 1\r\n") + ISSUE,
    ];
    let bytes = texts.into_iter().map(String::into_bytes);
    bytes
        .chain([
            vec![0; 4_096],
            vec![0xff; 4_096],
            b"GET /\xff HTTP/1.1\r\nhost: a\r\n\r\n".to_vec(),
        ])
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_http_is_refused_or_cut_off() {
    let target = Target::with("header_timeout_seconds = 1\nidle_timeout_seconds = 1").await;
    for bytes in broken() {
        let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(300)]).into_owned();
        let responses = exchange(target.address, &bytes).await;
        let responses = responses.unwrap_or_else(|error| panic!("{error}: {shown}"));
        let good = |status: u16| (400..500).contains(&status);
        assert!(responses.iter().all(|response| good(response.status)), "{responses:?}: {shown}");
        assert!(responses.len() <= 2, "{responses:?}: {shown}");
    }
    target.assert_untouched().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_breaks_off_is_no_request() {
    let target = Target::new().await;
    for more in ["content-length: 500\r\n", "transfer-encoding: chunked\r\n"] {
        let mut stream = TcpStream::connect(target.address).await.unwrap();
        let body = if more.contains("chunked") {
            format!("{:x}\r\n{ISSUE}\r\n", ISSUE.len())
        } else {
            ISSUE.into()
        };
        stream.write_all((head(more) + &body).as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400 "), "{answer}");
    }
    target.assert_untouched().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_drips_is_not_waited_for_any_longer() {
    let target = Target::with("header_timeout_seconds = 1\nrequest_timeout_seconds = 1").await;
    // Half a head, and half a body: more is promised, and never comes.
    for (bytes, code) in [
        (head("content-length: 100")[..60].to_owned(), "slow_head"),
        (head("content-length: 100\r\n") + "{\"purpose\":", "slow_body"),
    ] {
        let responses = exchange(target.address, bytes.as_bytes()).await.unwrap();
        let [response] = &responses[..] else { panic!("{responses:?}") };
        assert!(response.status == 408 && response.is_problem(), "{response:?}");
        assert_eq!(response.json()["code"], code);
    }
    target.assert_untouched().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn odd_but_right_requests_are_served() {
    let target = Target::with("idle_timeout_seconds = 1").await;
    let status = format!("/v1/challenges/{}", target.challenge);
    let requests = [
        ("GET /healthz HTTP/1.0\r\n\r\n".to_owned(), vec![200]),
        (format!("GET {status} HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"), vec![200]),
        (
            format!("GET {status} HTTP/1.1\r\nHost: a\r\n\r\nGET /healthz HTTP/1.1\r\nhost: a\r\n\r\nGET /no HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"),
            vec![200, 200, 404],
        ),
        (
            "POST /v1/status HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-type: Application/JSON; charset=utf-8\r\ntransfer-encoding: chunked\r\n\r\n10\r\n{\"purpose\":\"logi\r\n18\r\nn\",\"to\":\"+6281234500001\"\r\n1\r\n}\r\n0\r\n\r\n".into(),
            vec![200],
        ),
    ];
    for (bytes, expected) in requests {
        let responses = exchange(target.address, bytes.as_bytes()).await.unwrap();
        let statuses: Vec<u16> = responses.iter().map(|response| response.status).collect();
        assert_eq!(statuses, expected, "{responses:?}: {bytes}");
    }
    target.assert_untouched().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn idle_connections_do_not_keep_others_out() {
    let target = Target::new().await;
    let mut idle = Vec::new();
    for _ in 0..200 {
        idle.push(TcpStream::connect(target.address).await.unwrap());
    }
    let client = countersign_tests::client::Client::new(target.address);
    let body = json!({ "purpose": "login", "to": "+6281234500001" });
    let answer =
        tokio::time::timeout(Duration::from_secs(10), client.post("/v1/status", &body)).await;
    assert_eq!(answer.unwrap().status, 200);
    drop(idle);
    target.assert_untouched().await;
}

//! HTTP by the letter, and what the log says of requests.

use std::time::Duration;

use countersign_http_api::keys::new_key;
use countersign_tests::client::Client;
use countersign_tests::process::Host;
use countersign_tests::raw;
use countersign_tests::settings::{self, Workplace};
use countersign_tests::wait::until;
use data_encoding::HEXLOWER;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::{RULES, config, issue};

const PATIENCE: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_http_is_refused_with_a_problem() {
    let workplace = Workplace::new().unwrap();
    let host = Host::start(&config(&workplace, settings::MEMORY, "")).await.unwrap();
    let chunked = "content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n";
    let cases = [
        (400, "GET /healthz HTTP/1.1\r\n\r\n".to_owned()),
        (400, "GET /healthz HTTP/1.1\r\nhost: x\r\nhost: y\r\n\r\n".to_owned()),
        (400, "GET /healthz HTTP/1.1\r\nhost: x/y\r\n\r\n".to_owned()),
        (400, "GET /healthz HTTP/1.1\r\nhost: u@x\r\n\r\n".to_owned()),
        (400, "GET /healthz HTTP/1.1\r\nhost: x:80:80\r\n\r\n".to_owned()),
        (400, "GET /healthz HTTP/1.1\nhost: x\n\n".to_owned()),
        (400, "GET /healthz HTTP/1.1\r\nhost: x\r\na: b\n\r\n".to_owned()),
        (400, "GET /healthz HTTP/1.1\r\nhost: x\r\nno header\r\n\r\n".to_owned()),
        (400, "GET /healthz#top HTTP/1.1\r\nhost: x\r\n\r\n".to_owned()),
        (400, "nonsense\r\n\r\n".to_owned()),
        (400, "POST /v1/verify HTTP/1.1\r\nhost: x\r\ntransfer-encoding: gzip\r\n\r\n".to_owned()),
        (
            400,
            "POST /v1/verify HTTP/1.1\r\nhost: x\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n"
                .to_owned(),
        ),
        (431, format!("GET /healthz HTTP/1.1\r\nhost: x\r\na: {}\r\n\r\n", "x".repeat(20_000))),
    ];
    for (status, request) in cases {
        let answers = raw::exchange(host.address(), request.as_bytes()).await.unwrap();
        let [answer] = &answers[..] else { panic!("{request:?}: {answers:?}") };
        assert_eq!(answer.status, status, "{request:?}: {answer:?}");
        assert!(answer.is_problem(), "{request:?}: {answer:?}");
        assert!(answer.head.contains("x-content-type-options: nosniff"), "{answer:?}");
    }
    // A length beside chunks: the chunks count, and what follows them is not read.
    let request = format!("POST /v1/verify HTTP/1.1\r\nhost: x\r\n{chunked}");
    let request = format!("{request}GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n");
    let answers = raw::exchange(host.address(), request.as_bytes()).await.unwrap();
    assert_eq!(answers.len(), 1, "{answers:?}");
    // HTTP/1.0 knows no Host.
    let answers = raw::exchange(host.address(), b"GET /healthz HTTP/1.0\r\n\r\n").await.unwrap();
    assert_eq!(answers[0].status, 200);
}

/// The first of a connection, one that follows another, and one behind a connection that rested; however short a
/// connection may rest.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_head_that_does_not_end_is_told_so() {
    let workplace = Workplace::new().unwrap();
    let times = "header_timeout_seconds = 2\nidle_timeout_seconds = 1\n";
    let host = Host::start(&config(&workplace, settings::MEMORY, times)).await.unwrap();
    let get = "GET /healthz HTTP/1.1\r\nhost: x\r\n";
    for (first, rests, begun) in [
        ("", 0, "G"),
        ("", 0, &get[..get.len() - 2]),
        ("", 0, "\r\nGET"),
        ("\r\n", 0, get),
        (get, 0, "POST /v1/challenges HTTP/1.1\r\n"),
        (get, 600, "P"),
    ] {
        let mut stream = TcpStream::connect(host.address()).await.unwrap();
        if !first.is_empty() {
            stream.write_all(format!("{first}\r\n").as_bytes()).await.unwrap();
            tokio::time::sleep(Duration::from_millis(rests)).await;
        }
        stream.write_all(begun.as_bytes()).await.unwrap();
        let mut answer = String::new();
        let read = tokio::time::timeout(PATIENCE, stream.read_to_string(&mut answer));
        read.await.expect("the connection ends").unwrap();
        let expected = usize::from(first == get);
        let answers = raw::responses(answer.as_bytes()).unwrap();
        assert_eq!(answers.len(), expected + 1, "{begun:?}: {answer}");
        let last = &answers[expected];
        assert_eq!((last.status, &last.json()["code"]), (408, &json!("slow_head")), "{last:?}");
        assert!(last.is_problem() && last.head.contains("connection: close"), "{last:?}");
    }
    // What never began to ask is told nothing.
    let mut stream = TcpStream::connect(host.address()).await.unwrap();
    let mut nothing = Vec::new();
    let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut nothing));
    assert_eq!(read.await.expect("the connection ends").unwrap(), 0);
}

/// Whatever came before it on the connection, and in the same packet.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bare_line_feed_is_refused_in_every_head_of_a_connection() {
    let workplace = Workplace::new().unwrap();
    let host = Host::start(&config(&workplace, settings::MEMORY, "")).await.unwrap();
    let get = "GET /healthz HTTP/1.1\r\nhost: x\r\n";
    let body = "{\n\"purpose\":\n\"login\"}\n\n";
    let post = |framing: &str, body: &str| {
        format!(
            "POST /v1/status HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n{framing}\r\n\r\n{body}"
        )
    };
    let length = post(&format!("content-length: {}", body.len()), body);
    let chunks = format!(
        "3;a=b\r\n{}\r\n{:x}\r\n{}\r\n0\r\nz: y\r\n\r\n",
        &body[..3],
        body.len() - 3,
        &body[3..]
    );
    let chunked = post("transfer-encoding: chunked", &chunks);
    for first in [format!("{get}\r\n"), "\r\n\r\n".to_owned(), length, chunked] {
        // The body arrives as it was sent, so that it is a JSON object without `to`.
        let status = if first.starts_with("GET") { 200 } else { 400 };
        let before = if first.starts_with('\r') { vec![] } else { vec![status; 2] };
        let bytes = format!("{first}{first}{get}a: b\n\r\n{get}\r\n");
        let answers = raw::exchange(host.address(), bytes.as_bytes()).await.unwrap();
        let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
        assert_eq!(statuses, [&before[..], &[400]].concat(), "{first:?}: {answers:?}");
        for answer in answers.iter().take(before.len()).filter(|_| status == 400) {
            assert_eq!(answer.json()["field"], "to", "{answer:?}");
        }
    }
    // What is as it should be is answered, however many requests there are in a packet.
    let bytes = format!("{get}\r\n").repeat(50) + get + "connection: close\r\n\r\n";
    assert_eq!(raw::exchange(host.address(), bytes.as_bytes()).await.unwrap().len(), 51);
}

/// What is kept for a connection is given up while it rests: nothing that was sent before or after is lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_has_rested_is_served_as_before() {
    let workplace = Workplace::new().unwrap();
    let host = Host::start(&config(&workplace, settings::MEMORY, "")).await.unwrap();
    let mut stream = TcpStream::connect(host.address()).await.unwrap();
    let rest = Duration::from_millis(600);
    let get = "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n";
    let large = get.replace("healthz", "openapi.json");
    // A request and the beginning of the next one in a packet, a rest, and the end of it.
    let parts =
        [get, get, &format!("{get}{large}GET /hea"), "lthz HTTP/1.1\r\nhost: x\r\n", "\r\n"];
    for part in parts {
        stream.write_all(part.as_bytes()).await.unwrap();
        tokio::time::sleep(rest).await;
    }
    let last = get.replace("host", "connection: close\r\nhost");
    stream.write_all(last.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap();
    let text = String::from_utf8(bytes).unwrap();
    assert_eq!(text.matches("HTTP/1.1 200 OK").count(), 6, "{text}");
    assert_eq!(text.matches("{\"status\":\"ok\"}").count(), 5, "{text}");
    assert!(text.contains("\"openapi\": \"3."), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_is_encoded_is_refused_as_such() {
    let workplace = Workplace::new().unwrap();
    let host = Host::start(&config(&workplace, settings::MEMORY, "")).await.unwrap();
    let client = Client::new(host.address());
    for (coding, status) in [("gzip", 415), ("identity", 201)] {
        let client = client.with_header(hyper::header::CONTENT_ENCODING, coding);
        let answer = issue(&client, 1).await;
        assert_eq!(answer.status, status, "{answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_kept_by_caches_or_taken_for_something_else() {
    let workplace = Workplace::new().unwrap();
    let host = Host::start(&config(&workplace, settings::MEMORY, "")).await.unwrap();
    let client = Client::new(host.address());
    let issued = issue(&client, 1).await;
    let path = format!("/v1/challenges/{}", issued.id());
    let answers = [
        client.get("/healthz").await,
        client.get("/readyz").await,
        client.get("/openapi.json").await,
        client.get("/nowhere").await,
        client.get("/v1/challenges").await,
        client.get("/v1/callbacks/nobody").await,
        client.delete(&path).await,
        issued,
    ];
    for answer in answers {
        assert_eq!(answer.header("cache-control"), "no-store", "{answer:?}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn strangers_learn_no_provider_and_are_counted_once_a_second() {
    let workplace = Workplace::new().unwrap();
    let (key, sha256) = new_key(&[7; 32]);
    let keys = format!(
        "{}\n[[api_keys]]\nname = \"app\"\nsha256 = \"{}\"\n",
        settings::KEYS,
        HEXLOWER.encode(&sha256)
    );
    let senders = workplace.senders(&["sms"]);
    let log = "[log]\nformat = \"json\"\n";
    let sections = [settings::SERVER, settings::MEMORY, &senders, log, &keys, RULES];
    let config = workplace.config("countersign.toml", &sections).unwrap();
    let host = Host::start(&config).await.unwrap();
    let stranger = Client::new(host.address());
    let ready = stranger.get("/readyz").await;
    assert_eq!(ready.json["status"], "ok");
    let names = |ready: &Value| ready["dependencies"].to_string();
    assert!(!names(&ready.json).contains("sms-file"), "{ready:?}");
    let caller = stranger.with_key(key.expose());
    assert!(names(&caller.get("/readyz").await.json).contains("provider sms-file"));

    for number in 0..50 {
        assert_eq!(issue(&stranger, number).await.status, 401);
    }
    let counted = || {
        let lines: Vec<Value> = host
            .log()
            .into_iter()
            .filter(|line| line["message"].as_str().is_some_and(|text| text.contains("no API key")))
            .collect();
        let count: u64 = lines.iter().filter_map(|line| line["requests"].as_u64()).sum();
        (count == 50).then_some(lines)
    };
    let lines = until(PATIENCE, counted).await.expect("all are counted");
    assert!(lines.len() < 10, "{lines:?}");
    assert_eq!(lines[0]["client"], "127.0.0.1");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_requests_line_says_which_it_was_and_how_long_it_took() {
    let workplace = Workplace::new().unwrap();
    let host = Host::start(&config(&workplace, settings::MEMORY, "")).await.unwrap();
    let client = Client::new(host.address());
    let issued = issue(&client, 1).await;
    let body = json!({ "code": "000000" });
    let path = format!("/v1/challenges/{}/verify", issued.id());
    client.post(&path, &body).await;
    let line = |message: &str| {
        let lines = host.log();
        let mut told = lines.into_iter().filter(|line| line["message"] == message);
        let line = told.next();
        assert!(told.next().is_none(), "{message} is told twice");
        line
    };
    let mut requests = Vec::new();
    for (message, status) in [("issue", 201), ("verify", 422)] {
        let line = until(PATIENCE, || line(message)).await.unwrap();
        assert_eq!(line["status"], status, "{line}");
        assert!(line["duration_ms"].as_f64().unwrap() > 0.0, "{line}");
        assert_eq!(line["challenge"], issued.id());
        requests.push(line["span"]["request"].as_str().unwrap().to_owned());
    }
    assert!(requests[0].len() == 16 && requests[0] != requests[1], "{requests:?}");
}

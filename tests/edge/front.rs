//! Both HTTP fronts: addresses, bodies, and requests beside one another.

use std::time::Duration;

use countersign_http_api::keys::new_key;
use countersign_tests::raw;
use countersign_tests::wait::until;
use data_encoding::HEXLOWER;
use hyper::Method;
use hyper::header::HeaderName;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::deployment::{Deployment, RULES, issue, prepare_of};

/// Longer than a message is on its way to a receiver on this machine.
const PATIENCE: Duration = Duration::from_secs(20);
const LIMITED: &str = "[purposes.login]\nverify_by = \"both\"\nchannels = [\"sms\"]\nlimits = [{ scope = \"ip\", on = \"send\", max = 2, window_seconds = 86400 }]\n";

/// The same rules for each front, by the manifest of its app.
macro_rules! over {
    ($name:ident, $manifest:literal: $($rule:ident),+ $(,)?) => {
        mod $name {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $rule() {
                    super::$rule($manifest).await;
                }
            )+
        }
    };
}

over!(wasip3, "spin.toml":
    a_forged_client_address_counts_for_nothing,
    the_client_address_is_the_last_one_of_the_configured_header,
    a_body_has_a_bound_of_its_own,
    a_body_that_does_not_come_is_not_waited_for_for_ever,
    a_request_that_waits_for_a_slow_sender_holds_up_no_other,
    a_send_shares_its_instance_with_no_other_request,
    an_answer_leaves_in_one_segment,
    an_answer_to_head_names_no_other_length_than_its_body_would_have,
    a_stranger_is_not_waited_for,
);
over!(wasip2, "spin-wasip2.toml":
    a_forged_client_address_counts_for_nothing,
    the_client_address_is_the_last_one_of_the_configured_header,
    a_body_has_a_bound_of_its_own,
    a_body_that_does_not_come_is_not_waited_for_for_ever,
    a_request_that_waits_for_a_slow_sender_holds_up_no_other,
    a_send_shares_its_instance_with_no_other_request,
    an_answer_leaves_in_one_segment,
    an_answer_to_head_names_no_other_length_than_its_body_would_have,
    a_stranger_is_not_waited_for,
);

async fn a_forged_client_address_counts_for_nothing(manifest: &str) {
    let app = prepare_of(manifest, LIMITED).await.start().await;
    let client_addr = HeaderName::from_static("spin-client-addr");
    let mut statuses = Vec::new();
    for number in 0..3 {
        let forged = format!("192.0.2.{number}:4711");
        let client = app.client().with_header(client_addr.clone(), &forged);
        statuses.push(issue(&client, &format!("+6281234567{number:03}")).await.status);
    }
    assert_eq!(statuses, [201, 201, 429]);
}

async fn the_client_address_is_the_last_one_of_the_configured_header(manifest: &str) {
    let mut prepared = prepare_of(manifest, LIMITED).await;
    prepared.spin = prepared.spin.variable("client_address_header", "X-Forwarded-For");
    let app = prepared.start().await;
    let forwarded = HeaderName::from_static("x-forwarded-for");
    let mut statuses = Vec::new();
    // What comes before the last comma is the client's own.
    for (number, value) in
        ["192.0.2.1, 198.51.100.9", "198.51.100.9", "203.0.113.7,198.51.100.9", "198.51.100.10"]
            .into_iter()
            .enumerate()
    {
        let client = app.client().with_header(forwarded.clone(), value);
        statuses.push(issue(&client, &format!("+6281234567{number:03}")).await.status);
    }
    assert_eq!(statuses, [201, 201, 429, 201]);
}

async fn a_body_has_a_bound_of_its_own(manifest: &str) {
    let app = Deployment::of(manifest).await;
    let body = json!({ "purpose": "login", "channel": "sms", "to": "x".repeat(17_000) });
    let answer = app.client().post("/v1/challenges", &body).await;
    assert_eq!((answer.status, answer.code()), (413, "body_too_large"), "{answer:?}");
    // Also where its length isn't announced.
    let chunk = format!("4000\r\n{}\r\n", "x".repeat(0x4000));
    let request = format!(
        "POST /v1/challenges HTTP/1.1\r\nHost: edge\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n{chunk}{chunk}0\r\n\r\n"
    );
    let answers = raw::exchange(app.running.address(), request.as_bytes()).await.unwrap();
    assert_eq!(answers[0].status, 413);
}

async fn a_body_that_does_not_come_is_not_waited_for_for_ever(manifest: &str) {
    let app = Deployment::of(manifest).await;
    let request = "POST /v1/challenges HTTP/1.1\r\nHost: edge\r\nContent-Type: application/json\r\nContent-Length: 100\r\nConnection: close\r\n\r\n{";
    let answers = raw::exchange(app.running.address(), request.as_bytes()).await.unwrap();
    assert_eq!((answers[0].status, &answers[0].json()["code"]), (408, &json!("slow_body")));
}

async fn a_request_that_waits_for_a_slow_sender_holds_up_no_other(manifest: &str) {
    let app = Deployment::of(manifest).await;
    let (id, _) = app.issued("+6281234567890").await;
    app.receiver.answer_after(Duration::from_secs(6));
    let sends: Vec<_> = (0..8)
        .map(|number| {
            let client = app.client();
            tokio::spawn(async move { issue(&client, &format!("+628123456{number:04}")).await })
        })
        .collect();
    // All of these are answered before the first of those.
    for _ in 0..100 {
        let report = app.client().get(&format!("/v1/challenges/{id}")).await;
        assert_eq!(report.status, 200, "{report:?}");
    }
    assert!(sends.iter().all(|send| !send.is_finished()), "a send held up what came after it");
    for send in sends {
        assert_eq!(send.await.unwrap().status, 201);
    }
}

/// A request whose head is sent, and whose body is still to come.
struct Begun {
    stream: TcpStream,
    body: String,
}

impl Begun {
    async fn new(app: &Deployment, path: &str, body: &Value) -> Self {
        let body = body.to_string();
        let mut stream = TcpStream::connect(app.running.address()).await.unwrap();
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: edge\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        Self { stream, body }
    }

    async fn finish(mut self) -> String {
        self.stream.write_all(self.body.as_bytes()).await.unwrap();
        let mut answer = String::new();
        self.stream.read_to_string(&mut answer).await.unwrap();
        answer
    }
}

async fn a_send_shares_its_instance_with_no_other_request(manifest: &str) {
    let app = Deployment::of(manifest).await;
    let to = "+6281234567890";
    app.issued(to).await;
    app.receiver.answer_after(Duration::from_secs(3));
    // Both are with the app before either can go on; the send goes on first.
    let body = json!({ "purpose": "login", "channel": "sms", "to": "+6281234567891" });
    let send = Begun::new(&app, "/v1/challenges", &body).await;
    assert_eq!(app.client().get("/healthz").await.status, 200);
    let status = Begun::new(&app, "/v1/status", &json!({ "purpose": "login", "to": to })).await;
    assert_eq!(app.client().get("/healthz").await.status, 200);
    let send = tokio::spawn(send.finish());
    assert!(until(PATIENCE, || (app.receiver.received() == 2).then_some(())).await.is_some());
    assert!(status.finish().await.starts_with("HTTP/1.1 200"));
    assert!(!send.is_finished(), "the send held up what came after it");
    assert!(send.await.unwrap().starts_with("HTTP/1.1 201"));
}

async fn an_answer_leaves_in_one_segment(manifest: &str) {
    let app = Deployment::of(manifest).await;
    let mut stream = TcpStream::connect(app.running.address()).await.unwrap();
    for path in ["/healthz", "/readyz", "/v1/challenges/x", "/none"].repeat(5) {
        let request = format!("GET {path} HTTP/1.1\r\nHost: edge\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        // Without TCP_NODELAY a second segment would wait for the first one to be acknowledged.
        let mut bytes = [0; 4_096];
        let length = stream.read(&mut bytes).await.unwrap();
        let answer = std::str::from_utf8(&bytes[..length]).unwrap();
        assert!(answer.starts_with("HTTP/1.1 ") && answer.ends_with('}'), "{path}: {answer:?}");
        assert!(answer.contains("\r\ncontent-length: "), "{answer:?}");
    }
}

async fn an_answer_to_head_names_no_other_length_than_its_body_would_have(manifest: &str) {
    let app = Deployment::of(manifest).await;
    let body = app.client().get("/healthz").await;
    let head = app.client().send(Method::HEAD, "/healthz", None).await;
    assert_eq!((head.status, head.text.as_str()), (200, ""), "{head:?}");
    let length = body.text.len().to_string();
    assert!(["", &length].contains(&head.header("content-length")), "{head:?}");
}

async fn a_stranger_is_not_waited_for(manifest: &str) {
    let (_, sha256) = new_key(&[7; 32]);
    let entry =
        format!("{RULES}[[api_keys]]\nname = \"app\"\nsha256 = \"{}\"\n", HEXLOWER.encode(&sha256));
    let app = prepare_of(manifest, &entry).await.start().await;
    // No body ever comes.
    for path in ["/v1/challenges", "/v1/verify", "/v1/status"] {
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: edge\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n"
        );
        let mut stream = TcpStream::connect(app.running.address()).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut bytes = [0; 4_096];
        let read = tokio::time::timeout(Duration::from_secs(5), stream.read(&mut bytes)).await;
        let length = read.expect("an answer before the body's time is over").unwrap();
        assert!(bytes[..length].starts_with(b"HTTP/1.1 401"), "{path}");
    }
}

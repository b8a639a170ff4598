//! Every way to be refused, with its code, its status and what else it tells.

use countersign_tests::outbox::wrong;
use countersign_tests::raw::write_then_read;
use hyper::Method;
use serde_json::{Value, json};

use crate::calls::{By, assert_problem, issue, issue_with, issued, phone, revoke, status, verify};
use crate::environment::Environment;

const RULES: &str = r#"
[purposes.login]
verify_by = "both"
channels = ["sms", "email", "webhook"]
[purposes.funding]
verify_by = "both"
channels = ["sms"]
reference_required = true
[purposes.by-id]
channels = ["sms"]
verify_by = "id"
[purposes.by-recipient]
channels = ["sms"]
verify_by = "recipient"
[purposes.quick]
verify_by = "both"
channels = ["sms"]
cooldown_seconds = 0
"#;

fn field(name: &str) -> Value {
    json!({ "field": name })
}

pub(crate) async fn a_body_that_cannot_be_read_is_named(environment: &mut impl Environment) {
    environment.start(RULES).await;
    let client = environment.client();
    let bodies = [
        ("", json!({})),
        ("nonsense", json!({})),
        ("[]", json!({})),
        ("{", json!({})),
        (r#"{"purpose":"login","channel":"sms","to":"+6281234500001"} x"#, json!({})),
        (r#"{"purpose":"login","channel":"sms"}"#, field("to")),
        (r#"{"purpose":"login","channel":"sms","to":1}"#, field("to")),
        (r#"{"purpose":{},"channel":"sms","to":"a"}"#, field("purpose")),
        (r#"{"purpose":"login","purpose":"login","channel":"sms","to":"a"}"#, field("purpose")),
        (r#"{"purpose":"login","channel":"sms","to":"a","extra":1}"#, field("extra")),
    ];
    for (body, more) in bodies {
        let answer = client.send(Method::POST, "/v1/challenges", Some(body)).await;
        assert_problem(&answer, 400, "invalid_request", more);
    }
    let body = format!(r#"{{"purpose":"{}"}}"#, "x".repeat(17_000));
    let answer = client.send(Method::POST, "/v1/challenges", Some(&body)).await;
    assert_problem(&answer, 413, "body_too_large", json!({}));
    let text = client.with_header(hyper::header::CONTENT_TYPE, "text/plain");
    let answer = text.send(Method::POST, "/v1/challenges", Some("{}")).await;
    assert_problem(&answer, 415, "unsupported_media_type", json!({}));
    assert_eq!(environment.outbox().count(), 0);
}

/// Python's `http.client` is one. A server that closes with bytes unread resets the connection, and the answer is lost.
pub(crate) async fn a_client_that_writes_before_it_reads_gets_its_answer(
    environment: &mut impl Environment,
) {
    const BYTES: usize = 200_000;
    environment.start(RULES).await;
    for (path, expected) in [("/v1/challenges", 413), ("/v1/nowhere", 404)] {
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {BYTES}\r\n\r\n"
        );
        let answers = write_then_read(environment.address(), &head, BYTES).await;
        let answers = answers.unwrap_or_else(|error| panic!("{path}: {error}"));
        assert_eq!(answers.first().map(|answer| answer.status), Some(expected), "{answers:?}");
    }
}

pub(crate) async fn arguments_out_of_bounds_are_named(environment: &mut impl Environment) {
    environment.start(RULES).await;
    let client = environment.client();
    let good = json!({ "purpose": "login", "channel": "sms", "to": phone(1) });
    let long = "x".repeat(257);
    let arguments = [
        ("channel", json!("pigeon"), "invalid_channel"),
        ("client_ip", json!("localhost"), "invalid_client_ip"),
        ("locale", json!("in valid"), "invalid_locale"),
        ("locale", json!(""), "invalid_locale"),
        ("purpose", json!("Log In"), "invalid_purpose"),
        ("purpose", json!(""), "invalid_purpose"),
        ("reference", json!(""), "invalid_reference"),
        ("reference", json!("a\u{0}b"), "invalid_reference"),
        ("reference", json!(long), "invalid_reference"),
    ];
    for (name, value, code) in arguments {
        let mut body = good.clone();
        body[name] = value;
        assert_problem(&issue_with(&client, body).await, 400, code, field(name));
    }
    let challenge = issued(&client, "login", &phone(1)).await;
    for code in ["", "12345", "1234567", "12345x", "123.456", "-- --"] {
        for by in By::BOTH {
            let answer = verify(&client, by, &challenge, code).await;
            assert_problem(&answer, 400, "invalid_code", field("code"));
        }
    }
    let answer = status(&client, By::Id, &challenge).await;
    assert_eq!(answer.number_of("attempts_left"), Some(3), "{answer:?}");
}

pub(crate) async fn a_recipient_that_cannot_be_one_is_told_why(environment: &mut impl Environment) {
    environment.start(RULES).await;
    let client = environment.client();
    let long = format!("{}@example.com", "x".repeat(250));
    let recipients = [
        ("sms", "08123456789", "ambiguous"),
        ("sms", "", "empty"),
        ("email", "", "empty"),
        ("email", "jane@", "malformed_address"),
        ("sms", "+62 call me", "malformed_number"),
        ("email", &long, "too_long"),
        ("sms", "+62 1", "unassignable_number"),
        ("sms", "jane@example.com", "wrong_kind"),
        ("email", "+6281234567890", "wrong_kind"),
    ];
    for (channel, to, reason) in recipients {
        let body = json!({ "purpose": "login", "channel": channel, "to": to });
        let answer = issue_with(&client, body).await;
        let more = json!({ "field": "to", "reason": reason });
        assert_problem(&answer, 400, "invalid_recipient", more);
    }
    for path in ["/v1/status", "/v1/unlock", "/v1/verify"] {
        let mut body = json!({ "purpose": "login", "to": "+62 1" });
        if path == "/v1/verify" {
            body["code"] = json!("123456");
        }
        let more = json!({ "field": "to", "reason": "unassignable_number" });
        assert_problem(&client.post(path, &body).await, 400, "invalid_recipient", more);
    }
}

pub(crate) async fn what_the_policy_forbids_is_told_apart(environment: &mut impl Environment) {
    environment.start(RULES).await;
    let client = environment.client();
    let answer = issue(&client, "absent", &phone(1)).await;
    assert_problem(&answer, 404, "unknown_purpose", field("purpose"));
    let answer = issue(&client, "funding", "joe@example.com").await;
    assert_problem(&answer, 403, "channel_not_allowed", field("channel"));
    let answer = issue(&client, "funding", &phone(1)).await;
    assert_problem(&answer, 400, "reference_required", field("reference"));

    for (purpose, forbidden, allowed) in
        [("by-id", By::Recipient, By::Id), ("by-recipient", By::Id, By::Recipient)]
    {
        let challenge = issued(&client, purpose, &phone(1)).await;
        let code = environment.outbox().code(&challenge.id);
        let answer = verify(&client, forbidden, &challenge, &code).await;
        assert_problem(&answer, 403, "verify_by_not_allowed", json!({}));
        assert_eq!(verify(&client, allowed, &challenge, &code).await.status, 200);
    }
}

pub(crate) async fn wrong_codes_are_counted_down_and_end_in_a_lock(
    environment: &mut impl Environment,
) {
    environment.start(RULES).await;
    let client = environment.client();
    let challenge = issued(&client, "login", &phone(1)).await;
    let code = environment.outbox().code(&challenge.id);
    // By id and by recipient spend the same attempts.
    for (by, left) in [(By::Id, 2), (By::Recipient, 1), (By::Id, 0)] {
        let answer = verify(&client, by, &challenge, &wrong(&code)).await;
        assert_problem(&answer, 422, "code_mismatch", json!({ "attempts_left": left }));
    }
    let answer = status(&client, By::Id, &challenge).await;
    assert_eq!(answer.text_of("state"), "exhausted");
    assert!(answer.number_of("locked_for").is_some_and(|seconds| (890..=900).contains(&seconds)));
    let answer = issue(&client, "login", &phone(1)).await;
    assert_problem(&answer, 429, "locked", json!({ "retry_after": [890, 900] }));
}

pub(crate) async fn taking_back_and_issuing_anew_refill_no_attempts(
    environment: &mut impl Environment,
) {
    environment.start(RULES).await;
    let client = environment.client();
    let challenge = issued(&client, "quick", &phone(1)).await;
    let code = environment.outbox().code(&challenge.id);
    for _ in 0..2 {
        verify(&client, By::Id, &challenge, &wrong(&code)).await;
    }
    // Taking a challenge back doesn't refill what it has spent, and neither does a new one.
    assert_eq!(revoke(&client, &challenge).await.status, 204);
    let answer = issue(&client, "quick", &phone(1)).await;
    assert_eq!((answer.status, answer.number_of("attempts_left")), (201, Some(1)), "{answer:?}");
    let second = crate::calls::Challenge { id: answer.id().into(), ..challenge };
    let code = environment.outbox().code(&second.id);
    let answer = verify(&client, By::Id, &second, &wrong(&code)).await;
    assert_problem(&answer, 422, "code_mismatch", json!({ "attempts_left": 0 }));
    let answer = issue(&client, "quick", &phone(1)).await;
    assert_problem(&answer, 429, "locked", json!({ "retry_after": [890, 900] }));
}

pub(crate) async fn odd_paths_and_methods_are_told_apart(environment: &mut impl Environment) {
    environment.start(RULES).await;
    let client = environment.client();
    for path in
        ["/", "/v1", "/v1/challenges/", "/v2/challenges", "/v1/challenges/a/b", "/V1/verify"]
    {
        assert_problem(&client.get(path).await, 404, "route_not_found", json!({}));
    }
    let methods = [
        (Method::GET, "/v1/challenges", "POST"),
        (Method::PUT, "/v1/challenges/a", "GET,HEAD,DELETE"),
        (Method::GET, "/v1/verify", "POST"),
        (Method::DELETE, "/healthz", "GET,HEAD"),
    ];
    for (method, path, allowed) in methods {
        let answer = client.send(method, path, None).await;
        assert_problem(&answer, 405, "method_not_allowed", json!({}));
        assert_eq!(answer.header("allow"), allowed, "{path}");
    }
    for id in ["made-up", "AAAA.BBBB", "..%2f", "%00", "a%20b"] {
        let answer = client.get(&format!("/v1/challenges/{id}")).await;
        assert_problem(&answer, 404, "challenge_not_found", field("id"));
    }
}

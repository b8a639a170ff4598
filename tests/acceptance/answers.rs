//! The exact form of every good answer.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::calls::{
    By, assert_answer, assert_problem, issue_with, phone, resend, revoke, status, verify_with,
};
use crate::calls::{Challenge, issued};
use crate::environment::Environment;

const RULES: &str = r#"
[purposes.login]
verify_by = "both"
channels = ["sms", "email"]
[purposes.quick]
verify_by = "both"
channels = ["sms"]
cooldown_seconds = 0
"#;

fn seconds(text: &str) -> i64 {
    text.parse::<Timestamp>().unwrap().as_second()
}

pub(crate) async fn a_challenge_is_answered_with_exactly_these_fields<E: Environment>(
    environment: &mut E,
) {
    environment.start(RULES).await;
    let client = environment.client();
    let body = json!({
        "purpose": "login",
        "channel": "sms",
        "to": "+62 812-3456-7890",
        "reference": "order 1",
        "locale": "id-ID",
        "client_ip": "2001:db8::1",
    });
    let answer = issue_with(&client, body).await;
    assert_answer(
        &answer,
        201,
        json!({
            "id": answer.id(),
            "purpose": "login",
            "channel": "sms",
            "to": "62****7890",
            "code_length": 6,
            "expires_at": answer.text_of("expires_at"),
            "expires_in": [290, 300],
            "resend_in": 60,
            "resends_left": 3,
            "attempts_left": 3,
            "provider": E::PROVIDER,
        }),
    );
    let id = answer.id();
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    assert!((1..=136).contains(&id.len()) && id.bytes().all(fits), "{id}");
    assert_eq!(answer.header("location"), format!("/v1/challenges/{id}"));
    assert_eq!(client.get(answer.header("location")).await.id(), id);

    let message = environment.outbox().message(id);
    let expires_at = seconds(answer.text_of("expires_at"));
    let expected = json!({
        "tenant": "default",
        "purpose": "login",
        "channel": "sms",
        "to": "+6281234567890",
        "code": message["code"],
        "challenge_id": id,
        "send_number": 1,
        "lifetime_seconds": 300,
        "expires_at": expires_at,
        "reference": "order 1",
        "locale": "id-ID",
    });
    assert_eq!(message, expected);
}

pub(crate) async fn a_resend_is_answered_like_an_issue<E: Environment>(environment: &mut E) {
    environment.start(RULES).await;
    let client = environment.client();
    let challenge = issued(&client, "quick", &phone(1)).await;
    let first = environment.outbox().message(&challenge.id);
    let answer = resend(&client, &challenge).await;
    assert_answer(
        &answer,
        200,
        json!({
            "id": challenge.id,
            "purpose": "quick",
            "channel": "sms",
            "to": "62****0001",
            "code_length": 6,
            "expires_at": answer.text_of("expires_at"),
            "expires_in": [290, 300],
            "resend_in": 0,
            "resends_left": 2,
            "attempts_left": 3,
            "provider": E::PROVIDER,
        }),
    );
    let second = environment.outbox().message(&challenge.id);
    assert_eq!((&first["send_number"], &second["send_number"]), (&json!(1), &json!(2)));
    assert_eq!(second["expires_at"], seconds(answer.text_of("expires_at")));
    assert_eq!(second["expires_at"], first["expires_at"], "a resend prolongs nothing");
    // No body at all is as good as an empty object.
    let path = format!("/v1/challenges/{}/resend", challenge.id);
    let answer = client.send(hyper::Method::POST, &path, None).await;
    assert_eq!((answer.status, answer.number_of("resends_left")), (200, Some(1)), "{answer:?}");
}

pub(crate) async fn a_revocation_is_answered_with_nothing(environment: &mut impl Environment) {
    environment.start(RULES).await;
    let client = environment.client();
    let challenge = issued(&client, "login", "joe@example.com").await;
    let answer = revoke(&client, &challenge).await;
    assert_eq!((answer.status, answer.text.as_str()), (204, ""), "{answer:?}");
    assert_eq!(answer.header("content-type"), "");
}

pub(crate) async fn a_status_has_exactly_these_fields(environment: &mut impl Environment) {
    environment.start(RULES).await;
    let client = environment.client();
    let challenge = issued(&client, "login", "joe@example.com").await;
    for by in By::BOTH {
        let answer = status(&client, by, &challenge).await;
        let [issued_at, expires_at] =
            ["issued_at", "expires_at"].map(|field| answer.text_of(field).to_owned());
        assert_eq!(seconds(&expires_at) - seconds(&issued_at), 300);
        assert_answer(
            &answer,
            200,
            json!({
                "id": challenge.id,
                "purpose": "login",
                "channel": "email",
                "to": "j***@e***.com",
                "state": "pending",
                "delivery": "sent",
                "issued_at": issued_at,
                "expires_at": expires_at,
                "expires_in": [290, 300],
                "resend_in": [50, 60],
                "resends_left": 3,
                "attempts_left": 3,
                "locked_for": 0,
                "disabled": false,
            }),
        );
    }
    let code = environment.outbox().code(&challenge.id);
    verify_with(&client, By::Id, &challenge, json!({ "code": code })).await;
    let answer = status(&client, By::Id, &challenge).await;
    let [issued_at, expires_at] =
        ["issued_at", "expires_at"].map(|field| answer.text_of(field).to_owned());
    assert_answer(
        &answer,
        200,
        json!({
            "id": challenge.id,
            "purpose": "login",
            "channel": "email",
            "to": "j***@e***.com",
            "state": "verified",
            "delivery": "sent",
            "issued_at": issued_at,
            "expires_at": expires_at,
            "expires_in": 0,
            "resend_in": 0,
            "resends_left": 0,
            "attempts_left": 0,
            "locked_for": 0,
            "disabled": false,
        }),
    );
}

pub(crate) async fn a_verification_has_exactly_these_fields(environment: &mut impl Environment) {
    environment.start(RULES).await;
    let client = environment.client();
    for (number, by) in By::BOTH.into_iter().enumerate() {
        let to = phone(number as u32);
        let challenge = issued(&client, "login", &to).await;
        let code = environment.outbox().code(&challenge.id);
        let answer = verify_with(&client, by, &challenge, json!({ "code": code })).await;
        let verified_at = answer.text_of("verified_at").to_owned();
        let expires_at =
            environment.outbox().message(&challenge.id)["expires_at"].as_i64().unwrap();
        assert!((0..=300).contains(&(expires_at - seconds(&verified_at))), "{answer:?}");
        let masked = format!("62****{}", &to[to.len() - 4..]);
        let fields = json!({
            "verified": true,
            "id": challenge.id,
            "purpose": "login",
            "channel": "sms",
            "to": masked,
            "verified_at": verified_at,
            "device_cookie": answer.text_of("device_cookie"),
        });
        assert_answer(&answer, 200, fields);
    }
    // With a reference, that comes back too.
    let body = json!({ "purpose": "login", "channel": "sms", "to": phone(5), "reference": "a" });
    let answer = issue_with(&client, body).await;
    let challenge = Challenge { id: answer.id().into(), purpose: "login".into(), to: phone(5) };
    let body = json!({ "code": environment.outbox().code(&challenge.id), "reference": "a" });
    let answer = verify_with(&client, By::Recipient, &challenge, body).await;
    assert_eq!((answer.status, answer.text_of("reference")), (200, "a"), "{answer:?}");
}

pub(crate) async fn the_service_tells_how_it_is<E: Environment>(environment: &mut E) {
    environment.start(RULES).await;
    let client = environment.client();
    let answer = client.get("/healthz").await;
    assert_answer(&answer, 200, json!({ "status": "ok" }));
    let answer = client.get("/readyz").await;
    assert_eq!((answer.status, &answer.json["status"]), (200, &json!("ok")), "{answer:?}");
    // The store first; then, on the native host, the clock and each provider.
    let dependencies = answer.json["dependencies"].as_array().unwrap();
    assert!(dependencies.iter().all(|dependency| dependency["status"] == "ok"), "{answer:?}");
    assert_eq!(dependencies[0]["name"], "store", "{answer:?}");
    assert!(dependencies[0]["latency_ms"].as_u64().is_some_and(|ms| ms <= 2_000), "{answer:?}");
    let is_known = |dependency: &Value| {
        let name = dependency["name"].as_str();
        name.is_some_and(|name| name == "clock" || name.starts_with("provider "))
    };
    assert!(dependencies[1..].iter().all(is_known), "{answer:?}");
    let answer = client.get("/openapi.json").await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/json"));
    assert_eq!(answer.text, E::DOCUMENT);
    // Reading never changes anything.
    let answer = client.send(hyper::Method::POST, "/healthz", Some("{}")).await;
    assert_problem(&answer, 405, "method_not_allowed", json!({}));
}

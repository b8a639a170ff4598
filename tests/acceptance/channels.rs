//! Which way a code goes where the caller names none, and what is known of its delivery.

use hyper::Method;
use serde_json::json;

use crate::calls::{By, assert_problem, issue_with, phone, resend, status, verify};
use crate::calls::{Challenge, issued};
use crate::environment::Environment;

const RULES: &str = r#"
[purposes.both]
verify_by = "both"
channels = ["sms", "email"]
cooldown_seconds = 0
[purposes.spoken]
verify_by = "both"
channels = ["voice", "sms"]
cooldown_seconds = 0
may_send_twice = true
[purposes.mailed]
verify_by = "both"
channels = ["email"]
"#;

pub(crate) async fn without_a_channel_the_policys_first_that_fits_is_taken(
    environment: &mut impl Environment,
) {
    environment.start(RULES).await;
    let client = environment.client();
    for (purpose, to, channel) in [
        ("both", phone(1).as_str(), "sms"),
        ("both", "joe@example.com", "email"),
        ("spoken", phone(2).as_str(), "voice"),
        ("mailed", "jane@example.com", "email"),
    ] {
        let answer = issue_with(&client, json!({ "purpose": purpose, "to": to })).await;
        assert_eq!((answer.status, answer.text_of("channel")), (201, channel), "{answer:?}");
        let message = environment.outbox().message(answer.id());
        assert_eq!((&message["channel"], &message["to"]), (&json!(channel), &json!(to)));
        let challenge =
            Challenge { id: answer.id().into(), purpose: purpose.into(), to: to.into() };
        for by in By::BOTH {
            assert_eq!(status(&client, by, &challenge).await.text_of("channel"), channel);
        }
        if purpose != "mailed" {
            let answer = resend(&client, &challenge).await;
            assert_eq!((answer.status, answer.text_of("channel")), (200, channel), "{answer:?}");
        }
        let code = environment.outbox().code(&challenge.id);
        let answer = verify(&client, By::Recipient, &challenge, &code).await;
        assert_eq!((answer.status, answer.text_of("channel")), (200, channel), "{answer:?}");
    }
}

pub(crate) async fn a_recipient_that_no_channel_fits_is_of_the_wrong_kind(
    environment: &mut impl Environment,
) {
    environment.start(RULES).await;
    let client = environment.client();
    for (purpose, to) in [("mailed", phone(1).as_str()), ("spoken", "joe@example.com")] {
        let answer = issue_with(&client, json!({ "purpose": purpose, "to": to })).await;
        let more = json!({ "field": "to", "reason": "wrong_kind" });
        assert_problem(&answer, 400, "invalid_recipient", more);
    }
    assert_eq!(environment.outbox().count(), 0);
}

pub(crate) async fn a_message_without_a_report_is_sent(environment: &mut impl Environment) {
    environment.start(RULES).await;
    let client = environment.client();
    let challenge = issued(&client, "both", &phone(1)).await;
    for _ in 0..2 {
        for by in By::BOTH {
            let answer = status(&client, by, &challenge).await;
            assert_eq!((answer.status, answer.text_of("delivery")), (200, "sent"), "{answer:?}");
        }
        assert_eq!(resend(&client, &challenge).await.status, 200);
    }
}

pub(crate) async fn callbacks_of_an_unknown_provider_are_not_found(
    environment: &mut impl Environment,
) {
    environment.start(RULES).await;
    let client = environment.client();
    let long = "a".repeat(65);
    for name in ["nobody", "Nobody", "a.b", "%00", "..%2f", &long] {
        for (method, body) in [(Method::POST, Some("MessageSid=1")), (Method::GET, None)] {
            let path = format!("/v1/callbacks/{name}?token=x");
            let answer = client.send(method, &path, body).await;
            assert_problem(&answer, 404, "unknown_provider", json!({}));
        }
    }
    let answer = client.send(Method::DELETE, "/v1/callbacks/nobody", None).await;
    assert_problem(&answer, 405, "method_not_allowed", json!({}));
    assert_eq!(answer.header("allow"), "GET,HEAD,POST");
}

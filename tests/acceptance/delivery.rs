//! What goes out, to whom, and what a failure to send leaves behind.

use serde_json::json;

use crate::calls::{By, assert_problem, issue, issue_with, issued, phone, resend, status, verify};
use crate::environment::Environment;

const RULES: &str = r#"
[purposes.login]
verify_by = "both"
channels = ["sms", "email", "voice", "whatsapp", "webhook"]
default_region = "ID"
[purposes.quick]
verify_by = "both"
channels = ["sms"]
cooldown_seconds = 0
max_resends = 2
[purposes.renewed]
verify_by = "both"
channels = ["sms"]
cooldown_seconds = 0
resend_code = "new"
"#;

pub(crate) async fn a_failed_send_leaves_nothing_and_may_be_retried_at_once(
    environment: &mut impl Environment,
) {
    environment.start(RULES).await;
    let client = environment.client();
    for _ in 0..3 {
        let body = json!({ "purpose": "login", "channel": "whatsapp", "to": phone(1) });
        let answer = issue_with(&client, body).await;
        assert_problem(&answer, 502, "delivery_failed", json!({ "kind": "not_configured" }));
    }
    let body = json!({ "purpose": "login", "to": phone(1) });
    let answer = client.post("/v1/status", &body).await;
    assert_problem(&answer, 404, "challenge_not_found", json!({}));
    assert_eq!(environment.outbox().count(), 0);

    let challenge = issued(&client, "login", &phone(1)).await;
    let code = environment.outbox().code(&challenge.id);
    assert_eq!(verify(&client, By::Id, &challenge, &code).await.status, 200);
}

pub(crate) async fn a_resend_repeats_the_code(environment: &mut impl Environment) {
    environment.start(RULES).await;
    let client = environment.client();
    let challenge = issued(&client, "quick", &phone(1)).await;
    let first = environment.outbox().code(&challenge.id);
    assert_eq!(resend(&client, &challenge).await.status, 200);
    assert_eq!(environment.outbox().count(), 2);
    assert_eq!(environment.outbox().code(&challenge.id), first);
    assert_eq!(verify(&client, By::Id, &challenge, &first).await.status, 200);
}

pub(crate) async fn a_new_code_replaces_the_old_one_where_the_policy_says_so(
    environment: &mut impl Environment,
) {
    environment.start(RULES).await;
    let client = environment.client();
    let challenge = issued(&client, "renewed", &phone(1)).await;
    let first = environment.outbox().code(&challenge.id);
    assert_eq!(resend(&client, &challenge).await.status, 200);
    let second = environment.outbox().code(&challenge.id);
    if first != second {
        let answer = verify(&client, By::Id, &challenge, &first).await;
        assert_problem(&answer, 422, "code_mismatch", json!({ "attempts_left": 2 }));
    }
    assert_eq!(verify(&client, By::Id, &challenge, &second).await.status, 200);

    // One in a million times they are the same; four times in a row they aren't.
    let mut codes = Vec::new();
    let challenge = issued(&client, "renewed", &phone(2)).await;
    for _ in 0..3 {
        codes.push(environment.outbox().code(&challenge.id));
        assert_eq!(resend(&client, &challenge).await.status, 200);
    }
    assert!(codes.iter().any(|code| *code != codes[0]), "the code is always the same");
}

pub(crate) async fn resends_come_to_an_end(environment: &mut impl Environment) {
    environment.start(RULES).await;
    let client = environment.client();
    let challenge = issued(&client, "quick", &phone(1)).await;
    for left in [1, 0] {
        let answer = resend(&client, &challenge).await;
        assert_eq!((answer.status, answer.number_of("resends_left")), (200, Some(left)));
    }
    let answer = resend(&client, &challenge).await;
    let more = json!({ "scope": "challenge", "retry_after": [1, 300] });
    assert_problem(&answer, 429, "throttled", more);
    assert_eq!(environment.outbox().count(), 3);
    issued(&client, "quick", &phone(1)).await;
}

pub(crate) async fn a_recipient_is_shown_masked_only(environment: &mut impl Environment) {
    environment.start(RULES).await;
    let client = environment.client();
    let recipients = [
        ("sms", "+6281234567890", "62****7890"),
        ("voice", "+44 7400 123456", "44****3456"),
        ("email", "john.smith@example.com", "j***@e***.com"),
    ];
    for (channel, to, masked) in recipients {
        let body = json!({ "purpose": "login", "channel": channel, "to": to });
        let answer = issue_with(&client, body).await;
        assert_eq!((answer.status, answer.text_of("to")), (201, masked), "{answer:?}");
        assert!(!answer.text.contains("4567890") && !answer.text.contains("smith"), "{answer:?}");
        let body = json!({ "purpose": "login", "to": to });
        let answer = client.post("/v1/status", &body).await;
        assert_eq!((answer.status, answer.text_of("to")), (200, masked), "{answer:?}");
    }
}

pub(crate) async fn every_spelling_of_a_number_is_one_recipient(
    environment: &mut impl Environment,
) {
    environment.start(RULES).await;
    let client = environment.client();
    let mut challenge = issued(&client, "login", "0812-3456-7890").await;
    for spelling in ["+6281234567890", "+62 812 3456 7890", "081234567890", "(0812) 3456-7890"] {
        let answer = issue(&client, "login", spelling).await;
        let more = json!({ "scope": "cooldown", "retry_after": [1, 60] });
        assert_problem(&answer, 429, "throttled", more);
        challenge.to = spelling.into();
        let answer = status(&client, By::Recipient, &challenge).await;
        assert_eq!(answer.id(), challenge.id, "{answer:?}");
    }
    let code = environment.outbox().code(&challenge.id);
    assert_eq!(verify(&client, By::Recipient, &challenge, &code).await.status, 200);
}

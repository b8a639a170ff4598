//! The sender over outgoing HTTP: what a provider answers, and what never comes.

use std::time::Duration;

use countersign_tests::leaks::{leaks, secrets_of};
use serde_json::json;

use crate::deployment::{Deployment, RULES, issue, prepare};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_send_is_told_by_its_kind_and_may_be_retried_at_once() {
    let app = Deployment::new().await;
    let kinds = [
        (401, "unauthorised"),
        (404, "not_configured"),
        (418, "other"),
        (429, "throttled"),
        (500, "unavailable"),
        (503, "unavailable"),
        (301, "other"),
    ];
    for (status, kind) in kinds {
        app.receiver.answer_with(status);
        let answer = issue(&app.client(), "+6281234567890").await;
        assert_eq!((answer.status, answer.code()), (502, "delivery_failed"), "{answer:?}");
        assert_eq!(answer.text_of("kind"), kind, "{status}");
    }
    app.receiver.answer_with(202);
    assert_eq!(issue(&app.client(), "+6281234567890").await.status, 201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_that_does_not_answer_is_given_up() {
    let app = Deployment::new().await;
    app.receiver.answer_after(Duration::from_secs(60));
    let answer = issue(&app.client(), "+6281234567890").await;
    assert_eq!((answer.status, answer.text_of("kind")), (502, "timeout"), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_host_that_the_operator_named_is_called() {
    let mut prepared = prepare(RULES).await;
    prepared.spin = prepared.spin.allowed_hosts(["https://nowhere.invalid"]);
    let app = prepared.start().await;
    let answer = issue(&app.client(), "+6281234567890").await;
    assert_eq!((answer.status, answer.text_of("kind")), (502, "not_configured"), "{answer:?}");
    assert_eq!(app.workplace.outbox().count(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_kept_names_no_person_and_no_code() {
    let app = Deployment::new().await;
    for number in 0..20 {
        let body = json!({
            "purpose": "login",
            "channel": "sms",
            "to": format!("+62812345678{number:02}"),
            "reference": "order 4711-0815",
        });
        assert_eq!(app.client().post("/v1/challenges", &body).await.status, 201);
    }
    let store = app.running.store().unwrap();
    let mut kept = String::new();
    for key in store.keys().await.unwrap() {
        let value = store.get(&key).await.unwrap().unwrap_or_default();
        kept.push_str(&format!("{key} {}\n", String::from_utf8_lossy(&value)));
    }
    assert!(kept.lines().count() > 60, "{kept}");
    let secrets = secrets_of(&app.workplace.outbox().messages());
    let secrets = secrets.iter().map(String::as_str).chain(["order 4711-0815"]);
    assert_eq!(leaks(&kept, secrets), Vec::<&str>::new());
}

//! The end of a code's time: the one rule here that takes time, waited for in all environments at once.

use std::time::Duration;

use countersign_tests::wait::until_async;
use serde_json::json;

use crate::calls::{By, assert_problem, issue, issued, phone, resend, revoke, status, verify};
use crate::environment::{Environment, Memory, Native, Redis, Sqlite};

/// The shortest lifetime there is.
const RULES: &str = "[purposes.short]\nverify_by = \"both\"\nchannels = [\"sms\"]\nlifetime_seconds = 30\ncooldown_seconds = 0\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_expired_code_is_refused() {
    tokio::join!(
        expires::<Native<Memory>>(),
        expires::<Native<Redis>>(),
        expires::<Native<Sqlite>>()
    );
}

async fn expires<E: Environment>() {
    let mut environment = E::new().await;
    environment.start(RULES).await;
    let client = environment.client();
    let challenge = issued(&client, "short", &phone(1)).await;
    let code = environment.outbox().code(&challenge.id);
    let expired = until_async(Duration::from_secs(40), async || {
        let answer = status(&client, By::Id, &challenge).await;
        (answer.text_of("state") == "expired").then_some(answer)
    });
    let answer = expired.await.expect("it never expires");
    for number in ["attempts_left", "expires_in", "resend_in", "resends_left"] {
        assert_eq!(answer.number_of(number), Some(0), "{answer:?}");
    }
    for by in By::BOTH {
        let answer = verify(&client, by, &challenge, &code).await;
        assert_problem(&answer, 410, "challenge_expired", json!({}));
    }
    assert_problem(&resend(&client, &challenge).await, 410, "challenge_expired", json!({}));
    assert_problem(&revoke(&client, &challenge).await, 410, "challenge_expired", json!({}));
    let answer = issue(&client, "short", &phone(1)).await;
    assert_eq!((answer.status, answer.number_of("attempts_left")), (201, Some(3)), "{answer:?}");
    environment.assert_silent(&[]);
}

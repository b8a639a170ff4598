//! A store that fails: 503, come back, and what was counted stays counted.

use std::time::Duration;

use countersign_spin::{Fault, Operation};
use countersign_tests::outbox::wrong;
use countersign_tests::wait::until_async;

use crate::deployment::{Deployment, issue, verify};

const LOCKED: &str = "database is locked";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_is_locked_for_a_moment_is_asked_again() {
    let app = Deployment::new().await;
    let (id, code) = app.issued("+6281234567890").await;
    app.running.faults().fail_next(2, LOCKED);
    let answer = verify(&app.client(), &id, &code).await;
    assert_eq!(answer.status, 200, "{answer:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_stays_locked_is_a_503_that_says_when_to_come_back() {
    let app = Deployment::new().await;
    let (id, code) = app.issued("+6281234567890").await;
    for error in [LOCKED, "too many requests", "connection refused"] {
        app.running.faults().add(Fault::error(error));
        for (answer, retry_after) in [
            // Its attempt may have been counted, and its code accepted.
            (verify(&app.client(), &id, &code).await, ""),
            (issue(&app.client(), "+6281234567891").await, "1"),
            (app.client().get(&format!("/v1/challenges/{id}")).await, "1"),
        ] {
            assert_eq!((answer.status, answer.code()), (503, "store_unavailable"), "{answer:?}");
            assert_eq!(answer.header("retry-after"), retry_after);
        }
        assert_eq!(app.client().get("/readyz").await.status, 503);
        assert_eq!(app.client().get("/healthz").await.status, 200);
        app.running.faults().clear();
    }
    assert_eq!(app.workplace.outbox().count(), 1, "a message left without a challenge");
    // Nothing was counted while nothing could be.
    let answer = verify(&app.client(), &id, &wrong(&code)).await;
    assert_eq!(answer.number_of("attempts_left"), Some(2), "{answer:?}");
    assert_eq!(verify(&app.client(), &id, &code).await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_only_answers_reads_is_not_ready() {
    let app = Deployment::new().await;
    for operation in [Operation::Set, Operation::Increment, Operation::Delete] {
        app.running.faults().add(Fault::error("disk full").on(operation));
    }
    assert_eq!(app.client().get("/v1/challenges/login.x").await.status, 404);
    assert_eq!(app.client().get("/readyz").await.status, 503);
    app.running.faults().clear();
    let ready = async || (app.client().get("/readyz").await.status == 200).then_some(());
    assert!(until_async(Duration::from_secs(10), ready).await.is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_attempt_that_broke_off_halfway_is_never_given_back() {
    let app = Deployment::new().await;
    let (id, code) = app.issued("+6281234567890").await;
    let mut left = 3;
    // Wherever among the calls of a verification the store breaks off.
    for passed in 0..12 {
        app.running.faults().add(Fault::error("gone").after(passed).times(1));
        let answer = verify(&app.client(), &id, &wrong(&code)).await;
        app.running.faults().clear();
        assert!([503, 422, 429].contains(&answer.status), "{answer:?}");
        let report = app.client().get(&format!("/v1/challenges/{id}")).await;
        let now = report.number_of("attempts_left").unwrap();
        assert!(now <= left, "after {passed} calls: {left} attempts became {now}");
        left = now;
    }
    assert_eq!(left, 0);
    assert_eq!(verify(&app.client(), &id, &code).await.status, 429);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reply_that_is_lost_counts_all_the_same() {
    let app = Deployment::new().await;
    let (id, code) = app.issued("+6281234567890").await;
    let lost = Fault::error("gone").on(Operation::Increment).key_containing("odometer");
    app.running.faults().add(lost.taking_effect().times(1));
    assert_eq!(verify(&app.client(), &id, &wrong(&code)).await.status, 503);
    let answer = verify(&app.client(), &id, &wrong(&code)).await;
    assert_eq!(answer.number_of("attempts_left"), Some(1), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_store_is_given_up() {
    let app = Deployment::new().await;
    app.running.faults().add(Fault::delay(Duration::from_millis(1_500)));
    let answer = issue(&app.client(), "+6281234567890").await;
    assert_eq!((answer.status, answer.code()), (503, "store_unavailable"), "{answer:?}");
    assert_eq!(app.workplace.outbox().count(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_runtime_turns_away_counts_for_nothing() {
    let mut prepared = crate::deployment::prepare(crate::deployment::RULES).await;
    // Two instances of five parts, and sends that take their time: the runtime has none left for the others.
    prepared.spin = prepared.spin.max_instances(10);
    let app = prepared.start().await;
    app.receiver.answer_after(Duration::from_millis(300));
    let answers = countersign_tests::cluster::all_at_once(12, |number| {
        let client = app.client();
        async move { issue(&client, &format!("+62812345678{number:02}")).await }
    });
    let answers = answers.await;
    let issued = answers.iter().filter(|answer| answer.status == 201).count();
    // Spin's own answer: the app hasn't seen the request.
    let away =
        answers.iter().filter(|answer| answer.status == 500 && answer.text.is_empty()).count();
    assert!(issued >= 2 && away >= 1, "{answers:?}");
    assert_eq!((issued + away, app.workplace.outbox().count()), (12, issued));
    app.receiver.answer_after(Duration::ZERO);
    for number in 0..12 {
        // Who was turned away may ask at once.
        let again = issue(&app.client(), &format!("+62812345678{number:02}")).await;
        assert!([201, 429].contains(&again.status), "{again:?}");
    }
    assert_eq!(app.workplace.outbox().count(), 12);
}

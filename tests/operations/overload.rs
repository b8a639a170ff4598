//! More than there is room for, and calls that never end: each is its own caller's trouble.

use std::time::Duration;

use countersign_tests::client::Client;
use countersign_tests::redis::RedisServer;
use countersign_tests::settings::{self, Workplace};
use countersign_tests::wait::until;
use serde_json::json;
use tokio::task::JoinSet;

use crate::{host, issue};

/// Makes the server keep all clients waiting, or go on.
fn client_command(redis: &RedisServer, arguments: &[&str]) {
    let mut command = redis::cmd("CLIENT");
    for argument in arguments {
        command.arg(argument);
    }
    command.query::<()>(&mut redis.connection().unwrap()).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_on_top_is_turned_away_at_once() {
    let (redis, workplace) = (RedisServer::start().unwrap(), Workplace::new().unwrap());
    let store = settings::redis(redis.port()) + "response_timeout_ms = 20000\n";
    let host = host(&workplace, &store, "max_concurrent_requests = 2", "").await;
    let client = Client::new(host.address());
    client_command(&redis, &["PAUSE", "20000", "WRITE"]);
    let mut requests = JoinSet::new();
    for number in 0..20 {
        let client = client.clone();
        requests.spawn(async move { issue(&client, number).await });
    }
    let mut answers = Vec::new();
    let all_but_two = until(Duration::from_secs(10), || {
        while let Some(answer) = requests.try_join_next() {
            answers.push(answer.unwrap());
        }
        (answers.len() == 18).then_some(())
    });
    all_but_two.await.expect("18 of 20 are turned away");
    for answer in &answers {
        assert_eq!((answer.status, answer.code()), (503, "overloaded"), "{answer:?}");
        assert_eq!(answer.header("retry-after"), "1");
        assert_eq!(answer.header("content-type"), "application/problem+json");
    }
    assert_eq!(client.get("/healthz").await.status, 200);
    client_command(&redis, &["UNPAUSE"]);
    while let Some(answer) = requests.join_next().await {
        assert_eq!(answer.unwrap().status, 201);
    }
    assert_eq!(workplace.outbox().count(), 2);
    assert_eq!(issue(&client, 99).await.status, 201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_free_instance_a_call_is_turned_away() {
    let (redis, workplace) = (RedisServer::start().unwrap(), Workplace::new().unwrap());
    let store = settings::redis(redis.port()) + "response_timeout_ms = 20000\n";
    let host = host(&workplace, &store, "", "max_instances = 1").await;
    let client = Client::new(host.address());
    client_command(&redis, &["PAUSE", "20000", "WRITE"]);
    let mut requests = JoinSet::new();
    for number in 0..2 {
        let client = client.clone();
        requests.spawn(async move { issue(&client, number).await });
    }
    // Whichever comes second waits for a second at most.
    let first = requests.join_next().await.unwrap().unwrap();
    assert_eq!((first.status, first.code()), (503, "overloaded"), "{first:?}");
    assert_eq!(first.header("retry-after"), "1");
    client_command(&redis, &["UNPAUSE"]);
    let second = requests.join_next().await.unwrap().unwrap();
    assert_eq!(second.status, 201, "{second:?}");
    assert_eq!(workplace.outbox().count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_is_broken_off_is_its_own_500_only() {
    let (redis, workplace) = (RedisServer::start().unwrap(), Workplace::new().unwrap());
    let store = settings::redis(redis.port()) + "response_timeout_ms = 20000\n";
    let host = host(&workplace, &store, "", "call_deadline_seconds = 1").await;
    let client = Client::new(host.address());
    let issued = issue(&client, 1).await;
    assert_eq!(issued.status, 201, "{issued:?}");
    let path = format!("/v1/challenges/{}/verify", issued.id());
    let code = workplace.outbox().code(issued.id());

    client_command(&redis, &["PAUSE", "20000", "WRITE"]);
    let broken = {
        let (client, path, body) = (client.clone(), path.clone(), json!({ "code": code }));
        tokio::spawn(async move { client.post(&path, &body).await })
    };
    // Meanwhile the others are served: what needs no store is answered as ever.
    let answer = client.get("/v1/challenges/made-up").await;
    assert_eq!((answer.status, answer.code()), (404, "challenge_not_found"));
    let broken = broken.await.unwrap();
    assert_eq!((broken.status, broken.code()), (500, "internal"), "{broken:?}");
    client_command(&redis, &["UNPAUSE"]);
    assert!(host.output().contains("its instance is dropped"));

    let answer = client.post(&path, &json!({ "code": code })).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(issue(&client, 2).await.status, 201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_for_each_call_gives_the_same_answers() {
    let workplace = Workplace::new().unwrap();
    let host = host(&workplace, settings::MEMORY, "", "isolation = \"fresh\"").await;
    let client = Client::new(host.address());
    for number in 0..20 {
        let issued = issue(&client, number).await;
        assert_eq!(issued.status, 201, "{issued:?}");
        let path = format!("/v1/challenges/{}/verify", issued.id());
        let body = json!({ "code": workplace.outbox().code(issued.id()) });
        assert_eq!(client.post(&path, &body).await.status, 200);
        assert_eq!(client.post(&path, &body).await.status, 404);
    }
}

//! A store that goes away and comes back.

use std::time::Duration;

use countersign_tests::client::Client;
use countersign_tests::redis::RedisServer;
use countersign_tests::settings::{self, Workplace};
use countersign_tests::wait::until_async;
use serde_json::{Value, json};

use crate::{host, issue};

const PATIENCE: Duration = Duration::from_secs(20);

/// The readiness of a host whose store is in that state, and whose provider works.
fn readiness(status: &str) -> Value {
    json!({ "status": status, "dependencies": [
        { "name": "store", "status": status },
        { "name": "clock", "status": "ok" },
        { "name": "provider sms-file", "status": "ok" },
    ] })
}

/// An answer of `/readyz` without the figures.
fn without_figures(mut ready: Value) -> Value {
    for dependency in ready["dependencies"].as_array_mut().unwrap() {
        dependency.as_object_mut().unwrap().retain(|name, _| ["name", "status"].contains(&&**name));
    }
    ready
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_redis_every_call_says_so_and_with_it_all_is_well_again() {
    let (mut redis, workplace) = (RedisServer::start().unwrap(), Workplace::new().unwrap());
    let host = host(&workplace, &settings::redis(redis.port()), "", "").await;
    let client = Client::new(host.address());
    let issued = issue(&client, 1).await;
    assert_eq!(issued.status, 201, "{issued:?}");
    assert_eq!(without_figures(client.get("/readyz").await.json), readiness("ok"));

    redis.stop().unwrap();
    let path = format!("/v1/challenges/{}", issued.id());
    let answers = [
        issue(&client, 2).await,
        client.post(&format!("{path}/resend"), &json!({})).await,
        client.get(&path).await,
        client.delete(&path).await,
        client.post("/v1/unlock", &json!({ "purpose": "login", "to": "+6281234500001" })).await,
    ];
    for answer in answers {
        assert_eq!((answer.status, answer.code()), (503, "store_unavailable"), "{answer:?}");
        let seconds = answer.number_of("retry_after").unwrap();
        assert_eq!(answer.header("retry-after"), seconds.to_string());
        assert!(seconds >= 1);
    }
    // The attempt may have been counted, and the code accepted: nothing is said of trying again.
    let verified = client.post(&format!("{path}/verify"), &json!({ "code": "123456" })).await;
    assert_eq!((verified.status, verified.code()), (503, "store_unavailable"), "{verified:?}");
    assert_eq!(verified.header("retry-after"), "");
    // A finding holds for a second.
    let failed = until_async(PATIENCE, async || {
        let answer = client.get("/readyz").await;
        (answer.status == 503).then_some(answer)
    });
    let failed = failed.await.expect("it is noticed").json;
    assert_eq!(without_figures(failed), readiness("failed"));
    assert_eq!(client.get("/healthz").await.status, 200);

    redis.restart().unwrap();
    let back = until_async(PATIENCE, async || {
        let answer = client.get("/readyz").await;
        (answer.status == 200).then_some(answer)
    });
    let back = back.await.expect("it comes back by itself").json;
    assert_eq!(back["dependencies"][0]["generation"]["changes"], 1, "{back}");
    assert_eq!(without_figures(back), readiness("ok"));
    let issued = issue(&client, 3).await;
    assert_eq!(issued.status, 201, "{issued:?}");
    let body = json!({ "code": workplace.outbox().code(issued.id()) });
    let path = format!("/v1/challenges/{}/verify", issued.id());
    assert_eq!(client.post(&path, &body).await.status, 200);
}

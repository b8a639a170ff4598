//! A machine whose clock is wrong: told in the log once, and at `/readyz`.

use std::time::Duration;

use countersign_tests::client::Client;
use countersign_tests::process::Host;
use countersign_tests::proxy::Proxy;
use countersign_tests::redis::RedisServer;
use countersign_tests::settings::{self, Workplace};
use countersign_tests::wait::until_async;
use serde_json::{Value, json};

use crate::{config, issue};

const PATIENCE: Duration = Duration::from_secs(15);

/// What `/readyz` says of the clock, once it is of this `status` and measured.
async fn clock(client: &Client, status: &str) -> i64 {
    let seen = until_async(PATIENCE, async || {
        let answer = client.get("/readyz").await;
        let clock = dependency(&answer.json, "clock")?.clone();
        let seconds = clock["skew"]["seconds"].as_i64()?;
        (clock["status"] == status && clock["skew"]["state"] == "measured").then_some(seconds)
    });
    seen.await.unwrap_or_else(|| panic!("the clock is never {status}"))
}

fn dependency<'a>(ready: &'a Value, name: &str) -> Option<&'a Value> {
    ready["dependencies"].as_array()?.iter().find(|dependency| dependency["name"] == name)
}

fn told(host: &Host, message: &str) -> Vec<Value> {
    let lines = host.log().into_iter();
    lines
        .filter(|line| line["message"].as_str().is_some_and(|text| text.contains(message)))
        .collect()
}

/// Has the host connect again, and measure again.
async fn reconnect(proxy: &Proxy, client: &Client) {
    let cut = proxy.cut_after(1);
    issue(client, 99).await;
    cut.await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_differs_from_redis_is_told_once_and_degrades_readiness_from_ten_seconds_on() {
    let (redis, workplace) = (RedisServer::start().unwrap(), Workplace::new().unwrap());
    let proxy = Proxy::start(redis.port()).await.unwrap();
    proxy.shift_time(-12);
    let store = settings::redis(proxy.address().port());
    let host = Host::start(&config(&workplace, &store, "")).await.unwrap();
    let client = Client::new(host.address());

    let seconds = clock(&client, "degraded").await;
    assert!((11..=13).contains(&seconds), "{seconds}");
    let ready = client.get("/readyz").await;
    assert_eq!((ready.status, &ready.json["status"]), (200, &json!("degraded")), "{ready:?}");
    assert_eq!(issue(&client, 1).await.status, 201);
    let lines = told(&host, "clock and the store's differ");
    let [line] = &lines[..] else { panic!("{lines:?}") };
    assert!((11_000..13_000).contains(&line["skew_ms"].as_i64().unwrap()), "{line}");

    // The same again is no news; less of it is; and so is none.
    reconnect(&proxy, &client).await;
    clock(&client, "degraded").await;
    assert_eq!(told(&host, "clock and the store's differ").len(), 1);
    proxy.shift_time(5);
    reconnect(&proxy, &client).await;
    let seconds = clock(&client, "ok").await;
    assert!((-6..=-4).contains(&seconds), "{seconds}");
    assert_eq!(told(&host, "clock and the store's differ").len(), 2);
    proxy.shift_time(0);
    reconnect(&proxy, &client).await;
    let right = until_async(PATIENCE, async || (clock(&client, "ok").await == 0).then_some(()));
    right.await.expect("the clock is right again");
    assert_eq!(told(&host, "clock and the store's agree again").len(), 1);
    assert_eq!(told(&host, "clock and the store's differ").len(), 2);
    assert_eq!(client.get("/readyz").await.json["status"], "ok");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_may_not_be_asked_for_the_time_and_a_store_without_a_clock_are_not_measured() {
    let rules = ["--user", "ann", "on", ">pw", "~countersign:*", "+@all", "-time"];
    let redis = RedisServer::start_with(&rules).unwrap();
    let refusing =
        format!("[store]\ntype = \"redis\"\nurl = \"redis://ann:pw@127.0.0.1:{}\"\n", redis.port());
    for (store, warnings) in [(refusing.as_str(), 1), (settings::MEMORY, 0)] {
        let workplace = Workplace::new().unwrap();
        let host = Host::start(&config(&workplace, store, "")).await.unwrap();
        let ready = Client::new(host.address()).get("/readyz").await;
        let expected =
            json!({ "name": "clock", "status": "ok", "skew": { "state": "not_measured" } });
        assert_eq!(dependency(&ready.json, "clock"), Some(&expected), "{ready:?}");
        assert_eq!(ready.json["status"], "ok");
        assert_eq!(told(&host, "clocks can't be compared").len(), warnings, "{}", host.output());
    }
}

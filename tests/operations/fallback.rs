//! A second store, used while the first is out of reach: what is lost, and what never is.

use std::time::Duration;

use countersign_tests::client::{Answer, Client};
use countersign_tests::outbox::wrong;
use countersign_tests::postgres::PostgresServer;
use countersign_tests::process::Host;
use countersign_tests::redis::RedisServer;
use countersign_tests::settings::{self, Workplace};
use countersign_tests::wait::until_async;

use rustix::process::Signal;
use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_secs(60);
const RULES: &str = "[purposes.login]\nverify_by = \"both\"\nchannels = [\"sms\"]\ncooldown_seconds = 0\n\
                     max_attempts = 3\nlockout_seconds = 900\n";

/// Hosts over a Redis and a second store.
struct Site {
    redis: RedisServer,
    workplace: Workplace,
    config: std::path::PathBuf,
}

impl Site {
    /// With this `[fallback_store]`.
    fn new(second: impl Fn(&Workplace) -> String) -> Self {
        // What it acknowledged outlives it.
        let redis = RedisServer::start_with(&["--appendonly", "yes", "--appendfsync", "always"]);
        let (redis, workplace) = (redis.unwrap(), Workplace::new().unwrap());
        let first = format!("{}connect_timeout_seconds = 3\n", settings::redis(redis.port()));
        let second = second(&workplace).replace("[store]", "[fallback_store]");
        let senders = workplace.senders(&["sms"]);
        let sections =
            [settings::SERVER, &first, &second, &senders, settings::LOG, settings::KEYS, RULES];
        let config = workplace.config("countersign.toml", &sections).unwrap();
        Self { redis, workplace, config }
    }

    async fn host(&self) -> (Host, Client) {
        let host = Host::start(&self.config).await.unwrap();
        let client = Client::new(host.address());
        (host, client)
    }

    fn code(&self, issued: &Answer) -> String {
        self.workplace.outbox().code(issued.id())
    }

    /// Issues for that recipient, which has to work, and spends all attempts.
    async fn lock(&self, client: &Client, to: &str) {
        let issued = issue(client, to).await;
        assert_eq!(issued.status, 201, "{issued:?}");
        let code = wrong(&self.code(&issued));
        for left in [2, 1, 0] {
            let answer = verify(client, issued.id(), &code).await;
            assert_eq!(answer.number_of("attempts_left"), Some(left), "{answer:?}");
        }
        assert_locked(&issue(client, to).await);
    }
}

async fn issue(client: &Client, to: &str) -> Answer {
    client.post("/v1/challenges", &json!({ "purpose": "login", "to": to })).await
}

async fn verify(client: &Client, id: &str, code: &str) -> Answer {
    client.post(&format!("/v1/challenges/{id}/verify"), &json!({ "code": code })).await
}

fn assert_locked(answer: &Answer) {
    assert_eq!((answer.status, answer.code()), (429, "locked"), "{answer:?}");
}

/// What `/readyz` tells of a store, once it is in use.
async fn until_in_use(client: &Client, name: &str) -> Value {
    let in_use = until_async(PATIENCE, async || {
        let ready = client.get("/readyz").await.json;
        let stores = ready["dependencies"].as_array().unwrap().clone();
        let store = stores.iter().find(|store| store["name"] == name)?;
        (store["in_use"] == true).then_some(ready)
    });
    in_use.await.unwrap_or_else(|| panic!("{name} comes into use"))
}

fn status_of<'a>(ready: &'a Value, name: &str) -> &'a str {
    let stores = ready["dependencies"].as_array().unwrap();
    stores.iter().find(|store| store["name"] == name).unwrap()["status"].as_str().unwrap()
}

fn said(host: &Host, words: &str) -> usize {
    host.log().iter().filter(|line| line.to_string().contains(words)).count()
}

const LOST: &str = "the fall-back store is used until it is back";
const BACK: &str = "the store is back in use";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn work_goes_on_without_the_first_store_and_goes_back_to_it_by_itself() {
    let mut site = Site::new(Workplace::sqlite);
    let (host, client) = site.host().await;
    let before = issue(&client, "+6281234500001").await;
    let code = site.code(&before);

    site.redis.stop().unwrap();
    // The very next request is answered.
    let during = issue(&client, "+6281234500002").await;
    assert_eq!(during.status, 201, "{during:?}");
    assert_eq!(verify(&client, during.id(), &site.code(&during)).await.status, 200);
    let again = verify(&client, during.id(), &site.code(&during)).await;
    assert_eq!((again.status, again.code()), (404, "challenge_not_found"));
    let unknown = verify(&client, before.id(), &code).await;
    assert_eq!((unknown.status, unknown.code()), (404, "challenge_not_found"));
    let ready = until_in_use(&client, "fallback_store").await;
    assert_eq!(ready["status"], "degraded");
    assert_eq!(status_of(&ready, "store"), "degraded");
    assert_eq!(status_of(&ready, "fallback_store"), "ok");
    assert_eq!(client.get("/readyz").await.status, 200);
    let open = issue(&client, "+6281234500003").await;

    site.redis.restart().unwrap();
    let ready = until_in_use(&client, "store").await;
    assert_eq!((status_of(&ready, "store"), ready["status"].as_str()), ("ok", Some("ok")));
    assert_eq!((said(&host, LOST), said(&host, BACK)), (1, 1));
    // What was issued meanwhile is unknown now, and a new code works at once.
    let unknown = verify(&client, open.id(), &site.code(&open)).await;
    assert_eq!((unknown.status, unknown.code()), (404, "challenge_not_found"));
    let after = issue(&client, "+6281234500003").await;
    assert_eq!(verify(&client, after.id(), &site.code(&after)).await.status, 200);
    // Nothing that was answered can be answered again.
    let again = verify(&client, during.id(), &site.code(&during)).await;
    assert_eq!((again.status, again.code()), (404, "challenge_not_found"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_change_of_stores_lifts_a_lock() {
    let mut site = Site::new(Workplace::sqlite);
    let (_host, client) = site.host().await;
    let [early, late] = ["+6281234500001", "+6281234500002"];
    site.lock(&client, early).await;
    site.redis.stop().unwrap();
    assert_locked(&issue(&client, early).await);
    site.lock(&client, late).await;
    site.redis.restart().unwrap();
    until_in_use(&client, "store").await;
    for locked in [early, late] {
        assert_locked(&issue(&client, locked).await);
    }
    // Another outage begins with what both know.
    site.redis.stop().unwrap();
    for locked in [early, late] {
        assert_locked(&issue(&client, locked).await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn locks_that_are_older_than_the_second_store_hold_in_it() {
    let mut site = Site::new(Workplace::sqlite);
    let with_second = std::fs::read_to_string(&site.config).unwrap();
    let alone = with_second.split("[fallback_store]").collect::<Vec<_>>();
    let rest = alone[1].split_once("[senders").unwrap().1;
    let alone = site.workplace.write("alone.toml", &format!("{}[senders{rest}", alone[0]));
    let host = Host::start(&alone.unwrap()).await.unwrap();
    let to = |number: usize| format!("+62812345{number:05}");
    let client = Client::new(host.address());
    for number in 0..40 {
        site.lock(&client, &to(number)).await;
    }
    drop(host);
    let (_host, client) = site.host().await;
    // All of them are copied by and by: the test looks into the second store's file.
    let path = site.workplace.path().join("store.db");
    let copied = until_async(PATIENCE, async || {
        let file = rusqlite::Connection::open(&path).ok()?;
        let count = "SELECT count(*) FROM entries WHERE key LIKE '%:history'";
        let count: i64 = file.query_row(count, [], |row| row.get(0)).ok()?;
        (count >= 40).then_some(())
    });
    copied.await.expect("histories are copied");
    site.redis.stop().unwrap();
    for number in 0..40 {
        assert_locked(&issue(&client, &to(number)).await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_killed_host_owed_is_carried_by_the_next() {
    let mut site = Site::new(Workplace::sqlite);
    let (mut host, client) = site.host().await;
    site.redis.stop().unwrap();
    site.lock(&client, "+6281234500001").await;
    host.kill().unwrap();
    site.redis.restart().unwrap();
    let (host, client) = site.host().await;
    let carried = "histories of the fall-back store were carried";
    until_async(PATIENCE, async || (said(&host, carried) > 0).then_some(())).await.unwrap();
    assert_locked(&issue(&client, "+6281234500001").await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_starts_without_its_first_store() {
    let mut site = Site::new(Workplace::sqlite);
    site.redis.stop().unwrap();
    let (host, client) = site.host().await;
    let ready = client.get("/readyz").await;
    assert_eq!((ready.status, ready.json["status"].as_str()), (200, Some("degraded")));
    assert_eq!(issue(&client, "+6281234500001").await.status, 201);
    assert_eq!(said(&host, LOST), 1);
    site.redis.restart().unwrap();
    until_in_use(&client, "store").await;
    assert_eq!(issue(&client, "+6281234500001").await.status, 201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_store_that_fails_is_said_and_stops_nothing() {
    let postgres = PostgresServer::start("").unwrap();
    let second = settings::postgres(&postgres.url(), "countersign");
    let second = second.replace("response_timeout_ms = 20000\n", "");
    let mut site = Site::new(|_| second.clone());
    let (host, client) = site.host().await;
    postgres.kill().unwrap();
    let degraded = until_async(PATIENCE, async || {
        let ready = client.get("/readyz").await.json;
        (status_of(&ready, "fallback_store") == "degraded").then_some(ready)
    });
    let degraded = degraded.await.expect("it is noticed");
    assert_eq!(status_of(&degraded, "store"), "ok");
    // Locks of this time are copied once it is back.
    site.lock(&client, "+6281234500001").await;
    // With neither every call says so.
    site.redis.stop().unwrap();
    let refused = issue(&client, "+6281234500002").await;
    assert_eq!((refused.status, refused.code()), (503, "store_unavailable"), "{refused:?}");
    let failed = until_async(PATIENCE, async || {
        let ready = client.get("/readyz").await;
        (ready.status == 503).then_some(ready.json)
    });
    let failed = failed.await.expect("it is noticed");
    assert_eq!(status_of(&failed, "fallback_store"), "failed");
    assert_eq!(said(&host, LOST), 0);
    site.redis.restart().unwrap();
    postgres.restart().unwrap();
    let well = until_async(PATIENCE, async || {
        let ready = client.get("/readyz").await.json;
        (ready["status"] == "ok").then_some(())
    });
    well.await.expect("both come back");
    // Copies are made every five seconds where any is missing.
    let copied = until_async(PATIENCE, async || {
        let table = postgres.client().await.ok()?;
        let count =
            "SELECT count(*) FROM countersign.countersign_entries WHERE key LIKE '%:history'";
        let count: i64 = table.query_one(count, &[]).await.ok()?.get(0);
        (count > 0).then_some(())
    });
    copied.await.expect("the lock is copied");
    site.redis.stop().unwrap();
    assert_locked(&issue(&client, "+6281234500001").await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hosts_that_share_the_second_store_agree_in_it() {
    let postgres = PostgresServer::start("").unwrap();
    let second = settings::postgres(&postgres.url(), "countersign");
    let mut site = Site::new(|_| second.clone());
    let [(_one, first), (_two, second)] = [site.host().await, site.host().await];
    site.redis.stop().unwrap();
    let issued = issue(&first, "+6281234500001").await;
    assert_eq!(issued.status, 201, "{issued:?}");
    let code = site.code(&issued);
    assert_eq!(
        verify(&second, issued.id(), &wrong(&code)).await.number_of("attempts_left"),
        Some(2)
    );
    let mut answers = tokio::task::JoinSet::new();
    for number in 0..20 {
        let client = if number % 2 == 0 { first.clone() } else { second.clone() };
        let (id, code) = (issued.id().to_owned(), code.clone());
        answers.spawn(async move { verify(&client, &id, &code).await });
    }
    let answers = answers.join_all().await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1, "{answers:?}");
    site.lock(&first, "+6281234500002").await;
    assert_locked(&issue(&second, "+6281234500002").await);
    site.redis.restart().unwrap();
    for client in [&first, &second] {
        until_in_use(client, "store").await;
    }
    for client in [&first, &second] {
        assert_locked(&issue(client, "+6281234500002").await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frozen_first_store_keeps_callers_waiting_once() {
    let site = Site::new(Workplace::sqlite);
    let (_host, client) = site.host().await;
    site.redis.signal(Signal::STOP).unwrap();
    let issued = issue(&client, "+6281234500001").await;
    assert_eq!(issued.status, 201, "{issued:?}");
    until_in_use(&client, "fallback_store").await;
    site.redis.signal(Signal::CONT).unwrap();
    until_in_use(&client, "store").await;
    assert_eq!(issue(&client, "+6281234500002").await.status, 201);
    // What the frozen store had been asked for, it has done by now: that recipient seems to be sent to.
    let late = issue(&client, "+6281234500001").await;
    let seconds = late.number_of("retry_after");
    assert!(late.status == 201 || seconds.is_some_and(|seconds| seconds <= 30), "{late:?}");
}

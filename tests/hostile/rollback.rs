//! A Redis that goes back to an earlier state lets no code succeed twice.

use std::time::Duration;

use countersign_tests::client::Client;
use countersign_tests::process::Host;
use countersign_tests::redis::RedisServer;
use countersign_tests::settings::{self, Workplace};
use countersign_tests::wait::until_async;
use serde_json::{Value, json};

const RULES: &str = "[purposes.login]\nchannels = [\"sms\"]\n";
const CODES: usize = 50;
const PATIENCE: Duration = Duration::from_secs(20);

/// Issues codes, takes a snapshot of Redis, answers every code, and restarts Redis from the snapshot. Returns how many
/// codes succeed once more. `settings` are more lines of `[store]`.
async fn succeed_once_more(more: &str) -> usize {
    let mut redis = RedisServer::start().unwrap();
    let workplace = Workplace::new().unwrap();
    let store = settings::redis(redis.port()) + more;
    let senders = workplace.senders(&["sms"]);
    let sections = [settings::SERVER, &store, &senders, settings::LOG, settings::KEYS, RULES];
    let config = workplace.config("countersign.toml", &sections).unwrap();
    let host = Host::start(&config).await.unwrap();
    let client = Client::new(host.address());

    let mut challenges = Vec::new();
    for number in 0..CODES {
        let body = json!({ "purpose": "login", "to": format!("+62812345{number:05}") });
        let issued = client.post("/v1/challenges", &body).await;
        assert_eq!(issued.status, 201, "{issued:?}");
        let id = issued.id().to_owned();
        let code = workplace.outbox().code(&id);
        challenges.push((format!("/v1/challenges/{id}"), json!({ "code": code })));
    }
    redis::cmd("SAVE").exec(&mut redis.connection().unwrap()).unwrap();
    for (path, code) in &challenges {
        assert_eq!(client.post(&format!("{path}/verify"), code).await.status, 200);
        assert_ne!(client.post(&format!("{path}/verify"), code).await.status, 200);
    }

    redis.stop().unwrap();
    redis.restart().unwrap();
    let back =
        until_async(PATIENCE, async || (client.get("/readyz").await.status == 200).then_some(()));
    back.await.expect("it comes back by itself");
    let mut succeeded = 0;
    for (path, code) in &challenges {
        let answer = client.post(&format!("{path}/verify"), code).await;
        assert!(answer.status == 200 || (400..500).contains(&answer.status), "{answer:?}");
        succeeded += usize::from(answer.status == 200);
    }

    // A code that is asked for now works.
    let body = json!({ "purpose": "login", "to": "+6281299999999" });
    let issued = client.post("/v1/challenges", &body).await;
    assert_eq!(issued.status, 201, "{issued:?}");
    let code = json!({ "code": workplace.outbox().code(issued.id()) });
    let path = format!("/v1/challenges/{}/verify", issued.id());
    assert_eq!(client.post(&path, &code).await.status, 200);
    succeeded
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_code_succeeds_twice_when_redis_goes_back_to_a_snapshot() {
    assert_eq!(succeed_once_more("").await, 0);
}

/// The same without the protection, so that the test above can't pass for another reason.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_who_trusts_a_redis_that_goes_back_has_every_code_succeed_twice() {
    assert_eq!(succeed_once_more("after_restart = \"trust\"\n").await, CODES);
}

fn told(host: &Host, message: &str) -> usize {
    let lines = host.log();
    let texts = lines.iter().filter_map(|line| line["message"].as_str());
    texts.filter(|text| text.contains(message)).count()
}

fn generation(ready: &Value) -> &Value {
    &ready["dependencies"][0]["generation"]
}

const WHILE_RUNNING: &str = "the store was restarted or failed over";
const IN_BETWEEN: &str = "since a host was last started on it";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_generation_is_told_once_and_counted_whether_or_not_a_host_ran() {
    let mut redis = RedisServer::start().unwrap();
    let workplace = Workplace::new().unwrap();
    let config = crate::config(&workplace, &settings::redis(redis.port()), "");
    let mut host = Host::start(&config).await.unwrap();
    let client = Client::new(host.address());
    let known = json!({ "state": "known", "changes": 0 });
    assert_eq!(generation(&client.get("/readyz").await.json), &known);
    redis::cmd("SAVE").exec(&mut redis.connection().unwrap()).unwrap();
    redis.stop().unwrap();
    redis.restart().unwrap();
    let changed = until_async(PATIENCE, async || {
        let ready = client.get("/readyz").await;
        (ready.status == 200 && generation(&ready.json)["changes"] == 1).then_some(ready)
    });
    let changed = changed.await.expect("it is noticed").json;
    assert!(generation(&changed)["changed_seconds_ago"].as_u64() <= Some(20), "{changed}");
    for _ in 0..5 {
        client.get("/readyz").await;
    }
    assert_eq!((told(&host, WHILE_RUNNING), told(&host, IN_BETWEEN)), (1, 0));

    // While no host runs; the snapshot is older than the last start.
    host.kill().unwrap();
    redis.stop().unwrap();
    redis.restart().unwrap();
    let host = Host::start(&config).await.unwrap();
    assert_eq!((told(&host, WHILE_RUNNING), told(&host, IN_BETWEEN)), (0, 1));
    let another = Host::start(&config).await.unwrap();
    assert_eq!(told(&another, IN_BETWEEN), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_was_restored_is_told_at_start_and_a_trusted_one_is_not() {
    let workplace = Workplace::new().unwrap();
    let file = workplace.path().join("store.db");
    let start = async |more: &str| {
        let config = crate::config(&workplace, &(workplace.sqlite() + more), "");
        Host::start(&config).await.unwrap()
    };
    for expected in [0, 0] {
        let mut host = start("").await;
        assert_eq!(told(&host, IN_BETWEEN), expected);
        host.terminate().unwrap();
        host.ended().await.unwrap();
    }
    let backup = file.with_file_name("backup.db");
    std::fs::copy(&file, &backup).unwrap();
    std::fs::rename(&backup, &file).unwrap();
    let trusting = start("after_restart = \"trust\"\n").await;
    let ready = Client::new(trusting.address()).get("/readyz").await.json;
    assert_eq!(generation(&ready), &json!({ "state": "trusted", "changes": 0 }));
    assert_eq!(told(&trusting, IN_BETWEEN), 0);
    assert_eq!(told(&start("").await, IN_BETWEEN), 1);
}

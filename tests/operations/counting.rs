//! `countersign challenges count` and `POST /v1/challenges/count`: every challenge once, over every store, while load goes on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use countersign_tests::client::Client;
use countersign_tests::postgres::PostgresServer;
use countersign_tests::process::{self, Host};
use countersign_tests::redis::RedisServer;
use countersign_tests::redis_cluster::RedisCluster;
use countersign_tests::settings::{self, Workplace};
use serde_json::{Value, json};

const RULES: &str = "
[purposes.login]
verify_by = \"both\"
channels = [\"sms\"]
[purposes.other]
channels = [\"sms\"]
";
const COUNTED: usize = 500;

async fn issue(client: &Client, purpose: &str, number: usize) -> String {
    let body = json!({ "purpose": purpose, "to": format!("+6281234{number:05}") });
    let answer = client.post("/v1/challenges", &body).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    answer.id().to_owned()
}

/// Issues all that is to be counted, several at once; their ids.
async fn issue_all(client: &Client) -> Vec<String> {
    let tasks: Vec<_> = (0..10)
        .map(|part| {
            let client = client.clone();
            tokio::spawn(async move {
                let mut ids = Vec::new();
                for number in (part..COUNTED).step_by(10) {
                    ids.push(issue(&client, "login", number).await);
                }
                ids
            })
        })
        .collect();
    let mut ids = Vec::new();
    for task in tasks {
        ids.extend(task.await.unwrap());
    }
    ids
}

/// What was counted of a purpose, as one number for each state.
fn of(tallies: &Value, purpose: &str) -> [u64; 5] {
    let tallies = tallies["tallies"].as_array().unwrap();
    let tally = tallies.iter().find(|tally| tally["purpose"] == purpose);
    ["pending", "exhausted", "expired", "revoked", "verified"]
        .map(|state| tally.map_or(0, |tally| tally[state].as_u64().unwrap()))
}

/// Runs the command.
async fn counted(workplace: &Workplace) -> Value {
    let config = workplace.path().join("countersign.toml");
    let mut command = process::command(Some(&config)).unwrap();
    command.args(["challenges", "count", "--output", "json"]).current_dir(workplace.path());
    let output = process::run(command, "").await.unwrap();
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

async fn every_challenge_is_counted_once(workplace: &Workplace, store: &str) {
    let senders = workplace.senders(&["sms"]);
    let sections = [settings::SERVER, store, &senders, settings::KEYS, RULES];
    let host =
        Host::start(&workplace.config("countersign.toml", &sections).unwrap()).await.unwrap();
    let client = Client::new(host.address());
    assert_eq!(counted(workplace).await, json!({ "tallies": [] }));
    let ids = issue_all(&client).await;

    let (is_over, issued) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let load = tokio::spawn({
        let (client, is_over, issued) = (client.clone(), is_over.clone(), issued.clone());
        async move {
            while !is_over.load(Ordering::SeqCst) {
                // A number of its own each time: a new key.
                let number = 10_000 + issued.fetch_add(1, Ordering::SeqCst);
                issue(&client, "other", number).await;
            }
        }
    });
    assert_eq!(of(&counted(workplace).await, "login"), [COUNTED as u64, 0, 0, 0, 0]);
    for id in &ids[..7] {
        assert_eq!(client.delete(&format!("/v1/challenges/{id}")).await.status, 204);
    }
    for id in &ids[7..10] {
        let body = json!({ "code": workplace.outbox().code(id) });
        let answer = client.post(&format!("/v1/challenges/{id}/verify"), &body).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    assert_eq!(of(&counted(workplace).await, "login"), [COUNTED as u64 - 10, 0, 0, 7, 3]);
    is_over.store(true, Ordering::SeqCst);
    load.await.unwrap();
    let of_load = issued.load(Ordering::SeqCst);
    assert!(of_load > 5, "{of_load} challenges were issued meanwhile");

    // Over HTTP the same, step by step.
    let (mut pending, mut after, mut steps) = (0, Value::Null, 0);
    loop {
        let answer = client.post("/v1/challenges/count", &json!({ "after": after })).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        steps += 1;
        pending += of(&answer.json, "login")[0] + of(&answer.json, "other")[0];
        match answer.json.get("next") {
            Some(next) => after = next.clone(),
            None => break,
        }
    }
    assert_eq!(pending as usize, COUNTED - 10 + of_load, "in {steps} steps");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_challenge_in_a_database_is_counted_once() {
    let workplace = Workplace::new().unwrap();
    let store = workplace.sqlite();
    every_challenge_is_counted_once(&workplace, &store).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_challenge_in_a_redis_is_counted_once_and_without_keys() {
    let redis = RedisServer::start().unwrap();
    let workplace = Workplace::new().unwrap();
    every_challenge_is_counted_once(&workplace, &settings::redis(redis.port())).await;
    let commands = redis.info("commandstats").unwrap();
    assert!(commands.contains("cmdstat_scan:"), "{commands}");
    assert!(!commands.contains("cmdstat_keys:"), "{commands}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_challenge_in_a_cluster_is_counted_once() {
    let cluster = RedisCluster::start().unwrap();
    let store = format!("[store]\ntype = \"redis\"\nurl = \"{}\"\ncluster = true\n", cluster.url());
    every_challenge_is_counted_once(&Workplace::new().unwrap(), &store).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_challenge_in_a_postgres_is_counted_once() {
    let url = PostgresServer::shared().unwrap().url();
    let store = settings::postgres(&url, &PostgresServer::schema());
    every_challenge_is_counted_once(&Workplace::new().unwrap(), &store).await;
}

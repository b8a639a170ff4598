//! The story that started it all, of a service called aglis: a code is requested from one process and typed into
//! another. With a store of each process's own it fails most of the time; with one Redis it never does.
#![cfg(test)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::Arc;

use countersign_tests::client::{Answer, Client};
use countersign_tests::cluster::{Cluster, all_at_once};
use countersign_tests::nginx::Nginx;
use countersign_tests::redis::RedisServer;
use countersign_tests::settings::{self, Workplace};
use serde_json::{Value, json};

/// The configuration that a reader would take.
const CONFIG: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/aglis.toml");
/// People who register at the same time.
const AT_ONCE: usize = 16;

/// What came of one person's registration.
struct Pair {
    challenge: String,
    verified: Answer,
}

/// Starts `processes` of them behind an nginx, and has `pairs` people request and type a code.
async fn story(processes: usize, pairs: usize, store: &str) -> (Cluster, Vec<Pair>) {
    let workplace = Arc::new(Workplace::new().unwrap());
    let path = |name: &str| workplace.path().join(name).display().to_string();
    for (name, seed) in [("index.key", 1), ("first.key", 2)] {
        fs::write(workplace.path().join(name), settings::key(seed)).unwrap();
    }
    let engine = settings::engine("").unwrap();
    let cache = engine.split('\'').nth(1).unwrap();
    let outbox = workplace.outbox().path().display();
    // In place of WhatsApp, a file: for which it can't be production.
    let whatsapp = format!("{{ type = \"file\", path = '{outbox}' }}");
    let variables = [
        ("COUNTERSIGN_SERVER__LISTEN", "127.0.0.1:0"),
        ("COUNTERSIGN_SERVER__MODE", "development"),
        ("COUNTERSIGN_STORE", store),
        // Its key is in no configuration.
        ("COUNTERSIGN_API_KEYS", "[]"),
        ("COUNTERSIGN_KEYS__INDEX_FILE", &path("index.key")),
        ("COUNTERSIGN_KEYS__RING__0__SECRET_FILE", &path("first.key")),
        ("COUNTERSIGN_SENDERS__WHATSAPP", &whatsapp),
        ("COUNTERSIGN_ENGINE__CACHE_DIRECTORY", cache),
        ("COUNTERSIGN_LOG__FORMAT", "json"),
    ];
    let config = Path::new(CONFIG);
    let cluster = Cluster::start(processes, workplace.path(), config, &variables).await.unwrap();
    let nginx = Nginx::start(&cluster.addresses()).await.unwrap();
    let client = Client::new(nginx.address());
    let people = all_at_once(AT_ONCE, |person| {
        let (client, workplace) = (client.clone(), Arc::clone(&workplace));
        async move {
            let mut done = Vec::new();
            for number in (person..pairs).step_by(AT_ONCE) {
                done.push(register(&client, &workplace, number).await);
            }
            done
        }
    });
    let pairs = people.await.into_iter().flatten().collect();
    (cluster, pairs)
}

/// One person: types the number as people do, and the code; the app knows the challenge's id, or asks by number.
async fn register(client: &Client, workplace: &Workplace, number: usize) -> Pair {
    let national = format!("0812-34{:02}-{:04}", number / 10_000, number % 10_000);
    let international = format!("+62{}", &national.replace('-', "")[1..]);
    let (typed, asked) = match number % 2 {
        0 => (&national, &international),
        _ => (&international, &national),
    };
    let address = format!("10.0.{}.{}", number / 250, number % 250);
    let body = json!({
        "purpose": "registration", "channel": "whatsapp", "to": typed, "client_ip": address,
    });
    let issued = client.post("/v1/challenges", &body).await;
    assert_eq!(issued.status, 201, "{issued:?}");
    let challenge = issued.id().to_owned();
    let code = workplace.outbox().code(&challenge);
    let verified = if number % 4 < 2 {
        let body = json!({ "purpose": "registration", "to": asked, "code": code });
        client.post("/v1/verify", &body).await
    } else {
        let path = format!("/v1/challenges/{challenge}/verify");
        client.post(&path, &json!({ "code": code })).await
    };
    Pair { challenge, verified }
}

/// Which process did `verb` for which challenge, as their logs tell.
fn processes(cluster: &Cluster, verb: &str) -> BTreeMap<String, u64> {
    let lines = cluster.hosts().iter().flat_map(countersign_tests::process::Host::log);
    let of_verb = |line: &Value| {
        if line["message"] != verb || line["outcome"] != "ok" {
            return None;
        }
        Some((line["challenge"].as_str()?.to_owned(), line["process"].as_u64()?))
    };
    lines.filter_map(|line| of_verb(&line)).collect()
}

async fn every_code_works(number_of_processes: usize) {
    let redis = RedisServer::start().unwrap();
    let store = format!("{{ type = \"redis\", url = \"{}/1\" }}", redis.url());
    let (mut cluster, pairs) = story(number_of_processes, 1_000, &store).await;
    assert_eq!(pairs.len(), 1_000);
    for pair in &pairs {
        assert_eq!(pair.verified.status, 200, "{:?}", pair.verified);
    }

    let (issued, verified) =
        (processes_at_rest(&mut cluster, "issue"), processes(&cluster, "verify"));
    let distinct = |by: &BTreeMap<String, u64>| by.values().collect::<BTreeSet<_>>().len();
    assert_eq!((issued.len(), verified.len()), (1_000, 1_000));
    assert_eq!(distinct(&issued), number_of_processes, "not every process issued");
    assert_eq!(distinct(&verified), number_of_processes, "not every process verified");
    let crossed = pairs.iter().filter(|pair| issued[&pair.challenge] != verified[&pair.challenge]);
    let crossed = crossed.count();
    assert!(crossed >= 500, "only {crossed} of 1,000 codes were typed into another process");
    println!(
        "{number_of_processes} processes: {crossed} of 1,000 codes crossed from one to another"
    );
}

/// As [`processes`], once all has been logged.
fn processes_at_rest(cluster: &mut Cluster, verb: &str) -> BTreeMap<String, u64> {
    cluster.kill().unwrap();
    processes(cluster, verb)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aglis_with_four_processes_and_one_redis_accepts_every_code() {
    every_code_works(4).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aglis_with_ten_processes_and_one_redis_accepts_every_code() {
    every_code_works(10).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aglis_with_a_store_in_each_process_refuses_most_codes() {
    let (_cluster, pairs) = story(4, 400, "{ type = \"memory\" }").await;
    let good = pairs.iter().filter(|pair| pair.verified.status == 200).count();
    let lost = pairs.iter().filter(|pair| pair.verified.code() == "challenge_not_found").count();
    assert_eq!(good + lost, 400);
    assert!(good < 240, "{good} of 400 codes worked");
    println!("4 processes with stores of their own: {good} of 400 codes worked");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn national_and_international_spellings_are_one_subject() {
    let redis = RedisServer::start().unwrap();
    let store = format!("{{ type = \"redis\", url = \"{}/1\" }}", redis.url());
    let (cluster, pairs) = story(2, 1, &store).await;
    assert_eq!(pairs[0].verified.status, 200);
    for (number, to) in ["0812-3400-0001", "+6281234000001", "+62 812 3400 0001"].iter().enumerate()
    {
        let body = json!({ "purpose": "registration", "channel": "whatsapp", "to": to });
        let answer = cluster.client(number).post("/v1/challenges", &body).await;
        // The first one waits for nothing, every other one for the first.
        assert_eq!(answer.status, if number == 0 { 201 } else { 429 }, "{answer:?}");
    }
}

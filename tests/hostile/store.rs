//! Stores that answer and still can't be used.

use std::process::Output;
use std::time::Duration;

use countersign_tests::client::Client;
use countersign_tests::process::{self, Host};
use countersign_tests::redis::RedisServer;
use countersign_tests::settings::{self, Workplace};
use countersign_tests::wait::{until, until_async};
use rusqlite::Connection;
use serde_json::Value;

use crate::machine::readiness;
use crate::{config, issue};

const PATIENCE: Duration = Duration::from_secs(15);

fn command(redis: &RedisServer, words: &[&str]) {
    let mut command = redis::cmd(words[0]);
    command.arg(&words[1..]);
    command.exec(&mut redis.connection().unwrap()).unwrap();
}

/// Starts what must not start.
async fn refused(workplace: &Workplace, store: &str) -> Output {
    let config = config(workplace, store, "");
    let mut command = process::command(Some(&config)).unwrap();
    command.arg("serve").current_dir(workplace.path());
    process::run(command, "").await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_takes_no_writes_from_us_is_refused_at_start() {
    let workplace = Workplace::new().unwrap();
    let guarded = RedisServer::start_with(&["--requirepass", "hunter2"]).unwrap();
    let output = refused(&workplace, &settings::redis(guarded.port())).await;
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("refuses the user, the password") && said.contains("NOAUTH"), "{said}");

    let (master, replica) = (RedisServer::start().unwrap(), RedisServer::start().unwrap());
    command(&replica, &["REPLICAOF", "127.0.0.1", &master.port().to_string()]);
    let store = settings::redis(replica.port()) + "connect_timeout_seconds = 2\n";
    let output = refused(&workplace, &store).await;
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("READONLY"), "{said}");
}

/// A cluster keeps the keys of one batch on several nodes: what would start there answers 503 to every issue.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_of_a_cluster_is_refused_at_start() {
    let workplace = Workplace::new().unwrap();
    let node = RedisServer::start_with(&["--cluster-enabled", "yes"]).unwrap();
    command(&node, &["CLUSTER", "ADDSLOTSRANGE", "0", "16383"]);
    let store = settings::redis(node.port()) + "connect_timeout_seconds = 2\n";
    let refused = until_async(PATIENCE, async || {
        let output = refused(&workplace, &store).await;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        // Until the node knows that it has all slots.
        (!said.contains("CLUSTERDOWN")).then_some((output.status.code(), said))
    });
    let (status, said) = refused.await.unwrap();
    assert_eq!(status, Some(1), "{said}");
    assert!(said.contains("is a node of a Redis Cluster (CROSSSLOT)"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_refuses_writes_is_told_once_with_its_own_code() {
    let workplace = Workplace::new().unwrap();
    let redis = RedisServer::start().unwrap();
    let host = Host::start(&config(&workplace, &settings::redis(redis.port()), "")).await.unwrap();
    let client = Client::new(host.address());
    assert_eq!(issue(&client, 1).await.status, 201);
    command(&redis, &["CONFIG", "SET", "maxmemory", "1"]);
    for number in 2..20 {
        let answer = issue(&client, number).await;
        assert_eq!((answer.status, answer.code()), (503, "store_unavailable"), "{answer:?}");
    }
    command(&redis, &["CONFIG", "SET", "maxmemory", "0"]);
    assert_eq!(issue(&client, 30).await.status, 201);
    let lines = host.log();
    let told =
        |message: &str| lines.iter().filter(|line| line["message"] == message).collect::<Vec<_>>();
    no_request_is_an_error(&lines, 18);
    let [refuses] = told("the store refuses writes")[..] else { panic!("{lines:?}") };
    assert_eq!(refuses["reason"], "OOM");
    assert_eq!(refuses["server"], format!("127.0.0.1:{}", redis.port()));
    assert_eq!(told("the store takes writes again").len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_master_that_turns_into_a_replica_is_left_until_it_is_one_again() {
    let workplace = Workplace::new().unwrap();
    let (other, redis) = (RedisServer::start().unwrap(), RedisServer::start().unwrap());
    let host = Host::start(&config(&workplace, &settings::redis(redis.port()), "")).await.unwrap();
    let client = Client::new(host.address());
    assert_eq!(issue(&client, 1).await.status, 201);

    command(&redis, &["REPLICAOF", "127.0.0.1", &other.port().to_string()]);
    readiness(&client, 503).await;
    let answer = issue(&client, 2).await;
    assert_eq!((answer.status, answer.code()), (503, "store_unavailable"), "{answer:?}");
    for number in 3..20 {
        issue(&client, number).await;
    }
    command(&redis, &["REPLICAOF", "NO", "ONE"]);
    readiness(&client, 200).await;
    assert_eq!(issue(&client, 30).await.status, 201);

    // Each change once, with the server's address and its own words, however many requests there
    // were.
    let lines = host.log();
    let server = format!("127.0.0.1:{}", redis.port());
    for message in ["the store is lost", "the store can't be used", "the store is back"] {
        let told: Vec<_> = lines
            .iter()
            .filter(|line| line["message"].as_str().is_some_and(|text| text.starts_with(message)))
            .collect();
        assert_eq!(told.len(), 1, "{message}: {told:?}");
        assert_eq!(told[0]["server"], server.as_str());
        if message != "the store is back" {
            assert_eq!(told[0]["reason"], "READONLY");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_locked_database_is_not_ready() {
    let workplace = Workplace::new().unwrap();
    let store = workplace.sqlite().replace("timeout_ms = 20000", "timeout_ms = 500");
    let host = Host::start(&config(&workplace, &store, "")).await.unwrap();
    let client = Client::new(host.address());
    let other = Connection::open(workplace.path().join("store.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    readiness(&client, 503).await;
    assert_eq!(client.get("/healthz").await.status, 200);
    for number in 1..4 {
        assert_eq!(issue(&client, number).await.status, 503);
    }
    other.execute_batch("ROLLBACK").unwrap();
    readiness(&client, 200).await;
    // Why, with the file, however many requests there were.
    let told = until(PATIENCE, || {
        let lines = host.log();
        let is_told = |message: &str| lines.iter().any(|line| line["message"] == message);
        is_told("the store takes writes again").then_some(lines.clone())
    });
    let lines = told.await.expect("it is told");
    let fails: Vec<_> = lines.iter().filter(|line| line["message"] == "the store fails").collect();
    let [fails] = fails[..] else { panic!("{lines:?}") };
    assert!(fails["file"].as_str().unwrap().ends_with("store.db"), "{fails}");
    assert!(fails["error"].as_str().unwrap().contains("locked"), "{fails}");
    no_request_is_an_error(&lines, 3);
}

/// A store that can't be used is told when it is lost. The line of each request that had to be refused says which it was,
/// and rings no bell.
fn no_request_is_an_error(lines: &[Value], count: usize) {
    let refused: Vec<_> =
        lines.iter().filter(|line| line["outcome"] == "store_unavailable").collect();
    assert_eq!(refused.len(), count, "{lines:?}");
    assert!(refused.iter().all(|line| line["level"] == "INFO" && line["status"] == 503));
}

/// A limit of the size of files stands in for a disk that is full.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_not_ready() {
    let workplace = Workplace::new().unwrap();
    let config = config(&workplace, &workplace.sqlite(), "");
    let host = Host::start_after("trap '' XFSZ; ulimit -f 400", &config).await.unwrap();
    let client = Client::new(host.address());
    let mut number = 0;
    let full = until_async(PATIENCE, async || {
        for _ in 0..20 {
            number += 1;
            let answer = issue(&client, number).await;
            if answer.status != 201 {
                assert_eq!(answer.code(), "store_unavailable", "{answer:?}");
                return Some(());
            }
        }
        None
    });
    full.await.expect("the disk fills up");
    readiness(&client, 503).await;
    assert_eq!(client.get("/healthz").await.status, 200);
    let told = host.log().iter().filter(|line| line["message"] == "the store fails").count();
    assert!((1..=3).contains(&told), "{}", host.output());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_is_to_end_says_so_before_it_takes_no_more() {
    let workplace = Workplace::new().unwrap();
    let config = config(&workplace, settings::MEMORY, "drain_seconds = 2");
    let mut host = Host::start(&config).await.unwrap();
    assert_eq!(Client::new(host.address()).get("/readyz").await.status, 200);
    host.terminate().unwrap();
    let client = Client::new(host.address());
    readiness(&client, 503).await;
    // On a new connection.
    assert_eq!(issue(&Client::new(host.address()), 1).await.status, 201);
    assert!(host.ended().await.unwrap().success());
}

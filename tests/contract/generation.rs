//! What a store says of its data's history: the same while nothing can have been lost, another one afterwards.

use std::time::{Duration, Instant};

use countersign::stores::memory::{MemorySettings, MemoryStore};
use countersign::stores::redis::{RedisSettings, RedisStore};
use countersign::stores::sqlite::{SqliteSettings, SqliteStore, Synchronous};
use countersign::stores::{AfterRestart, Store};
use countersign_tests::proxy::Proxy;
use countersign_tests::redis::RedisServer;
use redis::Connection;

use crate::harness::{clock, get, redis_at, redis_settings, set, sqlite_settings, step};

/// The generation that a batch is carried out on.
async fn generation(store: &impl Store) -> Option<u64> {
    store.run(vec![get("{a}v"), step("{a}n", 1, 60)]).await.unwrap().generation
}

/// As [`generation`], once the store answers again.
async fn generation_when_back(store: &impl Store) -> u64 {
    let back = async {
        loop {
            if let Ok(outcome) = store.run(vec![step("{a}n", 1, 60)]).await {
                return outcome.generation.unwrap();
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), back).await.expect("not back within 20 s")
}

fn command(connection: &mut Connection, words: &[&str]) {
    let mut command = redis::cmd(words[0]);
    for word in &words[1..] {
        command.arg(*word);
    }
    command.exec(connection).unwrap();
}

fn field(connection: &mut Connection, section: &str, name: &str) -> String {
    let text: String = redis::cmd("INFO").arg(section).query(connection).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    line.unwrap_or_default().to_owned()
}

/// Waits for the question after a new connection's clock, the next of which comes a minute later.
pub(crate) async fn until_the_clock_is_asked(server: &RedisServer) {
    let mut connection = server.connection().unwrap();
    let asked = || !field(&mut connection, "commandstats", "cmdstat_time").is_empty();
    until("TIME", asked).await;
}

async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !is_so() {
        assert!(Instant::now() < deadline, "{what} did not come within 20 s");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_memory_store_is_a_generation_of_its_own() {
    let open = || MemoryStore::open(&MemorySettings::default(), clock().0).unwrap();
    let (store, other) = (open(), open());
    let first = generation(&store).await;
    assert!(first.is_some());
    assert_eq!(generation(&store).await, first);
    assert_ne!(generation(&other).await, first);
}

#[tokio::test]
async fn a_file_keeps_its_generation_and_another_file_has_another() {
    let directory = tempfile::tempdir().unwrap();
    let settings = sqlite_settings(&directory);
    let open =
        async |settings: &SqliteSettings| SqliteStore::open(settings, clock().0).await.unwrap();
    let store = open(&settings).await;
    let first = generation(&store).await;
    assert!(first.is_some());
    let beside = open(&settings).await;
    assert_eq!(generation(&beside).await, first, "two processes on one file");
    drop((store, beside));
    let again = open(&settings).await;
    assert_eq!(generation(&again).await, first, "after a restart");
    drop(again);

    // A backup, put in the file's place.
    let backup = directory.path().join("backup.db");
    std::fs::copy(&settings.path, &backup).unwrap();
    std::fs::rename(&backup, &settings.path).unwrap();
    let restored = open(&settings).await;
    assert_ne!(generation(&restored).await, first);
    drop(restored);

    let trusting = SqliteSettings { after_restart: AfterRestart::Trust, ..settings.clone() };
    assert_eq!(generation(&open(&trusting).await).await, None);
}

#[tokio::test]
async fn a_file_whose_last_writes_may_be_lost_has_the_boot_in_its_generation() {
    let directory = tempfile::tempdir().unwrap();
    let full = sqlite_settings(&directory);
    let normal = SqliteSettings { synchronous: Synchronous::Normal, ..full.clone() };
    let open =
        async |settings: &SqliteSettings| SqliteStore::open(settings, clock().0).await.unwrap();
    let first = generation(&open(&normal).await).await;
    assert_eq!(generation(&open(&normal).await).await, first, "within one boot");
    assert_ne!(generation(&open(&full).await).await, first);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_keeps_its_generation_while_it_runs() {
    let server = RedisServer::start().unwrap();
    let proxy = Proxy::start(server.port()).await.unwrap();
    let store = redis_at(&format!("redis://{}", proxy.address())).await;
    let first = generation(&store).await;
    assert!(first.is_some());
    let other = redis_at(&server.url()).await;
    assert_eq!(generation(&other).await, first, "every host sees the same");
    // A connection that is cut loses nothing.
    let cut = proxy.cut_after(10);
    store.run(vec![set("{a}v", b"x", 60)]).await.unwrap_err();
    cut.await;
    assert_eq!(Some(generation_when_back(&store).await), first);
    // A snapshot of a server that goes on.
    command(&mut server.connection().unwrap(), &["SAVE"]);
    tokio::time::sleep(Duration::from_millis(2_100)).await;
    assert_eq!(generation(&store).await, first);
    assert_eq!(store.generation_changes(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_was_restarted_has_another_generation() {
    let mut server = RedisServer::start().unwrap();
    let store = redis_at(&server.url()).await;
    let first = generation(&store).await.unwrap();
    server.stop().unwrap();
    server.restart().unwrap();
    let second = generation_when_back(&store).await;
    assert_ne!(second, first);
    assert_eq!(store.generation_changes(), 1);
    assert_eq!(generation(&store).await, Some(second));
    let other = redis_at(&server.url()).await;
    assert_eq!(generation(&other).await, Some(second));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_that_was_promoted_has_another_generation() {
    let primary = RedisServer::start().unwrap();
    let replica = RedisServer::start().unwrap();
    let first = generation(&redis_at(&primary.url()).await).await.unwrap();
    let mut replicas = replica.connection().unwrap();
    command(&mut replicas, &["REPLICAOF", "127.0.0.1", &primary.port().to_string()]);
    until("replication", || field(&mut replicas, "replication", "master_link_status") == "up")
        .await;
    command(&mut replicas, &["REPLICAOF", "NO", "ONE"]);
    let store = redis_at(&replica.url()).await;
    assert_ne!(generation(&store).await.unwrap(), first);
}

/// The connection stays up all the while, and the run id is the same: only the replication id tells.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_was_demoted_and_promoted_again_has_another_generation() {
    let server = RedisServer::start().unwrap();
    let rival = RedisServer::start().unwrap();
    let store = redis_at(&server.url()).await;
    let first = generation(&store).await.unwrap();
    let mut connection = server.connection().unwrap();
    let run_id = field(&mut connection, "server", "run_id");
    command(&mut connection, &["REPLICAOF", "127.0.0.1", &rival.port().to_string()]);
    until("replication", || field(&mut connection, "replication", "master_link_status") == "up")
        .await;
    store.run(vec![step("{a}n", 1, 60)]).await.unwrap_err();
    command(&mut connection, &["REPLICAOF", "NO", "ONE"]);
    // A server that became a replica is left, and found again: the first batch afterwards is told.
    assert_ne!(generation_when_back(&store).await, first);
    assert_eq!(field(&mut connection, "server", "run_id"), run_id);
    // A batch may have asked while it was a replica, and then had the rival's.
    assert!((1..=2).contains(&store.generation_changes()));
}

/// Nothing was asked of the server in the meantime: the first batch afterwards asks before it is carried out.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_after_a_pause_learns_of_a_promotion_before_it() {
    let server = RedisServer::start().unwrap();
    let store = redis_at(&server.url()).await;
    let first = generation(&store).await.unwrap();
    let mut connection = server.connection().unwrap();
    command(&mut connection, &["REPLICAOF", "127.0.0.1", "1"]);
    command(&mut connection, &["REPLICAOF", "NO", "ONE"]);
    tokio::time::sleep(Duration::from_millis(2_100)).await;
    let (second, third) = tokio::join!(generation(&store), generation(&store));
    assert_ne!(second.unwrap(), first);
    assert_eq!(third, second);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_is_asked_about_once_a_second_and_in_the_same_round_trip() {
    let server = RedisServer::start().unwrap();
    let proxy = Proxy::start(server.port()).await.unwrap();
    let store = redis_at(&format!("redis://{}", proxy.address())).await;
    until_the_clock_is_asked(&server).await;
    let mut connection = server.connection().unwrap();
    command(&mut connection, &["CONFIG", "RESETSTAT"]);
    let (start, round_trips) = (Instant::now(), proxy.round_trips());
    let mut batches = 0;
    while start.elapsed() < Duration::from_millis(2_500) {
        generation(&store).await.unwrap();
        batches += 1;
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert_eq!(proxy.round_trips() - round_trips, batches);
    let stats = field(&mut connection, "commandstats", "cmdstat_info");
    let calls = stats.strip_prefix("calls=").and_then(|rest| rest.split(',').next()).unwrap();
    let asked = calls.parse::<u64>().unwrap() / 2;
    assert!((1..=3).contains(&asked) && batches > 50, "asked {asked} times, {batches} batches");
}

#[tokio::test]
async fn a_user_who_may_not_ask_has_no_generation() {
    let rules = ["--user", "ann", "on", ">pw", "~countersign:*", "+@all", "-info"];
    let server = RedisServer::start_with(&rules).unwrap();
    let store = redis_at(&format!("redis://ann:pw@127.0.0.1:{}", server.port())).await;
    assert_eq!(generation(&store).await, None);
    tokio::time::sleep(Duration::from_millis(2_100)).await;
    assert_eq!(generation(&store).await, None);
}

#[tokio::test]
async fn an_operator_who_trusts_the_redis_has_no_generation() {
    let server = RedisServer::start().unwrap();
    let settings =
        RedisSettings { after_restart: AfterRestart::Trust, ..redis_settings(&server.url()) };
    let store = RedisStore::open(&settings).await.unwrap();
    assert_eq!(generation(&store).await, None);
}

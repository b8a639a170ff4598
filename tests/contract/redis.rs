//! What the Redis store promises beyond the contract.

use std::time::{Duration, Instant};

use countersign::stores::redis::{RedisSettings, RedisStore};
use countersign::stores::{AfterRestart, OpenError, Parts, Store};
use countersign_contract::store::{Operation, Reply};
use countersign_contract::types::StoreError;
use countersign_tests::proxy::Proxy;
use countersign_tests::redis::{RedisServer, free_port};
use countersign_tests::wait::until_async;
use redis::Connection;

use crate::generation::until_the_clock_is_asked;
use crate::harness::{assert_same, delete, get, redis_at, redis_settings, set, step, value};
use crate::log::Log;

/// Every key of batches on the server, with its remaining milliseconds.
fn keys(connection: &mut Connection) -> Vec<(String, i64)> {
    let names: Vec<String> = redis::cmd("KEYS").arg("*").query(connection).unwrap();
    let left = |name: String| {
        let left = redis::cmd("PTTL").arg(&name).query(connection).unwrap();
        (name, left)
    };
    // What proves that writes work is no batch's.
    names.into_iter().filter(|name| name != "countersign:scratch").map(left).collect()
}

/// Which commands the server has carried out since `f` began, and how often.
async fn commands_of(
    server: &RedisServer,
    store: &RedisStore,
    batch: Vec<Operation>,
) -> Vec<(String, u64)> {
    let mut connection = server.connection().unwrap();
    redis::cmd("CONFIG").arg("RESETSTAT").exec(&mut connection).unwrap();
    store.run(batch).await.unwrap();
    let text: String = redis::cmd("INFO").arg("commandstats").query(&mut connection).unwrap();
    let mut commands: Vec<_> = text
        .lines()
        .filter_map(|line| {
            let (name, numbers) = line.strip_prefix("cmdstat_")?.split_once(":calls=")?;
            Some((name.to_owned(), numbers.split_once(',')?.0.parse().unwrap()))
        })
        // The generation is asked for about once a second, whichever batch comes along then.
        .filter(|(name, _)| !name.starts_with("config") && name != "info")
        .collect();
    commands.sort();
    commands
}

/// Waits until the store has its connection again.
pub(crate) async fn until_back(store: &RedisStore) {
    let back = async {
        while store.ping().await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), back)
        .await
        .expect("no new connection within 10 s");
}

#[tokio::test]
async fn every_key_has_a_ttl_after_random_batches() {
    let server = RedisServer::start().unwrap();
    let store = redis_at(&server.url()).await;
    let mut random = fastrand::Rng::with_seed(11);
    for _ in 0..300 {
        let batch = (0..random.usize(1..=8))
            .map(|_| {
                let (kind, index) = (random.u8(0..6), random.u8(0..20));
                let (value_key, count_key) = (format!("{{a}}v{index}"), format!("{{a}}n{index}"));
                match kind {
                    0 => delete(&value_key),
                    1 => delete(&count_key),
                    2 => get(&value_key),
                    3 => set(&value_key, b"x", 60),
                    4 => step(&count_key, 0, 60),
                    _ => step(&count_key, random.i64(-1..=1), 60),
                }
            })
            .collect();
        store.run(batch).await.unwrap();
    }
    let keys = keys(&mut server.connection().unwrap());
    assert!(keys.len() > 10, "{keys:?}");
    for (key, left) in keys {
        assert!(left > 0 && key.starts_with("countersign:{a}"), "{key}: {left}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_cut_anywhere_leaves_no_key_without_a_ttl() {
    let server = RedisServer::start().unwrap();
    let proxy = Proxy::start(server.port()).await.unwrap();
    // Bytes are counted: none may come in between that ask for the generation.
    let settings = RedisSettings {
        after_restart: AfterRestart::Trust,
        ..redis_settings(&format!("redis://{}", proxy.address()))
    };
    let store = RedisStore::open(&settings).await.unwrap();
    let mut connection = server.connection().unwrap();
    let batch =
        || vec![get("{a}w"), step("{a}n", 1, 60), step("{a}m", 1, 60), set("{a}v", b"x", 60)];
    until_the_clock_is_asked(&server).await;
    let before = proxy.bytes();
    store.run(batch()).await.unwrap();
    let length = usize::try_from(proxy.bytes() - before).unwrap();
    assert!(length > 150, "{length}");
    for bytes in 0..=length {
        redis::cmd("FLUSHALL").exec(&mut connection).unwrap();
        redis::cmd("CONFIG").arg("RESETSTAT").exec(&mut connection).unwrap();
        let cut = proxy.cut_after(bytes);
        let result = store.run(batch()).await;
        cut.await;
        assert!(matches!(result, Err(StoreError::Unavailable)), "{bytes}: {result:?}");
        let keys = keys(&mut connection);
        assert_eq!(keys.len(), if bytes == length { 3 } else { 0 }, "{bytes}: {keys:?}");
        assert!(keys.iter().all(|(_, left)| *left > 0), "{bytes}: {keys:?}");
        until_back(&store).await;
        until_the_clock_is_asked(&server).await;
    }
    // Nothing was sent a second time.
    assert_same(&store.run(vec![step("{a}n", 0, 60)]).await.unwrap().replies, &[Reply::Count(1)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_comes_back_with_its_server() {
    let mut server = RedisServer::start().unwrap();
    let store = redis_at(&server.url()).await;
    store.run(vec![step("{a}n", 1, 60)]).await.unwrap();
    server.stop().unwrap();
    for _ in 0..20 {
        let start = Instant::now();
        let result = store.run(vec![step("{a}n", 1, 60)]).await;
        assert!(matches!(result, Err(StoreError::Timeout | StoreError::Unavailable)), "{result:?}");
        assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    }
    server.restart().unwrap();
    until_back(&store).await;
    assert_same(&store.run(vec![step("{a}n", 1, 60)]).await.unwrap().replies, &[Reply::Count(1)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_connection_that_was_not_closed_is_replaced() {
    let server = RedisServer::start().unwrap();
    let proxy = Proxy::start(server.port()).await.unwrap();
    let url = format!("redis://{}", proxy.address());
    let settings = RedisSettings { response_timeout_ms: 100, ..redis_settings(&url) };
    let store = RedisStore::open(&settings).await.unwrap();
    proxy.swallow();
    let start = Instant::now();
    let result = store.run(vec![step("{a}n", 1, 60)]).await;
    assert!(matches!(result, Err(StoreError::Timeout)), "{result:?}");
    assert!(start.elapsed() < Duration::from_millis(950), "{:?}", start.elapsed());
    proxy.forward();
    until_back(&store).await;
    assert_same(&store.run(vec![step("{a}n", 1, 60)]).await.unwrap().replies, &[Reply::Count(1)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_try_to_connect_that_falls_into_a_cut_holds_up_the_next_one_for_two_seconds_at_most() {
    let server = RedisServer::start().unwrap();
    let proxy = Proxy::start(server.port()).await.unwrap();
    let url = format!("redis://{}", proxy.address());
    let settings = RedisSettings { response_timeout_ms: 100, ..redis_settings(&url) };
    let store = RedisStore::open(&settings).await.unwrap();
    proxy.swallow();
    let result = store.run(vec![step("{a}n", 1, 60)]).await;
    assert!(matches!(result, Err(StoreError::Timeout)), "{result:?}");
    // By now the next connection is made, over the wire that is cut; what was sent there is lost.
    tokio::time::sleep(Duration::from_millis(300)).await;
    proxy.forward();
    let start = Instant::now();
    until_back(&store).await;
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_batch_is_one_round_trip_of_few_commands() {
    let server = RedisServer::start().unwrap();
    let proxy = Proxy::start(server.port()).await.unwrap();
    let store = redis_at(&format!("redis://{}", proxy.address())).await;
    until_the_clock_is_asked(&server).await;
    // Answers come in order: that of the clock has come too.
    store.ping().await.unwrap();
    let named = |commands: &[(&str, u64)]| -> Vec<(String, u64)> {
        commands.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()
    };
    let cases = [
        (vec![], named(&[])),
        (vec![get("{a}v")], named(&[("get", 1)])),
        (vec![step("{a}n", 0, 60)], named(&[("get", 1)])),
        (vec![set("{a}v", b"x", 60)], named(&[("set", 1)])),
        (vec![delete("{a}v")], named(&[("del", 1)])),
        (vec![get("{a}v"), step("{a}n", 0, 60), get("{a}v")], named(&[("mget", 1)])),
        (
            vec![step("{a}n", 1, 60)],
            named(&[("exec", 1), ("incrby", 1), ("multi", 1), ("pexpire", 1)]),
        ),
        (
            vec![step("{a}n", 1, 60), get("{a}v"), step("{a}m", 0, 60), get("{a}w")],
            named(&[("exec", 1), ("incrby", 1), ("mget", 1), ("multi", 1), ("pexpire", 1)]),
        ),
        (
            vec![set("{a}v", b"x", 60), get("{a}v"), get("{a}w")],
            named(&[("exec", 1), ("get", 2), ("multi", 1), ("set", 1)]),
        ),
    ];
    for (batch, expected) in cases {
        let round_trips = proxy.round_trips();
        let (shown, is_empty) = (format!("{batch:?}"), batch.is_empty());
        assert_eq!(commands_of(&server, &store, batch).await, expected, "{shown}");
        assert_eq!(proxy.round_trips() - round_trips, u64::from(!is_empty), "{shown}");
    }
}

#[tokio::test]
async fn user_password_and_database_are_used() {
    let server =
        RedisServer::start_with(&["--user", "ann", "on", ">hunter2", "~countersign:*", "+@all"])
            .unwrap();
    let ann = redis_at(&format!("redis://ann:hunter2@127.0.0.1:{}/3", server.port())).await;
    ann.run(vec![set("{a}v", b"ann's", 60)]).await.unwrap();
    let other = redis_at(&format!("{}/4", server.url())).await;
    assert_same(&other.run(vec![get("{a}v")]).await.unwrap().replies, &[Reply::Value(None)]);
    let third = redis_at(&format!("{}/3", server.url())).await;
    assert_same(&third.run(vec![get("{a}v")]).await.unwrap().replies, &[value(b"ann's")]);
}

#[tokio::test]
async fn a_refusal_is_told_at_once_and_without_the_password() {
    let server = RedisServer::start_with(&[
        "--user",
        "ann",
        "on",
        ">right",
        "~countersign:*",
        "+@all",
        "-incrby",
    ])
    .unwrap();
    let address = format!("127.0.0.1:{}", server.port());
    for url in
        [format!("redis://ann:hunter2@{address}"), format!("redis://ann:right@{address}/999")]
    {
        let start = Instant::now();
        let error = RedisStore::open(&redis_settings(&url)).await.err().unwrap();
        assert!(matches!(error, OpenError::Denied { .. }), "{error}");
        assert!(!format!("{error} {error:?} {:?}", redis_settings(&url)).contains("hunter2"));
        assert!(start.elapsed() < Duration::from_secs(10));
    }
    let store = redis_at(&format!("redis://ann:right@{address}")).await;
    let result = store.run(vec![set("{a}v", b"x", 60), step("{a}n", 1, 60)]).await;
    assert!(matches!(result, Err(StoreError::Denied)), "{result:?}");
    assert_same(&store.run(vec![get("{a}v")]).await.unwrap().replies, &[Reply::Value(None)]);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_given_up_in_time() {
    let url = format!("redis://127.0.0.1:{}", free_port().unwrap());
    let settings = RedisSettings { connect_timeout_seconds: 1, ..redis_settings(&url) };
    let start = Instant::now();
    let error = RedisStore::open(&settings).await.err().unwrap();
    assert!(matches!(error, OpenError::Unavailable { .. }), "{error}");
    assert!(error.to_string().contains("refused"), "{error}");
    assert!(start.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn a_server_that_evicts_is_refused() {
    let options = ["--maxmemory", "50mb", "--maxmemory-policy", "volatile-lru"];
    let server = RedisServer::start_with(&options).unwrap();
    let error = RedisStore::open(&redis_settings(&server.url())).await.err().unwrap();
    assert!(
        matches!(&error, OpenError::Evicting { policy, .. } if policy == "volatile-lru"),
        "{error}"
    );
}

#[tokio::test]
async fn a_server_that_evicts_later_is_told_once_and_counts_as_not_working() {
    let server = RedisServer::start().unwrap();
    let log = Log::start();
    let store = redis_at(&server.url()).await;
    assert_eq!(store.diagnostics().parts, Parts::ONE);
    let told = ["ERROR", "drops keys when its memory is full", "volatile-lru"];
    server.run(&["CONFIG", "SET", "maxmemory", "50mb"]).unwrap();
    for (policy, working, lines) in
        [("volatile-lru", 0, 1), ("volatile-lru", 0, 1), ("noeviction", 1, 1)]
    {
        server.run(&["CONFIG", "SET", "maxmemory-policy", policy]).unwrap();
        // It is asked on each new connection.
        server.run(&["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]).unwrap();
        let is_known = async || {
            let is_back = store.ping().await.is_ok();
            (is_back && store.diagnostics().parts.working == working).then_some(())
        };
        until_async(Duration::from_secs(10), is_known).await.expect("not noticed");
        assert_eq!(log.count(&told), lines, "{}", log.text());
    }
    assert_eq!(log.count(&["drops no keys any more"]), 1, "{}", log.text());
}

#[tokio::test]
async fn a_server_without_room_is_unavailable() {
    let server = RedisServer::start().unwrap();
    let store = redis_at(&server.url()).await;
    let mut connection = server.connection().unwrap();
    redis::cmd("CONFIG").arg("SET").arg("maxmemory").arg("1").exec(&mut connection).unwrap();
    for batch in [vec![step("{a}n", 1, 60)], vec![set("{a}v", b"x", 60)]] {
        let result = store.run(batch).await;
        assert!(matches!(result, Err(StoreError::Unavailable)), "{result:?}");
    }
    assert!(keys(&mut connection).is_empty());
}

#[tokio::test]
async fn more_batches_than_may_be_in_flight_wait_their_turn() {
    let server = RedisServer::start().unwrap();
    let settings = RedisSettings {
        max_in_flight: 2,
        response_timeout_ms: 60_000,
        ..redis_settings(&server.url())
    };
    let store = std::sync::Arc::new(RedisStore::open(&settings).await.unwrap());
    let tasks: Vec<_> = (0..200)
        .map(|_| {
            let store = std::sync::Arc::clone(&store);
            tokio::spawn(async move { store.run(vec![step("{a}n", 1, 60)]).await.unwrap() })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_same(&store.run(vec![step("{a}n", 0, 60)]).await.unwrap().replies, &[Reply::Count(200)]);
}

//! Scans: every key that lives is told, a bounded page at a time, while batches go on.

use std::collections::BTreeSet;
use std::time::Duration;

use countersign::stores::redis::{RedisSettings, RedisStore};
use countersign::stores::{Cursor, MAX_PAGE, Store};
use countersign_contract::store::{Operation, Reply};
use countersign_contract::types::StoreError;
use countersign_tests::redis::RedisServer;
use countersign_tests::wait::until_async;

use crate::harness::{Harness, delete, get, redis_at, redis_settings, same, set, step};
use crate::redis::until_back;

const ENDING: &str = ":challenges";
/// How long a key of one second may take to expire on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) async fn a_scan_tells_every_key_that_lives(harness: &Harness) {
    let living: BTreeSet<String> = (0..2_000).map(|n| format!("{{{n}}}:a{ENDING}")).collect();
    let expiring: Vec<String> = (0..60).map(|n| format!("{{{n}}}:b{ENDING}")).collect();
    let deleted: Vec<String> = (0..60).map(|n| format!("{{{n}}}:c{ENDING}")).collect();
    write(harness, living.iter().map(|key| set(key, b"x", 600))).await;
    write(harness, deleted.iter().map(|key| set(key, b"x", 600))).await;
    write(harness, (0..300).map(|n| step(&format!("{{{n}}}:a:history"), 1, 600))).await;
    write(harness, expiring.iter().map(|key| set(key, b"x", 1))).await;
    write(harness, deleted.iter().map(|key| delete(key))).await;
    let last = expiring.last().unwrap();
    harness.is_there_after(last, 2).await;
    let is_over = async || {
        let replies = harness.run(vec![get(last)]).await;
        same(&replies, &[Reply::Value(None)]).then_some(())
    };
    until_async(PATIENCE, is_over).await.expect("a key of one second lives on");

    let mut told = BTreeSet::new();
    let mut after = None;
    for page_number in 0.. {
        assert!(page_number < 1_000, "the scan has no end");
        // Batches are carried out all the while: they add and remove keys, and prolong others.
        let churn = format!("{{{page_number}}}:d{ENDING}");
        let living = format!("{{{}}}:a{ENDING}", page_number % 2_000);
        let batch = vec![set(&churn, b"x", 60), set(&living, b"y", 600)];
        let (page, ()) = tokio::join!(harness.store.scan(ENDING, after), async {
            harness.run(batch).await;
            harness.run(vec![delete(&churn)]).await;
        });
        let page = page.unwrap();
        assert!(page.keys.len() <= MAX_PAGE, "{} keys on a page", page.keys.len());
        assert!(page.keys.iter().all(|key| key.ends_with(ENDING)), "{:?}", page.keys);
        told.extend(page.keys.into_iter().filter(|key| !key.contains(":d:")));
        let Some(next) = page.next else { break };
        after = Some(Cursor::read(next.as_str()).expect("a cursor that is none as text"));
    }
    let missed: Vec<_> = living.difference(&told).collect();
    assert!(missed.is_empty(), "{} keys are missed: {:?}", missed.len(), missed.first());
    let added: Vec<_> = told.difference(&living).collect();
    assert!(added.is_empty(), "{} keys are told that don't live: {:?}", added.len(), added.first());
}

async fn write(harness: &Harness, operations: impl Iterator<Item = Operation>) {
    let operations: Vec<_> = operations.collect();
    for batch in operations.chunks(30) {
        harness.run(batch.to_vec()).await;
    }
}

/// All keys, page by page.
async fn scanned(store: &RedisStore) -> Result<BTreeSet<String>, StoreError> {
    let (mut keys, mut after) = (BTreeSet::new(), None);
    loop {
        let page = store.scan(ENDING, after).await?;
        keys.extend(page.keys);
        after = page.next;
        if after.is_none() {
            return Ok(keys);
        }
    }
}

#[tokio::test]
async fn redis_is_never_asked_for_all_keys_at_once() {
    let server = RedisServer::start().unwrap();
    let store = redis_at(&server.url()).await;
    for n in 0..1_200 {
        store.run(vec![set(&format!("{{{n}}}:a{ENDING}"), b"x", 600)]).await.unwrap();
    }
    assert_eq!(scanned(&store).await.unwrap().len(), 1_200);
    let mut connection = server.connection().unwrap();
    let text: String = ::redis::cmd("INFO").arg("commandstats").query(&mut connection).unwrap();
    let calls = text.lines().find_map(|line| line.strip_prefix("cmdstat_scan:calls="));
    let calls: u32 = calls.unwrap().split_once(',').unwrap().0.parse().unwrap();
    assert!((2..=20).contains(&calls), "{calls} calls of SCAN");
    assert!(!text.contains("cmdstat_keys"), "KEYS was sent");
}

#[tokio::test]
async fn a_redis_prefix_is_no_pattern() {
    let server = RedisServer::start().unwrap();
    let store = async |prefix: &str| {
        let settings =
            RedisSettings { key_prefix: prefix.to_owned(), ..redis_settings(&server.url()) };
        RedisStore::open(&settings).await.unwrap()
    };
    let (pattern, other) = (store("a*[b]\\?:").await, store("ax[b]\\?:").await);
    pattern.run(vec![set("{a}:a:challenges", b"x", 600)]).await.unwrap();
    other.run(vec![set("{b}:a:challenges", b"x", 600)]).await.unwrap();
    let expected = BTreeSet::from(["{a}:a:challenges".to_owned()]);
    assert_eq!(scanned(&pattern).await.unwrap(), expected);
}

/// Another process orders its keys in another way, so that an old cursor would pass over some of them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_cursor_ends_with_the_process_that_gave_it() {
    let mut server = RedisServer::start().unwrap();
    let store = redis_at(&server.url()).await;
    for n in 0..1_200 {
        store.run(vec![set(&format!("{{{n}}}:a{ENDING}"), b"x", 600)]).await.unwrap();
    }
    let next = store.scan(ENDING, None).await.unwrap().next;
    assert!(store.scan(ENDING, next.clone()).await.is_ok());
    server.stop().unwrap();
    server.restart().unwrap();
    until_back(&store).await;
    let refusal = store.scan(ENDING, next).await;
    assert!(matches!(refusal, Err(StoreError::InvalidArgument)), "{refusal:?}");
    assert!(store.scan(ENDING, Cursor::read("nonsense")).await.is_err());
}

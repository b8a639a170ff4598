//! What the PostgreSQL store promises beyond the contract.

use std::sync::Arc;
use std::time::{Duration, Instant};

use countersign::stores::postgres::{PostgresSettings, PostgresStore};
use countersign::stores::{OpenError, Store};
use countersign_contract::store::{Operation, Reply};
use countersign_contract::types::StoreError;
use countersign_tests::postgres::PostgresServer;
use countersign_tests::wait::until_async;

use crate::harness::{assert_same, delete, get, postgres_settings, set, step, value};

mod encrypted;
mod failing;
mod lost;
mod refused;

/// How long what has to come may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

async fn open(settings: &PostgresSettings) -> PostgresStore {
    PostgresStore::open(settings).await.unwrap()
}

async fn refusal(settings: &PostgresSettings) -> OpenError {
    PostgresStore::open(settings).await.err().expect("opened")
}

fn shared() -> &'static PostgresServer {
    PostgresServer::shared().unwrap()
}

async fn replies(store: &PostgresStore, batch: Vec<Operation>) -> Vec<Reply> {
    store.run(batch).await.unwrap().replies
}

/// Waits until the store carries out a batch again, and returns its generation.
async fn until_back(store: &PostgresStore) -> u64 {
    let back =
        until_async(PATIENCE, async || store.run(vec![set("{a}back", b"x", 60)]).await.ok()).await;
    back.expect("not back in time").generation.unwrap()
}

/// The number that a query of the test's own brings.
async fn number(server: &PostgresServer, query: &str) -> i64 {
    server.client().await.unwrap().query_one(query, &[]).await.unwrap().get(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_stores_on_one_database_count_together() {
    let settings = postgres_settings(&shared().url());
    let (first, second) = tokio::join!(open(&settings), open(&settings));
    let stores = [Arc::new(first), Arc::new(second)];
    let tasks: Vec<_> = (0..16)
        .map(|index: usize| {
            let store = Arc::clone(&stores[index % 2]);
            tokio::spawn(async move {
                for _ in 0..25 {
                    store.run(vec![step("{a}n", 1, 60)]).await.unwrap();
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    for store in stores {
        assert_same(&replies(&store, vec![step("{a}n", 0, 60)]).await, &[Reply::Count(400)]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_that_start_together_set_up_once() {
    let settings = postgres_settings(&shared().url());
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let settings = settings.clone();
            tokio::spawn(async move { open(&settings).await })
        })
        .collect();
    for task in tasks {
        replies(&task.await.unwrap(), vec![step("{a}n", 1, 60)]).await;
    }
    let store = open(&settings).await;
    assert_same(&replies(&store, vec![step("{a}n", 0, 60)]).await, &[Reply::Count(8)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn batches_that_step_the_same_keys_in_opposite_orders_never_wait_for_each_other() {
    let settings = postgres_settings(&shared().url());
    let store = Arc::new(open(&settings).await);
    let tasks: Vec<_> = (0..16)
        .map(|index| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                for round in 0..20 {
                    // New keys each time: a row that isn't there can't be locked.
                    let mut batch: Vec<_> =
                        (0..8).map(|key| step(&format!("{{a}}{round}n{key}"), 1, 60)).collect();
                    if index % 2 == 0 {
                        batch.reverse();
                    }
                    store.run(batch).await.unwrap();
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    for round in 0..20 {
        let batch = (0..8).map(|key| step(&format!("{{a}}{round}n{key}"), 0, 60)).collect();
        assert_same(&replies(&store, batch).await, &[16; 8].map(Reply::Count));
    }
}

/// Of a batch that writes n and then reads v, and one that writes v and then reads n, at least one sees the other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_batches_one_comes_first() {
    let store = Arc::new(open(&postgres_settings(&shared().url())).await);
    for round in 0..100 {
        let (n, v) = (format!("{{a}}n{round}"), format!("{{a}}v{round}"));
        let one = tokio::spawn({
            let (store, batch) = (Arc::clone(&store), vec![step(&n, 1, 60), get(&v)]);
            async move { store.run(batch).await.unwrap().replies }
        });
        let two = tokio::spawn({
            let (store, batch) = (Arc::clone(&store), vec![set(&v, b"x", 60), step(&n, 0, 60)]);
            async move { store.run(batch).await.unwrap().replies }
        });
        let (one, two) = (one.await.unwrap(), two.await.unwrap());
        let blind = matches!(one[1], Reply::Value(None)) && matches!(two[1], Reply::Count(0));
        assert!(!blind, "round {round}: neither saw the other");
    }
}

#[tokio::test]
async fn a_refused_batch_leaves_nothing_behind() {
    let store = open(&postgres_settings(&shared().url())).await;
    replies(&store, vec![set("{a}v", b"x", 60), step("{a}full", i64::MAX, 60)]).await;
    for refused in
        [step("{a}v", 1, 60), step("{a}v", 0, 60), get("{a}full"), step("{a}full", 1, 60)]
    {
        let batch = vec![step("{a}n", 1, 60), delete("{a}v2"), refused];
        let result = store.run(batch).await;
        assert!(matches!(result, Err(StoreError::InvalidArgument)), "{result:?}");
    }
    let left = replies(&store, vec![step("{a}n", 0, 60), get("{a}v")]).await;
    assert_same(&left, &[Reply::Count(0), value(b"x")]);
}

#[tokio::test]
async fn what_has_expired_is_as_good_as_gone() {
    let settings = postgres_settings(&shared().url());
    let store = open(&settings).await;
    let batch = vec![
        set("{a}v", b"x", 60),
        set("{a}w", b"x", 60),
        step("{a}n", 7, 60),
        step("{a}m", 7, 60),
    ];
    replies(&store, batch).await;
    let table = format!("{}.countersign_entries", settings.schema);
    shared().run(&format!("UPDATE {table} SET expires_at = clock_timestamp()")).await.unwrap();
    let batch = vec![get("{a}v"), step("{a}n", 0, 60), step("{a}m", 1, 60), step("{a}w", 2, 60)];
    let expected = [Reply::Value(None), Reply::Count(0), Reply::Count(1), Reply::Count(2)];
    assert_same(&replies(&store, batch).await, &expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_has_expired_is_removed_some_rows_at_a_time() {
    let settings = postgres_settings(&shared().url());
    let store = open(&settings).await;
    let (schema, server) = (&settings.schema, shared());
    let table = format!("{schema}.countersign_entries");
    let fill = format!(
        "INSERT INTO {table} SELECT 'old' || n, n, NULL, now() - interval '1 hour' FROM generate_series(1, 1000) n"
    );
    // Rows that a batch is at are left to it.
    let mut client = server.client().await.unwrap();
    let batch = client.transaction().await.unwrap();
    batch.batch_execute(&fill).await.unwrap();
    let purge = |most| format!("SELECT {schema}.countersign_purge_v1({most})");
    let removed: i64 = batch.query_one(&purge(100), &[]).await.unwrap().get(0);
    assert_eq!(removed, 100);
    batch.commit().await.unwrap();
    let batch = client.transaction().await.unwrap();
    let lock = format!("SELECT FROM {table} WHERE key = 'old999' FOR UPDATE");
    batch.batch_execute(&lock).await.unwrap();
    replies(&store, vec![step("{a}n", 1, 60)]).await;
    let left = format!("SELECT count(*) FROM {table} WHERE key LIKE 'old%'");
    let is_one = async || (number(server, &left).await == 1).then_some(());
    until_async(PATIENCE, is_one).await.expect("not removed in time");
    batch.rollback().await.unwrap();
    until_async(PATIENCE, async || (number(server, &left).await == 0).then_some(()))
        .await
        .expect("not removed in time");
    assert_same(&replies(&store, vec![step("{a}n", 0, 60)]).await, &[Reply::Count(1)]);
}

/// An issue makes several rows, so what is removed has to keep up with thousands of rows a second.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_has_expired_is_removed_without_a_rest_where_it_is_much() {
    let settings = postgres_settings(&shared().url());
    let _store = open(&settings).await;
    let table = format!("{}.countersign_entries", settings.schema);
    let fill = format!(
        "INSERT INTO {table} SELECT 'old' || n, n, NULL, now() - interval '1 hour' FROM generate_series(1, 45000) n"
    );
    shared().run(&fill).await.unwrap();
    let left = format!("SELECT count(*) FROM {table} WHERE key LIKE 'old%'");
    let start = Instant::now();
    until_async(PATIENCE, async || (number(shared(), &left).await == 0).then_some(()))
        .await
        .expect("not removed in time");
    // With 10,000 rows every five seconds it would be over twenty.
    assert!(start.elapsed() < Duration::from_secs(18), "{:?}", start.elapsed());
}

#[tokio::test]
async fn every_process_sees_one_generation_until_the_table_is_emptied_or_made_anew() {
    let settings = postgres_settings(&shared().url());
    let (store, other) = (open(&settings).await, open(&settings).await);
    let of = async |store: &PostgresStore| {
        store.run(vec![step("{a}n", 1, 60)]).await.unwrap().generation.unwrap()
    };
    let first = of(&store).await;
    assert_eq!(of(&other).await, first);
    assert_eq!(of(&store).await, first);
    let table = format!("{}.countersign_entries", settings.schema);
    shared().run(&format!("TRUNCATE {table}")).await.unwrap();
    let second = of(&store).await;
    assert_ne!(second, first);
    assert_eq!(of(&other).await, second);
    let again = format!(
        "ALTER TABLE {table} RENAME TO lost; CREATE TABLE {table} (LIKE {}.lost INCLUDING ALL)",
        settings.schema
    );
    shared().run(&again).await.unwrap();
    assert!(![first, second].contains(&of(&store).await));
}

#[tokio::test]
async fn a_store_that_is_dropped_leaves_no_connection() {
    let url = format!("{}?application_name=dropped", shared().url());
    let store = open(&postgres_settings(&url)).await;
    replies(&store, vec![step("{a}n", 1, 60)]).await;
    let query = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'dropped'";
    assert!(number(shared(), query).await >= 1);
    drop(store);
    until_async(PATIENCE, async || (number(shared(), query).await == 0).then_some(()))
        .await
        .expect("connections are left");
}

/// How long `answer` takes, and what it is.
async fn timed<T>(answer: impl Future<Output = T>) -> (T, Duration) {
    let start = Instant::now();
    let answer = answer.await;
    (answer, start.elapsed())
}

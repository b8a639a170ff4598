//! A server under pressure, or one that doesn't answer: told in time, never taken for success.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use countersign::stores::postgres::{PostgresSettings, PostgresStore};
use countersign::stores::{AfterRestart, OpenError, Store};
use countersign_contract::store::Reply;
use countersign_contract::types::StoreError;
use countersign_tests::proxy::Proxy;
use countersign_tests::wait::until_async;

use super::{PATIENCE, number, open, refusal, replies, shared, timed, until_back};
use crate::harness::{assert_same, get, postgres_settings, set, step};
use crate::log::Log;

/// The same, with a short deadline.
fn impatient(url: &str) -> PostgresSettings {
    PostgresSettings { response_timeout_ms: 500, ..postgres_settings(url) }
}

/// A store on the shared server that carries out a batch in half a second or not at all.
async fn impatient_store() -> (PostgresSettings, PostgresStore) {
    let settings = impatient(&shared().url());
    let store = open(&settings).await;
    (settings, store)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_that_waits_for_a_lock_is_given_up_and_never_carried_out() {
    let (settings, store) = impatient_store().await;
    let store = Arc::new(store);
    let mut client = shared().client().await.unwrap();
    let lock = client.transaction().await.unwrap();
    let table = format!("{}.countersign_entries", settings.schema);
    lock.batch_execute(&format!("LOCK TABLE {table}")).await.unwrap();
    // More than there are connections: those behind them wait for one.
    let tasks: Vec<_> = (0..15)
        .map(|_| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { timed(store.run(vec![step("{a}n", 1, 60)])).await })
        })
        .collect();
    for task in tasks {
        let (result, took) = task.await.unwrap();
        assert!(matches!(result, Err(StoreError::Timeout)), "{result:?}");
        assert!(took < Duration::from_secs(5), "{took:?}");
    }
    // What is removed beside the batches waits for the table too.
    let waiting = format!(
        "SELECT count(*) FROM pg_stat_activity \
         WHERE query LIKE '%{}%countersign_batch%' AND wait_event_type = 'Lock'",
        settings.schema
    );
    until_async(PATIENCE, async || (number(shared(), &waiting).await == 0).then_some(()))
        .await
        .expect("a batch that was given up still waits");
    lock.rollback().await.unwrap();
    until_back(&store).await;
    assert_same(&replies(&store, vec![step("{a}n", 0, 60)]).await, &[Reply::Count(0)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_batches_than_may_wait_are_refused_at_once() {
    let settings =
        PostgresSettings { max_connections: 1, max_waiting: 2, ..impatient(&shared().url()) };
    let store = Arc::new(open(&settings).await);
    let mut client = shared().client().await.unwrap();
    let lock = client.transaction().await.unwrap();
    let table = format!("{}.countersign_entries", settings.schema);
    lock.batch_execute(&format!("LOCK TABLE {table}")).await.unwrap();
    let write = || store.run(vec![step("{a}n", 1, 60)]);
    let results: [_; 6] = tokio::join!(write(), write(), write(), write(), write(), write()).into();
    let refused =
        results.iter().filter(|result| matches!(result, Err(StoreError::Unavailable))).count();
    let late = results.iter().filter(|result| matches!(result, Err(StoreError::Timeout))).count();
    assert_eq!((refused, late), (3, 3), "{results:?}");
    lock.rollback().await.unwrap();
    until_back(&store).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_with_room_for_few_connections_serves_all() {
    shared().run("CREATE ROLE few LOGIN CONNECTION LIMIT 3").await.unwrap();
    let settings = postgres_settings(&shared().url().replace("postgres@", "few@"));
    let grant = format!("CREATE SCHEMA {} AUTHORIZATION few", settings.schema);
    shared().run(&grant).await.unwrap();
    let store = Arc::new(open(&settings).await);
    let tasks: Vec<_> = (0..40)
        .map(|_| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { store.run(vec![step("{a}n", 1, 60)]).await.unwrap() })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_same(&replies(&store, vec![step("{a}n", 0, 60)]).await, &[Reply::Count(40)]);
    shared().run("ALTER ROLE few CONNECTION LIMIT 0").await.unwrap();
    let crowded = PostgresSettings { connect_timeout_seconds: 1, ..settings };
    let error = refusal(&crowded).await;
    assert!(matches!(error, OpenError::Unavailable { .. }), "{error}");
    assert!(error.to_string().contains("53300"), "{error}");
}

#[tokio::test]
async fn a_server_without_a_free_connection_is_told_as_that_and_mends_itself() {
    shared().run("CREATE ROLE packed LOGIN CONNECTION LIMIT 3").await.unwrap();
    let settings = impatient(&shared().url().replace("postgres@", "packed@"));
    let grant = format!("CREATE SCHEMA {} AUTHORIZATION packed", settings.schema);
    shared().run(&grant).await.unwrap();
    let log = Log::start();
    let store = open(&settings).await;
    let end = "ALTER ROLE packed CONNECTION LIMIT 0; SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
               WHERE usename = 'packed'";
    shared().run(end).await.unwrap();
    let told = ["WARN", "no free connection", "53300", "store.max_connections"];
    let is_told = async || {
        let result = store.run(vec![step("{a}n", 1, 60)]).await;
        assert!(matches!(result, Err(StoreError::Unavailable)), "{result:?}");
        (log.count(&told) > 0).then_some(())
    };
    until_async(PATIENCE, is_told).await.expect("not told");
    for _ in 0..20 {
        assert!(store.run(vec![step("{a}n", 1, 60)]).await.is_err());
    }
    assert_eq!(log.count(&told), 1, "{}", log.text());
    assert_eq!(log.count(&["can't be used"]), 0, "{}", log.text());
    shared().run("ALTER ROLE packed CONNECTION LIMIT 3").await.unwrap();
    until_back(&store).await;
    assert_eq!(log.count(&["has a free connection again"]), 1, "{}", log.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_has_expired_is_removed_where_the_server_has_one_connection_for_us() {
    shared().run("CREATE ROLE one LOGIN CONNECTION LIMIT 1").await.unwrap();
    let settings = postgres_settings(&shared().url().replace("postgres@", "one@"));
    let schema = &settings.schema;
    shared().run(&format!("CREATE SCHEMA {schema} AUTHORIZATION one")).await.unwrap();
    let store = open(&settings).await;
    replies(&store, vec![step("{a}n", 1, 60)]).await;
    let old = format!(
        "INSERT INTO {schema}.countersign_entries VALUES ('old', 1, NULL, now() - interval '1 hour')"
    );
    shared().run(&old).await.unwrap();
    let left = format!("SELECT count(*) FROM {schema}.countersign_entries WHERE key LIKE 'old%'");
    until_async(PATIENCE, async || (number(shared(), &left).await == 0).then_some(()))
        .await
        .expect("not removed in time");
    assert_same(&replies(&store, vec![step("{a}n", 0, 60)]).await, &[Reply::Count(1)]);
}

#[tokio::test]
async fn a_server_without_room_is_unavailable() {
    let (settings, store) = impatient_store().await;
    let schema = &settings.schema;
    let full = format!(
        "CREATE FUNCTION {schema}.no_room() RETURNS trigger LANGUAGE plpgsql AS \
         $$ BEGIN RAISE EXCEPTION 'no space left' USING ERRCODE = '53100'; END $$; \
         CREATE TRIGGER no_room BEFORE INSERT ON {schema}.countersign_entries EXECUTE FUNCTION {schema}.no_room()"
    );
    shared().run(&full).await.unwrap();
    for batch in [vec![step("{a}n", 1, 60)], vec![set("{a}v", b"x", 60)]] {
        let result = store.run(batch).await;
        assert!(matches!(result, Err(StoreError::Unavailable)), "{result:?}");
    }
    shared().run(&format!("DROP TRIGGER no_room ON {schema}.countersign_entries")).await.unwrap();
    assert_same(&replies(&store, vec![step("{a}n", 1, 60)]).await, &[Reply::Count(1)]);
}

#[tokio::test]
async fn a_table_that_goes_away_is_unavailable() {
    let (settings, store) = impatient_store().await;
    shared().run(&format!("DROP SCHEMA {} CASCADE", settings.schema)).await.unwrap();
    let result = store.run(vec![step("{a}n", 1, 60)]).await;
    assert!(matches!(result, Err(StoreError::Unavailable)), "{result:?}");
    assert!(store.ping().await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_the_server_ends_are_replaced() {
    let url = format!("{}?application_name=ended", shared().url());
    let store = open(&postgres_settings(&url)).await;
    let first = until_back(&store).await;
    for _ in 0..5 {
        let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'ended'";
        shared().run(end).await.unwrap();
        // A batch may be sent before the end is seen, and is then not sent again.
        assert_eq!(until_back(&store).await, first);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_connection_that_was_not_closed_is_replaced() {
    let proxy = Proxy::start(shared().port()).await.unwrap();
    let url = format!("postgresql://postgres@{}/postgres", proxy.address());
    let store = open(&impatient(&url)).await;
    proxy.swallow();
    let (result, took) = timed(store.run(vec![step("{a}n", 1, 60)])).await;
    assert!(matches!(result, Err(StoreError::Timeout)), "{result:?}");
    assert!(took < Duration::from_secs(5), "{took:?}");
    proxy.forward();
    until_back(&store).await;
    assert_same(&replies(&store, vec![step("{a}n", 0, 60)]).await, &[Reply::Count(0)]);
}

#[tokio::test]
async fn a_batch_is_one_round_trip() {
    let proxy = Proxy::start(shared().port()).await.unwrap();
    let url = format!("postgresql://postgres@{}/postgres", proxy.address());
    let store = open(&postgres_settings(&url)).await;
    // What the keeper asks at first, over a connection of its own.
    until_async(PATIENCE, async || store.diagnostics().skew).await.expect("clocks not compared");
    let batch =
        || vec![step("{a}n", 1, 60), get("{a}v"), set("{a}v", b"x", 60), step("{a}m", 0, 60)];
    replies(&store, batch()).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    let before = proxy.round_trips();
    for _ in 0..5 {
        replies(&store, batch()).await;
    }
    assert_eq!(proxy.round_trips() - before, 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_cut_anywhere_leaves_all_of_a_batch_or_nothing() {
    let proxy = Proxy::start(shared().port()).await.unwrap();
    let url = format!("postgresql://postgres@{}/postgres", proxy.address());
    let settings = postgres_settings(&url);
    let settings = PostgresSettings { after_restart: AfterRestart::Trust, ..settings };
    let table = format!("{}.countersign_entries", settings.schema);
    let batch = || vec![step("{a}n", 1, 60), set("{a}v", b"x", 60)];
    let mut counted = 0;
    // One store a cut: its first batch is all that passes.
    for bytes in (0..900).step_by(90) {
        let store = open(&settings).await;
        until_async(PATIENCE, async || store.diagnostics().skew).await.expect("not compared");
        tokio::time::sleep(Duration::from_millis(50)).await;
        shared().run(&format!("DELETE FROM {table}")).await.unwrap();
        let cut = proxy.cut_after(bytes);
        let result = store.run(batch()).await;
        if result.is_ok() {
            // Shorter than that: what comes next is cut.
            let _ = store.run(vec![get("{b}v")]).await;
            counted += 1;
        }
        drop(cut);
        proxy.forward();
        let query = format!("SELECT count(*) FROM {table}");
        let rows = number(shared(), &query).await;
        assert!(rows == 0 || rows == 2, "{bytes}: {rows}");
        assert!(result.is_err() || rows == 2, "{bytes}: {result:?}");
    }
    assert!(counted < 10, "nothing was cut");
}

/// A try to connect that falls into the cut holds up no batch for longer than its own time.
#[tokio::test]
async fn after_a_cut_of_the_network_all_is_well_again_soon() {
    let log = Log::start();
    let proxy = Proxy::start(shared().port()).await.unwrap();
    let url = format!("postgresql://postgres@{}/postgres", proxy.address());
    let settings = PostgresSettings { response_timeout_ms: 1_000, ..postgres_settings(&url) };
    let store = Arc::new(open(&settings).await);
    let last_failure = Arc::new(Mutex::new(Instant::now()));
    let tasks: Vec<_> = (0..16)
        .map(|number| {
            let (store, last_failure) = (Arc::clone(&store), Arc::clone(&last_failure));
            tokio::spawn(async move {
                loop {
                    let start = Instant::now();
                    let failed = store.run(vec![step(&format!("{{a{number}}}n"), 1, 60)]).await;
                    if failed.is_err() {
                        *last_failure.lock().unwrap() = start;
                    }
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(500)).await;
    proxy.swallow();
    tokio::time::sleep(Duration::from_secs(4)).await;
    proxy.forward();
    let forwarded = Instant::now();
    tokio::time::sleep(Duration::from_secs(12)).await;
    let took = last_failure.lock().unwrap().saturating_duration_since(forwarded);
    tasks.iter().for_each(tokio::task::JoinHandle::abort);
    assert!(took < Duration::from_secs(4), "{took:?}\n{}", log.text());
    // A try that ends after the cut makes no new outage of it.
    assert_eq!(log.count(&["can't be used"]), 1, "{}", log.text());
    assert_eq!(log.count(&["is back"]), 1, "{}", log.text());
}

//! A server that crashes, or that another one takes over from.

use std::time::Duration;

use countersign::stores::postgres::PostgresSettings;
use countersign::stores::{AfterRestart, OpenError, Store};
use countersign_contract::store::Reply;
use countersign_contract::types::StoreError;
use countersign_tests::postgres::PostgresServer;
use rustix::process::{Pid, Signal, kill_process};

use super::{number, open, refusal, replies, timed, until_back};
use crate::harness::{assert_same, postgres_settings, step};

/// With a user's commits that are only in memory, as the server has them.
const LAZY: &str = "?options=-c%20synchronous_commit%3Doff";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_comes_back_with_all_that_it_acknowledged_and_another_generation() {
    let server = PostgresServer::start("wal_writer_delay = 10s").unwrap();
    let settings = postgres_settings(&format!("{}{LAZY}", server.url()));
    let (store, other) = (open(&settings).await, open(&settings).await);
    let first = until_back(&store).await;
    for _ in 0..20 {
        replies(&store, vec![step("{a}n", 1, 60)]).await;
        // What is written and not yet on the disk.
        let lag = "SELECT (pg_current_wal_insert_lsn() - pg_current_wal_flush_lsn())::bigint";
        assert_eq!(number(&server, lag).await, 0);
    }
    server.kill().unwrap();
    for _ in 0..20 {
        let result = store.run(vec![step("{a}n", 1, 60)]).await;
        assert!(matches!(result, Err(StoreError::Unavailable)), "{result:?}");
    }
    server.restart().unwrap();
    let second = until_back(&store).await;
    assert_ne!(second, first);
    assert_eq!(until_back(&other).await, second);
    assert_same(&replies(&store, vec![step("{a}n", 0, 60)]).await, &[Reply::Count(20)]);
    let trusting = PostgresSettings { after_restart: AfterRestart::Trust, ..settings };
    let trusting = open(&trusting).await;
    assert_eq!(trusting.run(vec![step("{a}n", 0, 60)]).await.unwrap().generation, None);
}

/// A server whose first process stands still accepts connections, and never says anything on them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_stands_still_hides_none_that_is_named_after_it() {
    let (first, second) = (PostgresServer::start("").unwrap(), PostgresServer::start("").unwrap());
    let url = format!(
        "postgresql://postgres@127.0.0.1:{},127.0.0.1:{}/postgres",
        first.port(),
        second.port()
    );
    let settings = postgres_settings(&url);
    // Both have the table.
    drop(
        open(&PostgresSettings { url: postgres_settings(&second.url()).url, ..settings.clone() })
            .await,
    );
    let store = open(&settings).await;
    replies(&store, vec![step("{a}n", 7, 60)]).await;
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'countersign'";
    let client = first.client().await.unwrap();
    let stopped = Stopped::new(&first);
    // It is lost, and another connection made.
    client.batch_execute(end).await.unwrap();
    let (_, took) = timed(until_back(&store)).await;
    assert!(took < Duration::from_secs(5), "{took:?}");
    assert_same(&replies(&store, vec![step("{a}n", 0, 60)]).await, &[Reply::Count(0)]);
    // From now on the second one is tried first.
    second.run(end).await.unwrap();
    let (_, took) = timed(until_back(&store)).await;
    assert!(took < Duration::from_secs(1), "{took:?}");
    // A start has no such knowledge, and may have little time.
    for seconds in [30, 1] {
        let settings = PostgresSettings { connect_timeout_seconds: seconds, ..settings.clone() };
        let (store, took) = timed(open(&settings)).await;
        assert!(took < Duration::from_secs(5), "{took:?}");
        replies(&store, vec![step("{a}n", 1, 60)]).await;
    }
    // By name, of which this machine has one or two addresses.
    let url = settings.url.unwrap().expose().replace("127.0.0.1", "localhost");
    let (_store, took) = timed(open(&postgres_settings(&url))).await;
    assert!(took < Duration::from_secs(5), "{took:?}");
    drop(stopped);
}

/// Stands still until it is dropped.
struct Stopped(Pid);

impl Stopped {
    fn new(server: &PostgresServer) -> Self {
        let process = server.first_process().unwrap();
        kill_process(process, Signal::STOP).unwrap();
        Self(process)
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        kill_process(self.0, Signal::CONT).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_standby_is_refused_until_it_takes_over_and_then_found() {
    let primary = PostgresServer::start("").unwrap();
    let standby = primary.standby().unwrap();
    let alone = postgres_settings(&standby.url());
    let alone = PostgresSettings { connect_timeout_seconds: 1, ..alone };
    let error = refusal(&alone).await;
    assert!(matches!(error, OpenError::Unavailable { .. }), "{error}");

    let both = format!(
        "postgresql://postgres@127.0.0.1:{},127.0.0.1:{}/postgres",
        standby.port(),
        primary.port()
    );
    let store = open(&postgres_settings(&both)).await;
    let first = until_back(&store).await;
    // The primary turns read-only under the store, and back.
    let turn = async |to: &str| {
        let set = format!("ALTER SYSTEM SET default_transaction_read_only = {to}");
        let client = primary.client().await.unwrap();
        client.batch_execute("SET transaction_read_only = off").await.unwrap();
        for statement in
            ["SET default_transaction_read_only = off", &set, "SELECT pg_reload_conf()"]
        {
            client.batch_execute(statement).await.unwrap();
        }
    };
    turn("on").await;
    let refused = countersign_tests::wait::until_async(super::PATIENCE, async || {
        store.run(vec![step("{a}x", 1, 60)]).await.err()
    });
    let refused = refused.await.expect("writes go on");
    assert!(matches!(refused, StoreError::Unavailable), "{refused:?}");
    assert!(matches!(store.ping().await, Err(StoreError::Unavailable)));
    turn("off").await;
    assert_eq!(until_back(&store).await, first);

    replies(&store, vec![step("{a}n", 5, 60)]).await;
    let caught_up = format!(
        "SELECT count(*) FROM pg_stat_replication WHERE replay_lsn >= '{}'",
        primary
            .client()
            .await
            .unwrap()
            .query_one("SELECT pg_current_wal_lsn()::text", &[])
            .await
            .unwrap()
            .get::<_, String>(0)
    );
    countersign_tests::wait::until_async(super::PATIENCE, async || {
        (number(&primary, &caught_up).await == 1).then_some(())
    })
    .await
    .expect("the standby lags behind");
    primary.kill().unwrap();
    standby.promote().unwrap();
    assert_ne!(until_back(&store).await, first);
    assert_same(&replies(&store, vec![step("{a}n", 1, 60)]).await, &[Reply::Count(6)]);
}

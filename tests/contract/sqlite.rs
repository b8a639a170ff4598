//! What the SQLite store promises beyond the contract.

use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use countersign::stores::sqlite::{SqliteSettings, SqliteStore};
use countersign::stores::{OpenError, Store};
use countersign_contract::store::Reply;
use countersign_contract::types::StoreError;
use rusqlite::Connection;

use crate::harness::{assert_same, clock, get, set, sqlite_settings, step, value};

async fn open(settings: &SqliteSettings) -> SqliteStore {
    SqliteStore::open(settings, clock().0).await.unwrap()
}

#[tokio::test]
async fn what_was_written_is_there_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let settings = sqlite_settings(&directory);
    open(&settings).await.run(vec![set("{a}v", b"kept", 60), step("{a}n", 3, 60)]).await.unwrap();
    let again = open(&settings).await;
    let replies = again.run(vec![get("{a}v"), step("{a}n", 1, 60)]).await.unwrap().replies;
    assert_same(&replies, &[value(b"kept"), Reply::Count(4)]);
}

#[tokio::test]
async fn only_its_owner_may_read_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(&sqlite_settings(&directory)).await;
    store.run(vec![step("{a}n", 1, 60)]).await.unwrap();
    let files: Vec<_> = std::fs::read_dir(directory.path()).unwrap().map(Result::unwrap).collect();
    assert_eq!(files.len(), 3, "{files:?}");
    for file in files {
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{file:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_stores_on_one_file_count_together() {
    let directory = tempfile::tempdir().unwrap();
    let settings = sqlite_settings(&directory);
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
        assert_same(
            &store.run(vec![step("{a}n", 0, 60)]).await.unwrap().replies,
            &[Reply::Count(400)],
        );
    }
}

#[tokio::test]
async fn a_batch_that_timed_out_is_never_carried_out() {
    let directory = tempfile::tempdir().unwrap();
    let settings = SqliteSettings { timeout_ms: 120, ..sqlite_settings(&directory) };
    let store = open(&settings).await;
    let other = Connection::open(&settings.path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let (first, second) = tokio::join!(
        store.run(vec![step("{a}n", 1, 60)]),
        store.run(vec![step("{a}n", 1, 60), set("{a}v", b"x", 60)]),
    );
    assert!(matches!(first, Err(StoreError::Timeout)), "{first:?}");
    assert!(matches!(second, Err(StoreError::Timeout)), "{second:?}");
    other.execute_batch("COMMIT").unwrap();
    drop(store);
    let replies =
        open(&settings).await.run(vec![step("{a}n", 0, 60), get("{a}v")]).await.unwrap().replies;
    assert_same(&replies, &[Reply::Count(0), Reply::Value(None)]);
}

#[tokio::test]
async fn a_full_queue_is_told_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let settings =
        SqliteSettings { timeout_ms: 500, max_waiting: 1, ..sqlite_settings(&directory) };
    let store = open(&settings).await;
    let other = Connection::open(&settings.path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let write = || store.run(vec![step("{a}n", 1, 60)]);
    // The writer may take up a few before it finds the file locked.
    let results: [_; 10] = tokio::join!(
        write(),
        write(),
        write(),
        write(),
        write(),
        write(),
        write(),
        write(),
        write(),
        write()
    )
    .into();
    let refused =
        results.iter().filter(|result| matches!(result, Err(StoreError::Unavailable))).count();
    let late = results.iter().filter(|result| matches!(result, Err(StoreError::Timeout))).count();
    assert!(refused >= 4 && refused + late == 10, "{results:?}");
}

#[tokio::test]
async fn a_refused_batch_hurts_no_other() {
    let directory = tempfile::tempdir().unwrap();
    let settings = sqlite_settings(&directory);
    let store = open(&settings).await;
    store.run(vec![set("{a}v", b"x", 60)]).await.unwrap();
    let other = Connection::open(&settings.path).unwrap();
    // While another process writes, these gather for one transaction.
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let (first, refused, last, ()) = tokio::join!(
        store.run(vec![step("{a}n", 1, 60)]),
        store.run(vec![step("{a}n", 10, 60), step("{a}v", 1, 60)]),
        store.run(vec![step("{a}n", 100, 60)]),
        async { other.execute_batch("COMMIT").unwrap() },
    );
    assert!(first.is_ok() && last.is_ok(), "{first:?} {last:?}");
    assert!(matches!(refused, Err(StoreError::InvalidArgument)), "{refused:?}");
    assert_same(&store.run(vec![step("{a}n", 0, 60)]).await.unwrap().replies, &[Reply::Count(101)]);
}

#[tokio::test]
async fn requests_sweep_what_has_expired() {
    let directory = tempfile::tempdir().unwrap();
    let settings = sqlite_settings(&directory);
    let (clock, now) = clock();
    let store = SqliteStore::open(&settings, clock).await.unwrap();
    for tens in 0..10 {
        let batch = (0..30).map(|ones| step(&format!("{{a}}{tens}{ones}"), 1, 1 + ones)).collect();
        store.run(batch).await.unwrap();
    }
    now.fetch_add(32_000, Ordering::SeqCst);
    for _ in 0..40 {
        store.run(vec![step("{b}n", 1, 60)]).await.unwrap();
    }
    let other = Connection::open(&settings.path).unwrap();
    let rows: i64 = other.query_row("SELECT count(*) FROM entries", [], |row| row.get(0)).unwrap();
    assert_eq!(rows, 1);
}

#[tokio::test]
async fn a_file_that_is_not_ours_is_refused_and_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let settings = sqlite_settings(&directory);
    let refusal = async || match SqliteStore::open(&settings, clock().0).await {
        Err(OpenError::Foreign { reason, .. }) => reason,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("opened"),
    };
    let text = b"dear diary, this is not a database, but it is longer than one header of a hundred bytes is, by far";
    std::fs::write(&settings.path, [text.as_slice(), text].concat()).unwrap();
    assert!(refusal().await.contains("not an SQLite database"));
    assert!(std::fs::read(&settings.path).unwrap().starts_with(text));

    std::fs::remove_file(&settings.path).unwrap();
    Connection::open(&settings.path).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
    let before = std::fs::read(&settings.path).unwrap();
    assert!(refusal().await.contains("another program"));
    assert_eq!(std::fs::read(&settings.path).unwrap(), before);

    std::fs::remove_file(&settings.path).unwrap();
    drop(open(&settings).await);
    Connection::open(&settings.path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    assert!(refusal().await.contains("version 99"));
}

#[tokio::test]
async fn a_path_that_cannot_be_used_is_named() {
    let settings =
        SqliteSettings { path: "/nowhere/at/all.db".into(), ..SqliteSettings::default() };
    let refusal = SqliteStore::open(&settings, clock().0).await.err().unwrap();
    assert!(matches!(refusal, OpenError::File { .. }));
    assert!(refusal.to_string().contains("/nowhere/at/all.db"));
}

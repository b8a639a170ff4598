//! A node of a cluster that says what none should: it is asked a bounded number of times, and believed in nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use countersign::stores::redis::{RedisSettings, RedisStore};
use countersign::stores::{OpenError, Store};
use countersign_contract::types::StoreError;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use crate::harness::{get, redis_settings};
use crate::log::Log;

/// Answers on a free port: to `CLUSTER SLOTS` with these slots for itself, to `GET` that the key is on itself, and with
/// `OK` to all else. Counts the `GET`s.
async fn node(first: i32, last: i32) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let gets = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&gets);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer(stream, port, (first, last), Arc::clone(&counted)));
        }
    });
    (port, gets)
}

async fn answer(stream: TcpStream, port: u16, slots: (i32, i32), gets: Arc<AtomicUsize>) {
    let mut stream = BufReader::new(stream);
    while let Some(words) = command(&mut stream).await {
        let (first, last) = slots;
        let said = match words.first().map(String::as_str) {
            Some("CLUSTER") => format!(
                "*1\r\n*3\r\n:{first}\r\n:{last}\r\n*3\r\n$9\r\n127.0.0.1\r\n:{port}\r\n$1\r\nx\r\n"
            ),
            Some("GET") => {
                gets.fetch_add(1, Ordering::Relaxed);
                format!("-MOVED 1 127.0.0.1:{port}\r\n")
            }
            Some("INFO") => "-NOPERM no\r\n".to_owned(),
            _ => "+OK\r\n".to_owned(),
        };
        if stream.write_all(said.as_bytes()).await.is_err() {
            return;
        }
    }
}

/// The words of the next command; nothing where the connection ends.
async fn command(stream: &mut BufReader<TcpStream>) -> Option<Vec<String>> {
    let count = length(stream).await?;
    let mut words = Vec::new();
    for _ in 0..count {
        let bytes = length(stream).await?;
        let mut word = vec![0; bytes + 2];
        stream.read_exact(&mut word).await.ok()?;
        words.push(String::from_utf8_lossy(&word[..bytes]).into_owned());
    }
    Some(words)
}

async fn length(stream: &mut BufReader<TcpStream>) -> Option<usize> {
    let mut line = String::new();
    stream.read_line(&mut line).await.ok()?;
    line.trim_end().get(1..)?.parse().ok()
}

async fn open(port: u16) -> Result<RedisStore, OpenError> {
    let url = redis_settings(&format!("redis://127.0.0.1:{port}")).url;
    let settings = RedisSettings { url, cluster: true, ..RedisSettings::default() };
    RedisStore::open(&RedisSettings { connect_timeout_seconds: 2, ..settings }).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_sends_us_to_itself_is_followed_a_few_times() {
    let (port, gets) = node(0, 16_383).await;
    let store = open(port).await.unwrap();
    let result = store.run(vec![get("{a}v")]).await;
    assert!(matches!(result, Err(StoreError::Unavailable)), "{result:?}");
    let gets = gets.load(Ordering::Relaxed);
    assert!((2..=10).contains(&gets), "{gets}");
}

#[tokio::test]
async fn a_node_that_is_met_for_the_first_time_does_not_come_back() {
    let log = Log::start();
    let (port, _) = node(0, 16_383).await;
    let store = open(port).await.unwrap();
    store.ping().await.unwrap();
    assert_eq!(log.count(&["back"]), 0, "{}", log.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slots_that_cannot_be_are_no_answer() {
    for (first, last) in [(16_383, 0), (-1, 16_383), (0, 16_384), (0, 16_382)] {
        let (port, _) = node(first, last).await;
        let error = open(port).await.err().unwrap();
        assert!(matches!(error, OpenError::Unavailable { .. }), "{first}-{last}: {error}");
    }
}

//! What a fail-over loses: beside the load a client of the store's own counts a key up, and remembers what was acknowledged.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use countersign_tests::postgres::PostgresServer;
use countersign_tests::redis::RedisServer;
use redis::Connection;

/// How long the client waits for an answer, and between two steps.
const PATIENCE: Duration = Duration::from_millis(300);
const PAUSE: Duration = Duration::from_millis(1);

/// A client that counts until the server doesn't answer.
pub(crate) struct Steps {
    counting: JoinHandle<u64>,
    ends: Arc<AtomicBool>,
    key: String,
}

impl Steps {
    /// Counts `key` up in a Redis.
    #[expect(clippy::disallowed_methods, reason = "a thread of its own paces itself")]
    pub(crate) fn begin(server: &RedisServer, key: &str) -> Self {
        let mut connection = server.connection().unwrap();
        connection.set_read_timeout(Some(PATIENCE)).unwrap();
        redis::cmd("SET").arg(key).arg(0).arg("EX").arg(3_600).exec(&mut connection).unwrap();
        let (ends, key) = (Arc::new(AtomicBool::new(false)), key.to_owned());
        let (is_over, counted) = (Arc::clone(&ends), key.clone());
        let counting = thread::spawn(move || {
            let mut last = 0;
            while !is_over.load(Ordering::Relaxed) {
                let step: redis::RedisResult<u64> =
                    redis::cmd("INCR").arg(&counted).query(&mut connection);
                let Ok(count) = step else { break };
                last = count;
                thread::sleep(PAUSE);
            }
            last
        });
        Self { counting, ends, key }
    }

    /// Says how many of the steps another server has forgotten.
    pub(crate) fn compare(self, after: &RedisServer) {
        self.ends.store(true, Ordering::Relaxed);
        let acknowledged = self.counting.join().unwrap();
        let mut connection: Connection = after.connection().unwrap();
        let kept: Option<u64> = redis::cmd("GET").arg(&self.key).query(&mut connection).unwrap();
        told(acknowledged, kept.unwrap_or(0));
    }
}

/// As [`Steps`], of a PostgreSQL.
pub(crate) struct Rows(tokio::task::JoinHandle<u64>);

impl Rows {
    /// Counts a row up.
    pub(crate) async fn begin(server: &PostgresServer) -> Self {
        let client = server.client().await.unwrap();
        let make = "CREATE TABLE beside (n bigint); INSERT INTO beside VALUES (0)";
        client.batch_execute(make).await.unwrap();
        Self(tokio::spawn(async move {
            let mut last = 0;
            let step = "UPDATE beside SET n = n + 1 RETURNING n";
            while let Ok(Ok(row)) =
                tokio::time::timeout(PATIENCE * 10, client.query_one(step, &[])).await
            {
                last = u64::try_from(row.get::<_, i64>(0)).unwrap();
                tokio::time::sleep(PAUSE).await;
            }
            last
        }))
    }

    /// Says how many of the steps a server has forgotten.
    pub(crate) async fn compare(self, after: &PostgresServer) {
        let acknowledged = self.0.await.unwrap();
        let client = after.client().await.unwrap();
        let kept: i64 = client.query_one("SELECT n FROM beside", &[]).await.unwrap().get(0);
        told(acknowledged, u64::try_from(kept).unwrap());
    }
}

fn told(acknowledged: u64, kept: u64) {
    let lost = acknowledged.saturating_sub(kept);
    println!("of {acknowledged} acknowledged steps {lost} were lost");
}

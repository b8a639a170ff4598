//! What a store's server says of its size and of its slowest work, behind the store's back.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use redis::Connection;
use tokio::runtime::Runtime;
use tokio_postgres::Client;

use crate::stores::site::{Site, field};

/// What the store's table is called.
const TABLE: &str = "countersign.countersign_entries";
/// How long the server may take to forget all that has expired.
const PATIENCE: u32 = 3_600;

/// A connection of the bench's own.
pub(super) enum Inspector {
    Postgres(Client),
    Redis(Connection),
}

/// How much a server holds.
#[derive(Clone, Copy)]
pub(super) struct Size {
    pub(super) bytes: u64,
    pub(super) keys: u64,
}

impl Inspector {
    pub(super) fn new(site: &Site, runtime: &Runtime) -> Result<Self> {
        if let Some(server) = site.postgres_server() {
            return Ok(Self::Postgres(runtime.block_on(server.client())?));
        }
        let server = site.redis_servers().first().context("no server")?;
        let mut connection = server.connection()?;
        for (setting, value) in [("slowlog-log-slower-than", "1000"), ("slowlog-max-len", "1000")] {
            redis::cmd("CONFIG").arg("SET").arg(setting).arg(value).exec(&mut connection)?;
        }
        Ok(Self::Redis(connection))
    }

    /// All that it holds: of PostgreSQL the table and its indexes.
    pub(super) fn size(&mut self, runtime: &Runtime) -> Result<Size> {
        match self {
            Self::Postgres(client) => {
                let query = format!(
                    "SELECT pg_total_relation_size('{TABLE}'), (SELECT count(*) FROM {TABLE})"
                );
                let row = runtime.block_on(client.query_one(&query, &[]))?;
                let [bytes, keys] = [0, 1].map(|column| row.get::<_, i64>(column).unsigned_abs());
                Ok(Size { bytes, keys })
            }
            Self::Redis(connection) => {
                let text: String = redis::cmd("INFO").arg("memory").query(connection)?;
                let bytes = field(&text, "used_memory")?;
                Ok(Size { bytes, keys: redis::cmd("DBSIZE").query(connection)? })
            }
        }
    }

    /// Remembers what PostgreSQL holds, so that the next challenges can be told from it.
    pub(super) fn remember(&mut self, runtime: &Runtime) -> Result<()> {
        let Self::Postgres(client) = self else { return Ok(()) };
        let text = format!("CREATE TEMP TABLE known AS SELECT key FROM {TABLE}");
        Ok(runtime.block_on(client.batch_execute(&text))?)
    }

    /// Keeps what has come since then, to be copied.
    pub(super) fn take_sample(&mut self, runtime: &Runtime) -> Result<()> {
        let Self::Postgres(client) = self else { return Ok(()) };
        let sample = format!(
            "CREATE TEMP TABLE sample AS SELECT *, substring(key from '\\{{([^}}]*)\\}}') AS tag \
             FROM {TABLE} AS t \
             WHERE key LIKE '{{%' AND NOT EXISTS (SELECT FROM known WHERE known.key = t.key)"
        );
        Ok(runtime.block_on(client.batch_execute(&sample))?)
    }

    /// Copies all of the sample so many times, each time with the keys of other recipients.
    pub(super) fn copy(&mut self, runtime: &Runtime, times: usize) -> Result<()> {
        let Self::Postgres(client) = self else { return Ok(()) };
        for _ in 0..times {
            let copy = format!(
                "INSERT INTO {TABLE} SELECT \
                 replace(key, tag, substr(md5(tag || '{}') || md5(tag), 1, length(tag))), \
                 count, value, expires_at FROM sample",
                fastrand::u64(..)
            );
            runtime.block_on(client.batch_execute(&copy))?;
        }
        Ok(())
    }

    /// The slowest of what the store asked for.
    pub(super) fn slowest(&mut self, site: &Site, runtime: &Runtime) -> Result<Vec<String>> {
        match self {
            Self::Postgres(client) => {
                let query = "SELECT calls, round(mean_exec_time::numeric, 3)::text, \
                             round(max_exec_time::numeric, 1)::text, query FROM pg_stat_statements \
                             WHERE query LIKE 'SELECT history, counts%' OR query LIKE 'SELECT %purge_v_($1)'";
                runtime.block_on(
                    client.batch_execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements"),
                )?;
                let rows = runtime.block_on(client.query(query, &[]))?;
                let told = rows.iter().map(|row| {
                    let (calls, mean, max): (i64, &str, &str) =
                        (row.get(0), row.get(1), row.get(2));
                    let is_purge = row.get::<_, &str>(3).contains("purge");
                    let what = if is_purge { "removals" } else { "batches" };
                    format!(
                        "{}: {calls} {what}, {mean} ms on average, {max} ms the longest",
                        site.name
                    )
                });
                Ok(told.collect())
            }
            Self::Redis(connection) => {
                let slow: Vec<redis::Value> =
                    redis::cmd("SLOWLOG").arg("GET").arg(1_000).query(connection)?;
                let mut slow: Vec<(u64, String)> = slow.iter().filter_map(entry).collect();
                slow.sort_unstable();
                let of_store = slow.len();
                let slowest = slow.last();
                Ok(vec![format!(
                    "{}: {of_store} commands over 1 ms; the slowest: {slowest:?} (µs)",
                    site.name
                )])
            }
        }
    }

    /// Has all that there is expire, and waits until the server has forgotten it.
    pub(super) fn expire(&mut self, runtime: &Runtime) -> Result<()> {
        match self {
            Self::Postgres(client) => {
                let expire =
                    format!("UPDATE {TABLE} SET expires_at = now() - interval '2 minutes'");
                runtime.block_on(client.batch_execute(&expire))?;
            }
            Self::Redis(connection) => expire_all(connection)?,
        }
        for _ in 0..PATIENCE {
            // What proves that writes work is written all the time.
            if self.size(runtime)?.keys < 10 {
                return Ok(());
            }
            std::thread::park_timeout(Duration::from_secs(1));
        }
        bail!("what has expired is still there")
    }
}

/// One command of the slow log: how long it took, and its name. Not those of the bench's own.
fn entry(entry: &redis::Value) -> Option<(u64, String)> {
    let redis::Value::Array(parts) = entry else { return None };
    let [_, _, redis::Value::Int(micros), redis::Value::Array(words), ..] = parts.as_slice() else {
        return None;
    };
    let Some(redis::Value::BulkString(name)) = words.first() else { return None };
    let name = String::from_utf8_lossy(name).to_uppercase();
    let is_own = matches!(&*name, "SCAN" | "CONFIG" | "SLOWLOG");
    (!is_own).then(|| Some((u64::try_from(*micros).ok()?, name)))?
}

/// Lets every key live for some seconds yet, not all for the same number.
fn expire_all(connection: &mut Connection) -> Result<()> {
    let mut cursor = 0_u64;
    loop {
        let (next, keys): (u64, Vec<Vec<u8>>) =
            redis::cmd("SCAN").arg(cursor).arg("COUNT").arg(1_000).query(connection)?;
        let mut pipeline = redis::pipe();
        for key in keys {
            pipeline.cmd("PEXPIRE").arg(key).arg(fastrand::u32(1..10_000)).ignore();
        }
        pipeline.exec(connection)?;
        cursor = next;
        if cursor == 0 {
            return Ok(());
        }
    }
}

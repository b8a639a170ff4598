//! Spin's key-value store over Redis: one connection for all, counters as decimal text, labels ignored.

use std::sync::{Mutex, PoisonError};

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, Cmd, FromRedisValue, cmd};

use super::{Failure, Pairs};

/// Unlike Spin's, which hangs while Redis is away and comes back late, this one fails at once and reconnects
/// with the next operation.
pub(super) struct Redis {
    client: Client,
    connection: Mutex<Option<MultiplexedConnection>>,
}

impl Redis {
    pub(super) fn new(url: &str) -> Result<Self, String> {
        let client = Client::open(url).map_err(|error| error.to_string())?;
        Ok(Self { client, connection: Mutex::default() })
    }

    pub(super) async fn open(&self) -> Result<(), Failure> {
        // Spin connects, pings, and minds only the former.
        self.connection().await?;
        let _: Result<String, _> = self.query(&cmd("PING")).await;
        Ok(())
    }

    pub(super) async fn get(&self, _label: &str, key: &str) -> Result<Option<Vec<u8>>, Failure> {
        self.query(cmd("GET").arg(key)).await
    }

    pub(super) async fn set(&self, _label: &str, key: &str, value: &[u8]) -> Result<(), Failure> {
        self.query(cmd("SET").arg(key).arg(value)).await
    }

    pub(super) async fn delete(&self, _label: &str, key: &str) -> Result<(), Failure> {
        self.query(cmd("DEL").arg(key)).await
    }

    /// As Spin has it: a command that finds the names of keys by one pattern, and refuses two.
    pub(super) async fn get_many(&self, _label: &str, keys: &[String]) -> Result<Pairs, Failure> {
        self.query(cmd("KEYS").arg(keys)).await
    }

    pub(super) async fn delete_many(&self, _label: &str, keys: &[String]) -> Result<(), Failure> {
        self.query(cmd("DEL").arg(keys)).await
    }

    pub(super) async fn keys(&self, _label: &str) -> Result<Vec<String>, Failure> {
        self.query(cmd("KEYS").arg("*")).await
    }

    pub(super) async fn increment(
        &self,
        _label: &str,
        key: &str,
        delta: i64,
    ) -> Result<i64, Failure> {
        self.query(cmd("INCRBY").arg(key).arg(delta)).await
    }

    async fn query<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, Failure> {
        let mut connection = self.connection().await?;
        let answer = command.query_async(&mut connection).await;
        answer.map_err(|error| {
            if error.is_unrecoverable_error() {
                *self.kept() = None;
            }
            Failure::reported(error)
        })
    }

    async fn connection(&self) -> Result<MultiplexedConnection, Failure> {
        if let Some(connection) = self.kept().clone() {
            return Ok(connection);
        }
        // Another request that connects meanwhile gets a connection too; the last one is kept.
        let config = AsyncConnectionConfig::new().set_response_timeout(None);
        let opened = self.client.get_multiplexed_async_connection_with_config(&config).await;
        let connection = opened.map_err(Failure::reported)?;
        *self.kept() = Some(connection.clone());
        Ok(connection)
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Option<MultiplexedConnection>> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

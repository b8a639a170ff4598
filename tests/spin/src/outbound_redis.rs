//! `fermyon:spin/redis` for the guest: a connection of its own for each `open`, replies flattened into one list.

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, Cmd, FromRedisValue, Value, cmd};
use wasmtime::component::Resource;
use wasmtime_wasi::TrappableError;

use crate::bindings::fermyon::spin::redis::{self as wit, RedisParameter, RedisResult};
use crate::state::State;

/// What a call may end with: an error for the guest, or a trap.
pub(crate) type Error = TrappableError<wit::Error>;

/// An open connection. It is closed when the guest drops it, or ends.
#[derive(Clone)]
#[expect(unreachable_pub, reason = "the bindings re-export it publicly")]
pub struct Connection(MultiplexedConnection);

impl State {
    async fn query<T: FromRedisValue>(
        &mut self,
        connection: &Resource<Connection>,
        command: &Cmd,
    ) -> Result<T, Error> {
        let Connection(mut connection) =
            self.table.get(connection).cloned().map_err(Error::trap)?;
        command.query_async(&mut connection).await.map_err(reported)
    }
}

impl wit::Host for State {
    fn convert_error(&mut self, error: Error) -> wasmtime::Result<wit::Error> {
        error.downcast()
    }
}

impl wit::HostConnection for State {
    async fn open(&mut self, address: String) -> Result<Resource<Connection>, Error> {
        if !self.app.allowed_hosts.allow(&address, "redis") {
            eprintln!("outbound Redis: the host is not in allowed_outbound_hosts");
            return Err(wit::Error::InvalidAddress.into());
        }
        let client = Client::open(address).map_err(|_| wit::Error::InvalidAddress)?;
        // Spin sets neither time-out: a Redis that stops answering holds its instance.
        let config =
            AsyncConnectionConfig::new().set_connection_timeout(None).set_response_timeout(None);
        let opened = client.get_multiplexed_async_connection_with_config(&config).await;
        let connection = Connection(opened.map_err(reported)?);
        self.table.push(connection).map_err(|_| wit::Error::TooManyConnections.into())
    }

    async fn publish(
        &mut self,
        connection: Resource<Connection>,
        channel: String,
        payload: Vec<u8>,
    ) -> Result<(), Error> {
        self.query(&connection, cmd("PUBLISH").arg(channel).arg(payload)).await
    }

    async fn get(
        &mut self,
        connection: Resource<Connection>,
        key: String,
    ) -> Result<Option<Vec<u8>>, Error> {
        self.query(&connection, cmd("GET").arg(key)).await
    }

    async fn set(
        &mut self,
        connection: Resource<Connection>,
        key: String,
        value: Vec<u8>,
    ) -> Result<(), Error> {
        self.query(&connection, cmd("SET").arg(key).arg(value)).await
    }

    async fn incr(&mut self, connection: Resource<Connection>, key: String) -> Result<i64, Error> {
        self.query(&connection, cmd("INCRBY").arg(key).arg(1)).await
    }

    async fn del(
        &mut self,
        connection: Resource<Connection>,
        keys: Vec<String>,
    ) -> Result<u32, Error> {
        self.query(&connection, cmd("DEL").arg(keys)).await
    }

    async fn sadd(
        &mut self,
        connection: Resource<Connection>,
        key: String,
        values: Vec<String>,
    ) -> Result<u32, Error> {
        self.query(&connection, cmd("SADD").arg(key).arg(values)).await
    }

    async fn smembers(
        &mut self,
        connection: Resource<Connection>,
        key: String,
    ) -> Result<Vec<String>, Error> {
        self.query(&connection, cmd("SMEMBERS").arg(key)).await
    }

    async fn srem(
        &mut self,
        connection: Resource<Connection>,
        key: String,
        values: Vec<String>,
    ) -> Result<u32, Error> {
        self.query(&connection, cmd("SREM").arg(key).arg(values)).await
    }

    async fn execute(
        &mut self,
        connection: Resource<Connection>,
        command: String,
        arguments: Vec<RedisParameter>,
    ) -> Result<Vec<RedisResult>, Error> {
        let mut command = cmd(&command);
        for argument in arguments {
            match argument {
                RedisParameter::Int64(number) => command.arg(number),
                RedisParameter::Binary(bytes) => command.arg(bytes),
            };
        }
        let reply = self.query(&connection, &command).await?;
        let mut flat = Vec::new();
        flatten(reply, &mut flat)?;
        Ok(flat)
    }

    async fn drop(&mut self, connection: Resource<Connection>) -> wasmtime::Result<()> {
        self.table.delete(connection)?;
        Ok(())
    }
}

fn reported(error: impl std::fmt::Display) -> Error {
    wit::Error::Other(error.to_string()).into()
}

/// Puts a reply into one list, however deep it is: where an inner list ends can't be seen.
fn flatten(reply: Value, into: &mut Vec<RedisResult>) -> Result<(), Error> {
    into.push(match reply {
        Value::Array(replies) | Value::Set(replies) => {
            return replies.into_iter().try_for_each(|reply| flatten(reply, into));
        }
        Value::BigNumber(number) => RedisResult::Binary(number),
        Value::Boolean(truth) => RedisResult::Int64(truth.into()),
        Value::BulkString(bytes) => RedisResult::Binary(bytes),
        Value::Double(number) => RedisResult::Binary(number.to_string().into_bytes()),
        Value::Int(number) => RedisResult::Int64(number),
        Value::Nil => RedisResult::Nil,
        Value::Okay => RedisResult::Status("OK".into()),
        Value::SimpleString(text) => RedisResult::Status(text),
        Value::ServerError(error) => return Err(reported(format!("Server error: {error:?}"))),
        other => return Err(reported(format!("Could not convert Redis response: {other:?}"))),
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nested_replies_come_as_one_list() {
        let inner = Value::Array(vec![Value::Int(1), Value::Nil]);
        let reply = Value::Array(vec![Value::Okay, inner, Value::BulkString(b"x".to_vec())]);
        let mut flat = Vec::new();
        assert!(flatten(reply, &mut flat).is_ok());
        let shown = format!("{flat:?}");
        assert_eq!(flat.len(), 4, "{shown}");
        assert!(matches!(
            flat.as_slice(),
            [
                RedisResult::Status(_),
                RedisResult::Int64(1),
                RedisResult::Nil,
                RedisResult::Binary(_),
            ]
        ));
    }

    #[test]
    fn a_map_is_refused() {
        assert!(flatten(Value::Map(Vec::new()), &mut Vec::new()).is_err());
    }
}

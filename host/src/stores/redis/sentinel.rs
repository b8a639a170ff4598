//! The sentinels, who know which server is the master (Redis, "Guidelines for Redis clients with support for Redis
//! Sentinel").

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use redis::{Cmd, ConnectionAddr, Value};
use tokio::time::timeout;

use super::address::Access;
use super::stream;
use super::trouble::Trouble;

/// How long one sentinel may take, from connecting to it to its answer.
const PATIENCE: Duration = Duration::from_secs(1);
/// How much of it the TLS handshake may take.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_millis(800);

/// Who is asked for a master, and its name.
pub(super) struct Sentinels {
    pub(super) master: String,
    pub(super) servers: Vec<ConnectionAddr>,
    pub(super) access: Access,
    /// Who is asked first.
    first: AtomicUsize,
}

impl Sentinels {
    pub(super) const fn new(master: String, servers: Vec<ConnectionAddr>, access: Access) -> Self {
        Self { master, servers, access, first: AtomicUsize::new(0) }
    }

    /// The master's address: the first answer counts.
    pub(super) async fn locate(&self) -> Result<ConnectionAddr, Trouble> {
        let mut last = Trouble::Unreachable("no sentinel is given".to_owned());
        let first = self.first.load(Ordering::Relaxed);
        let count = self.servers.len().max(1);
        for server in self.servers.iter().cycle().skip(first % count).take(self.servers.len()) {
            let answer = timeout(PATIENCE, self.ask(server)).await;
            let late = || Trouble::Unreachable("no answer in time".to_owned());
            match answer.unwrap_or_else(|_| Err(late())) {
                Ok(master) => return Ok(master),
                Err(trouble) => last = trouble.of(&format!("sentinel {server}")),
            }
            self.turn();
        }
        Err(last)
    }

    /// Has another one asked first: what this one named isn't a master, or this one doesn't answer.
    pub(super) fn turn(&self) {
        self.first.fetch_add(1, Ordering::Relaxed);
    }

    /// The master's address, as one sentinel has it.
    pub(super) async fn ask(&self, server: &ConnectionAddr) -> Result<ConnectionAddr, Trouble> {
        let stream =
            stream::open(server, self.access.encryption.as_ref(), HANDSHAKE_TIMEOUT).await?;
        let (mut connection, driver) = stream::log_in(stream, &self.access, 1).await?;
        let mut question = Cmd::new();
        question.arg("SENTINEL").arg("GET-MASTER-ADDR-BY-NAME").arg(&self.master);
        let answer = tokio::select! {
            answer = connection.send_packed_command(&question) => answer?,
            () = driver => return Err(Trouble::Unreachable("the connection ended".to_owned())),
        };
        match &answer {
            Value::ServerError(error) => Err(Trouble::from_server(error)),
            Value::Nil => {
                let reason = format!("knows no master named {:?}", self.master);
                Err(Trouble::Unreachable(reason))
            }
            answer => {
                address(answer).ok_or_else(|| Trouble::Unreachable("unexpected answer".to_owned()))
            }
        }
    }
}

fn address(answer: &Value) -> Option<ConnectionAddr> {
    let Value::Array(parts) = answer else { return None };
    let [Value::BulkString(host), Value::BulkString(port)] = parts.as_slice() else { return None };
    let (host, port) = (std::str::from_utf8(host).ok()?, std::str::from_utf8(port).ok()?);
    Some(ConnectionAddr::Tcp(host.to_owned(), port.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_host_and_a_port() {
        let text = |text: &str| Value::BulkString(text.into());
        let read =
            |parts: &[&str]| address(&Value::Array(parts.iter().map(|part| text(part)).collect()));
        assert_eq!(
            read(&["10.0.0.1", "6379"]),
            Some(ConnectionAddr::Tcp("10.0.0.1".into(), 6_379))
        );
        assert_eq!(read(&["10.0.0.1"]), None);
        assert_eq!(read(&["10.0.0.1", "x"]), None);
        assert_eq!(address(&Value::Int(1)), None);
    }
}

//! Whether a server drops keys before their time when its memory is full: a store must not forget.
//!
//! At start-up such a server is refused. One that is found out later, because it joined a cluster, took over from another
//! or was set otherwise, is used: its recipients would have no service at all. It is told in the log, and counts as not
//! working in the diagnostics.

use std::convert::Infallible;
use std::future::pending;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{Cmd, Value};
use tokio::time::{sleep, timeout};

/// How often it is asked for.
const EVERY: Duration = Duration::from_secs(60);
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// What is known of one server.
#[derive(Default)]
pub(super) struct EvictionWatch {
    is_evicting: AtomicBool,
}

impl EvictionWatch {
    /// Whether it may drop keys, as far as is known.
    pub(super) fn is_evicting(&self) -> bool {
        self.is_evicting.load(Ordering::Relaxed)
    }

    fn saw(&self, server: &str, policy: Option<&str>) {
        if self.is_evicting.swap(policy.is_some(), Ordering::Relaxed) == policy.is_some() {
            return;
        }
        match policy {
            Some(policy) => tracing::error!(
                server,
                policy,
                "the store's server drops keys when its memory is full, so that attempts and used codes are forgotten: set \
                 `maxmemory-policy noeviction`"
            ),
            None => tracing::info!(server, "the store's server drops no keys any more"),
        }
    }
}

/// What a server is asked.
pub(super) fn question() -> Cmd {
    let mut info = Cmd::new();
    info.arg("INFO").arg("memory");
    info
}

/// The policy by which it drops keys; nothing where it drops none or doesn't say: a user without the right to ask is
/// trusted to know.
pub(super) fn policy(answer: &Value) -> Option<String> {
    let Value::BulkString(text) = answer else { return None };
    let text = String::from_utf8_lossy(text);
    let field =
        |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    match (field("maxmemory"), field("maxmemory_policy")) {
        (Some("0"), _) | (_, None | Some("noeviction")) => None,
        (_, Some(policy)) => Some(policy.to_owned()),
    }
}

/// Asks over a connection. Returns whether it is any use to ask again.
pub(super) async fn ask(
    connection: &MultiplexedConnection,
    server: &str,
    watch: &EvictionWatch,
) -> bool {
    let (mut connection, question) = (connection.clone(), question());
    match timeout(PATIENCE, connection.send_packed_command(&question)).await {
        Ok(Ok(Value::ServerError(error))) => !matches!(error.code(), "NOPERM" | "ERR"),
        Ok(Ok(answer @ Value::BulkString(_))) => {
            watch.saw(server, policy(&answer).as_deref());
            true
        }
        // A lost connection is noticed elsewhere.
        Ok(_) | Err(_) => true,
    }
}

/// Asks each minute, for as long as the connection lives.
pub(super) async fn look(
    connection: &MultiplexedConnection,
    server: &str,
    watch: &EvictionWatch,
) -> Infallible {
    loop {
        sleep(EVERY).await;
        if !ask(connection, server, watch).await {
            return pending().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_drops_keys_where_it_has_a_limit_and_a_policy_for_that() {
        let policy = |limit: u64, policy: &str| {
            let text = format!("# Memory\r\nmaxmemory:{limit}\r\nmaxmemory_policy:{policy}\r\n");
            super::policy(&Value::BulkString(text.into_bytes()))
        };
        assert_eq!(policy(1, "volatile-ttl").as_deref(), Some("volatile-ttl"));
        assert_eq!(policy(0, "volatile-ttl"), None);
        assert_eq!(policy(1, "noeviction"), None);
        assert_eq!(super::policy(&Value::Nil), None);
    }
}

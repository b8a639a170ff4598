//! What goes wrong between us and the server, in the contract's words. What the server says beyond its error code
//! is never passed on: it may repeat the command.

use std::error::Error;
use std::fmt;
use std::io::ErrorKind::{BrokenPipe, ConnectionReset, UnexpectedEof};
use std::sync::Arc;

use countersign_contract::types::StoreError;
use redis::{ErrorKind, RedisError, ServerError, Value};

use crate::stores::OpenError;
use crate::stores::tls::Handshake;

/// What an error of the client library means to a caller.
pub(super) fn store_error(error: RedisError) -> StoreError {
    if error.is_timeout() {
        return StoreError::Timeout;
    }
    match error.kind() {
        ErrorKind::AuthenticationFailed => StoreError::Denied,
        ErrorKind::Io => StoreError::Unavailable,
        ErrorKind::Parse => StoreError::Other("redis: unreadable answer".into()),
        _ => match error.into_server_errors().as_deref() {
            Some([(_, error), ..]) => server_error(error),
            _ => StoreError::Other("redis: client error".into()),
        },
    }
}

/// An answer that is not one to its command.
pub(super) fn unreadable() -> StoreError {
    StoreError::Other("redis: unexpected answer".into())
}

/// What an error that the server answered with means to a caller.
pub(super) fn server_error(error: &ServerError) -> StoreError {
    match error.code() {
        "DENIED" | "NOAUTH" | "NOPERM" | "WRONGPASS" => StoreError::Denied,
        "WRONGTYPE" => StoreError::InvalidArgument,
        "BUSY" | "CLUSTERDOWN" | "LOADING" | "MASTERDOWN" | "MISCONF" | "NOREPLICAS" | "OOM"
        | "READONLY" | "TRYAGAIN" => StoreError::Unavailable,
        code => StoreError::Other(format!("redis: {}", shown(code))),
    }
}

/// The code of an error among `answers` that a new connection may be spared: after a fail-over the
/// address may lead to another server, and a restarted one may want us to log in again.
pub(super) fn ending(answers: &[Value]) -> Option<&str> {
    const ENDING: [&str; 4] = ["LOADING", "MASTERDOWN", "NOAUTH", "READONLY"];
    answers.iter().find_map(|answer| match answer {
        Value::ServerError(error) => Some(error.code()).filter(|code| ENDING.contains(code)),
        Value::Array(answers) => ending(answers),
        _ => None,
    })
}

/// The code of an error among `answers` that refuses a write, for now, of a server that is the right one.
pub(super) fn refusing(answers: &[Value]) -> Option<&str> {
    const REFUSING: [&str; 5] = ["BUSY", "MISCONF", "NOREPLICAS", "OOM", "TRYAGAIN"];
    answers.iter().find_map(|answer| match answer {
        Value::ServerError(error) => Some(error.code()).filter(|code| REFUSING.contains(code)),
        Value::Array(answers) => refusing(answers),
        _ => None,
    })
}

/// Why there is no connection.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Trouble {
    /// A node of a Redis Cluster, which keeps the keys of one batch on several servers. An error code.
    Clustered(String),
    /// The server refuses us. An error code.
    Denied(String),
    /// A server that was said to be a node of a Redis Cluster, and isn't. An error code.
    Unclustered(String),
    /// It can't be reached or doesn't speak Redis. What went wrong.
    Unreachable(String),
    /// Its certificate isn't good, or ours isn't to it. What is wrong.
    Untrusted(String),
}

impl Trouble {
    /// Whether the next try would end in the same way.
    pub(super) const fn is_lasting(&self) -> bool {
        !matches!(self, Self::Unreachable(_))
    }

    pub(super) fn unreachable(error: &std::io::Error) -> Self {
        Self::Unreachable(error.to_string())
    }

    /// What encrypting came to.
    pub(super) fn from_handshake(error: Handshake) -> Self {
        match error {
            Handshake::Refused(_) | Handshake::Untrusted(_) => Self::Untrusted(error.to_string()),
            Handshake::Broken(_) | Handshake::NotTls => Self::Unreachable(error.to_string()),
        }
    }

    fn from_client(error: RedisError) -> Self {
        // Only now does a server say that it misses our certificate, or that it expected TLS.
        if let Some(error) = io_error(&error) {
            return match Handshake::read(error) {
                Handshake::Broken(reason) => Self::Unreachable(reason),
                refused => Self::from_handshake(refused),
            };
        }
        let code = shown(error.code().unwrap_or(error.category())).to_owned();
        match store_error(error) {
            StoreError::Denied => Self::Denied(code),
            // `SELECT` of a database that isn't there.
            StoreError::Other(_) if code == "ERR" => Self::Denied(code),
            _ => Self::Unreachable(code),
        }
    }

    /// As [`from_client`](Self::from_client), of the first command in plain text on a new connection.
    pub(super) fn in_plain_text(error: RedisError) -> Self {
        let kind = io_error(&error).map(std::io::Error::kind);
        if matches!(kind, Some(BrokenPipe | ConnectionReset | UnexpectedEof)) {
            let reason = "the server ended the connection at once: does it expect TLS (rediss://)?";
            return Self::Unreachable(reason.to_owned());
        }
        error.into()
    }

    pub(super) fn from_server(error: &ServerError) -> Self {
        let code = shown(error.code()).to_owned();
        match server_error(error) {
            _ if matches!(&*code, "ASK" | "CROSSSLOT" | "MOVED") => Self::Clustered(code),
            StoreError::Denied => Self::Denied(code),
            _ => Self::Unreachable(code),
        }
    }

    /// The same, of one of several servers.
    pub(super) fn of(self, server: &str) -> Self {
        let more = |reason: String| format!("{server}: {reason}");
        match self {
            Self::Clustered(reason) => Self::Clustered(more(reason)),
            Self::Denied(reason) => Self::Denied(more(reason)),
            Self::Unclustered(reason) => Self::Unclustered(more(reason)),
            Self::Unreachable(reason) => Self::Unreachable(more(reason)),
            Self::Untrusted(reason) => Self::Untrusted(more(reason)),
        }
    }

    pub(super) fn to_store_error(&self) -> StoreError {
        match self {
            Self::Clustered(_) | Self::Denied(_) | Self::Unclustered(_) | Self::Untrusted(_) => {
                StoreError::Denied
            }
            Self::Unreachable(_) => StoreError::Unavailable,
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Clustered(reason)
        | Self::Denied(reason)
        | Self::Unclustered(reason)
        | Self::Unreachable(reason)
        | Self::Untrusted(reason)) = self;
        formatter.write_str(reason)
    }
}

impl From<RedisError> for Trouble {
    fn from(error: RedisError) -> Self {
        Self::from_client(error)
    }
}

impl Trouble {
    /// Why the store can't be opened. Its address is named: nothing else of its URL.
    pub(super) fn at(self, server: &str) -> OpenError {
        match self {
            Self::Clustered(reason) => OpenError::Clustered { server: server.to_owned(), reason },
            Self::Denied(reason) => {
                OpenError::Denied { reason: format!("Redis at {server}: {reason}") }
            }
            Self::Unclustered(reason) => {
                OpenError::Unclustered { server: server.to_owned(), reason }
            }
            Self::Untrusted(reason) => OpenError::Untrusted { server: server.to_owned(), reason },
            Self::Unreachable(reason) => {
                OpenError::Unavailable { reason: format!("Redis at {server}: {reason}") }
            }
        }
    }
}

fn io_error(error: &RedisError) -> Option<&std::io::Error> {
    let shared: &Arc<dyn Error + Send + Sync> = error.source()?.downcast_ref()?;
    shared.downcast_ref()
}

/// An error code or a name of the client library's; not whatever else a server may put there.
fn shown(code: &str) -> &str {
    let fits = |byte: u8| byte.is_ascii_alphabetic() || matches!(byte, b' ' | b'_' | b'/' | b'-');
    if code.len() <= 40 && code.bytes().all(fits) { code } else { "error" }
}

//! What goes wrong between us and the server, in the contract's words. What the server says beyond its error code
//! is never passed on: it may repeat the command.

use redis::{ErrorKind, RedisError, ServerError};

use crate::bindings::countersign::otp::types::StoreError;
use crate::stores::OpenError;

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

/// Why there is no connection.
#[derive(Clone, Debug)]
pub(super) enum Trouble {
    /// The server refuses us. An error code.
    Denied(String),
    /// It can't be reached or doesn't speak Redis. What went wrong.
    Unreachable(String),
}

impl Trouble {
    pub(super) fn unreachable(error: &std::io::Error) -> Self {
        Self::Unreachable(error.to_string())
    }

    pub(super) fn to_store_error(&self) -> StoreError {
        match self {
            Self::Denied(_) => StoreError::Denied,
            Self::Unreachable(_) => StoreError::Unavailable,
        }
    }
}

impl From<RedisError> for Trouble {
    fn from(error: RedisError) -> Self {
        let code = shown(error.code().unwrap_or(error.category())).to_owned();
        match store_error(error) {
            StoreError::Denied => Self::Denied(code),
            // `SELECT` of a database that isn't there.
            StoreError::Other(_) if code == "ERR" => Self::Denied(code),
            _ => Self::Unreachable(code),
        }
    }
}

impl From<Trouble> for OpenError {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Denied(reason) => Self::Denied { reason },
            Trouble::Unreachable(reason) => Self::Unavailable { reason },
        }
    }
}

/// An error code or a name of the client library's; not whatever else a server may put there.
fn shown(code: &str) -> &str {
    let fits = |byte: u8| byte.is_ascii_alphabetic() || matches!(byte, b' ' | b'_' | b'/' | b'-');
    if code.len() <= 40 && code.bytes().all(fits) { code } else { "error" }
}

//! What goes wrong between us and the server, in the contract's words.
//!
//! Of an error that answers a batch only its code is passed on: its text may repeat what the batch holds. What a server
//! says to a new connection is shown to the operator, without control characters and cut short.

use std::error::Error as _;
use std::fmt;

use countersign_contract::types::StoreError;
use tokio_postgres::Error;
use tokio_postgres::error::{DbError, Severity, SqlState};

use super::hosts::Host;
use crate::stores::OpenError;

/// A batch that can't be carried out: the store's own code, in `schema.sql`.
const REFUSED: &str = "CSG01";
/// Transactions have another isolation than the store needs.
pub(super) const ISOLATION: &str = "CSG02";
/// How much of a server's text is shown.
const MAX_TEXT: usize = 200;

/// What an error that answered a batch means to a caller.
pub(super) fn store_error(error: &Error) -> StoreError {
    let Some(code) = error.code() else {
        // No answer of the server's: the connection ended, or what came is no answer.
        return if error.is_closed() || has_io(error) {
            StoreError::Unavailable
        } else {
            StoreError::Other("postgres: unexpected answer".into())
        };
    };
    match code.code() {
        REFUSED | "22003" => StoreError::InvalidArgument,
        // A lock that was not had in time, and a statement that was cancelled.
        "55P03" | "57014" => StoreError::Timeout,
        "42501" => StoreError::Denied,
        code if code.starts_with("28") => StoreError::Denied,
        code if is_passing(code) => StoreError::Unavailable,
        code => StoreError::Other(format!("postgres: {}", shown(code))),
    }
}

/// Whether the code is of a server that may take the batch another time: lost connections (08), a read-only server,
/// what was rolled back for another's sake (40), a missing table (42P01, 42883, 3F000), too little of something (53),
/// an operator's doing (57), a failing disk (58).
fn is_passing(code: &str) -> bool {
    const PASSING: [&str; 8] =
        ["25006", "3D000", "3F000", "42883", "42P01", "XX001", "XX002", ISOLATION];
    let classes = ["08", "40", "53", "57", "58"];
    PASSING.contains(&code) || classes.iter().any(|class| code.starts_with(class))
}

/// Whether the connections lead to a server that takes no writes, and may find another one.
pub(super) fn is_read_only(error: &Error) -> bool {
    error.code() == Some(&SqlState::READ_ONLY_SQL_TRANSACTION)
}

/// Whether the session may be used again after this answer.
pub(super) fn spares_session(error: &Error) -> bool {
    let severity = error.as_db_error().and_then(DbError::parsed_severity);
    severity == Some(Severity::Error) && !error.is_closed()
}

/// The code with which a server fails, for the log.
pub(super) fn reason(error: &Error) -> String {
    match error.code() {
        Some(code) => format!("SQLSTATE {}", shown(code.code())),
        None => text_of(error),
    }
}

/// Why there is no connection, or none that can be used.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Trouble {
    /// The server has no connection left for us.
    Crowded(String),
    /// The server refuses us.
    Denied(String),
    /// The database can't keep the contract's promises.
    Unfit(String),
    /// It can't be reached or doesn't take writes.
    Unreachable(String),
}

impl Trouble {
    /// Out of an error of a connection on which no batch was carried out.
    pub(super) fn of(error: &Error) -> Self {
        let text = text_of(error);
        match error.code().map(SqlState::code) {
            Some("53300") => Self::Crowded(text),
            // PgBouncer, which has another code for that.
            _ if text.contains("no more connections allowed") => Self::Crowded(text),
            // No such database, no right to something, or to log in.
            Some("3D000" | "42501") => Self::Denied(text),
            Some(code) if code.starts_with("28") => Self::Denied(text),
            _ => Self::Unreachable(text),
        }
    }

    /// Out of what each of several hosts said. A refusal of one counts for all: they are one server's, and we are the
    /// same to each.
    pub(super) fn of_hosts(said: Vec<(Option<&Host>, Self)>) -> Self {
        if said.len() == 1 {
            return said.into_iter().next().map_or_else(Self::no_answer, |(_, trouble)| trouble);
        }
        let text = |(host, trouble): &(Option<&Host>, Self)| {
            host.map_or_else(|| trouble.text().into(), |host| format!("{host}: {}", trouble.text()))
        };
        let text = said.iter().map(text).collect::<Vec<_>>().join("; ");
        let is_any = |is_so: fn(&Self) -> bool| said.iter().any(|(_, trouble)| is_so(trouble));
        if is_any(|trouble| matches!(trouble, Self::Denied(_))) {
            Self::Denied(text)
        } else if is_any(|trouble| matches!(trouble, Self::Crowded(_))) {
            Self::Crowded(text)
        } else {
            Self::Unreachable(text)
        }
    }

    pub(super) fn no_answer() -> Self {
        Self::Unreachable("no answer in time".into())
    }

    /// Whether `other` is the same to an operator.
    pub(super) fn is_as(&self, other: &Self) -> bool {
        self == other || matches!((self, other), (Self::Crowded(_), Self::Crowded(_)))
    }

    fn text(&self) -> &str {
        let (Self::Crowded(text)
        | Self::Denied(text)
        | Self::Unfit(text)
        | Self::Unreachable(text)) = self;
        text
    }

    pub(super) fn to_store_error(&self) -> StoreError {
        match self {
            Self::Denied(_) => StoreError::Denied,
            Self::Crowded(_) | Self::Unfit(_) | Self::Unreachable(_) => StoreError::Unavailable,
        }
    }

    /// Whether trying again helps nothing.
    pub(super) fn is_lasting(&self) -> bool {
        matches!(self, Self::Denied(_) | Self::Unfit(_))
    }

    /// Why the store can't be opened. The server's address is named: nothing else of its URL.
    pub(super) fn at(self, server: &str) -> OpenError {
        let reason = format!("PostgreSQL at {server}: {self}");
        match self {
            Self::Crowded(_) | Self::Unreachable(_) => OpenError::Unavailable { reason },
            Self::Denied(_) => OpenError::Denied { reason },
            Self::Unfit(_) => OpenError::Unfit { reason },
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Crowded(text) => write!(
                formatter,
                "the server has no free connection ({text}): raise its limit, or lower `store.max_connections`, which \
                 is for each process"
            ),
            other => formatter.write_str(other.text()),
        }
    }
}

/// What the server said, or the client library and the system.
fn text_of(error: &Error) -> String {
    let text = match error.as_db_error() {
        Some(said) => format!("{} (SQLSTATE {})", said.message(), shown(said.code().code())),
        None => {
            let mut text = error.to_string();
            let mut cause = error.source();
            while let Some(next) = cause {
                let more = next.to_string();
                if !text.contains(&more) {
                    text = format!("{text}: {more}");
                }
                cause = next.source();
            }
            text
        }
    };
    text.chars().filter(|char| !char.is_control()).take(MAX_TEXT).collect()
}

fn has_io(error: &Error) -> bool {
    let mut cause = error.source();
    while let Some(next) = cause {
        if next.is::<std::io::Error>() {
            return true;
        }
        cause = next.source();
    }
    false
}

/// A code of the standard's form; not whatever else a server may put there.
fn shown(code: &str) -> &str {
    let fits = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    if code.len() == 5 && code.bytes().all(fits) { code } else { "unknown" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_pass_is_told_from_what_will_not() {
        for code in ["53100", "53300", "25006", "40001", "40P01", "57P01", "58030", "08006"] {
            assert!(is_passing(code), "{code}");
        }
        for code in ["42601", "23514", "22P02", "0A000"] {
            assert!(!is_passing(code), "{code}");
        }
        assert_eq!(["40P01", "40p01", "\n"].map(shown), ["40P01", "unknown", "unknown"]);
    }
}

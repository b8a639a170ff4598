//! What an operator decides about a PostgreSQL store.

use std::time::Duration;

use countersign_contract::Secret;
use schemars::JsonSchema;
use serde::Deserialize;

use super::address::{self, Address};
use super::tls::Tls;
use crate::stores::error::{OpenError, within};
use crate::stores::generation::AfterRestart;
use crate::stores::tls::TlsSettings;

/// The longest name that PostgreSQL keeps whole.
const MAX_NAME_BYTES: usize = 63;

/// `[store]` with `type = "postgres"`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PostgresSettings {
    /// Where it is: `postgresql://user:password@host:port/database`; several hosts, with commas between them, are tried
    /// in turn until one takes writes. With TLS that is verified in full, unless the server is on this machine or the
    /// URL says `?sslmode=disable`.
    pub url: Option<Secret<String>>,
    /// The schema of the store's table and functions; `countersign` if left out. Created where there is none. Small
    /// letters, digits and `_`, at most 63.
    pub schema: String,
    /// How many connections this process keeps for batches, at most: 1 to 1,000; 10 if left out. One more is for upkeep.
    #[schemars(range(min = 1, max = 1_000))]
    pub max_connections: u64,
    /// How many batches may wait for a connection, at most: 1 to 100,000; 1,024 if left out. One more is `unavailable`.
    #[schemars(range(min = 1, max = 100_000))]
    pub max_waiting: u64,
    /// Seconds for all tries to connect at start-up: 1 to 300; 30 if left out.
    #[schemars(range(min = 1, max = 300))]
    pub connect_timeout_seconds: u64,
    /// Milliseconds after which a batch is given up: 10 to 60,000; 1,000 if left out.
    #[schemars(range(min = 10, max = 60_000))]
    pub response_timeout_ms: u64,
    /// What becomes of codes whose challenge was issued before the server was restarted or failed over.
    pub after_restart: AfterRestart,
    /// How connections are encrypted, where they are.
    pub tls: TlsSettings,
}

impl Default for PostgresSettings {
    fn default() -> Self {
        Self {
            url: None,
            schema: "countersign".into(),
            max_connections: 10,
            max_waiting: 1_024,
            connect_timeout_seconds: 30,
            response_timeout_ms: 1_000,
            after_restart: AfterRestart::Refuse,
            tls: TlsSettings::default(),
        }
    }
}

/// Settings that hold.
pub(super) struct Parsed {
    /// Where the server is.
    pub(super) address: Address,
    /// What encrypts connections, where they are encrypted.
    pub(super) tls: Option<Tls>,
    /// Connections for batches.
    pub(super) connections: usize,
    /// Batches that wait for one.
    pub(super) waiting: usize,
    /// For all tries to connect at start-up.
    pub(super) patience: Duration,
    /// For each batch.
    pub(super) response_timeout: Duration,
}

impl PostgresSettings {
    /// Finds what is wrong with them, without connecting.
    ///
    /// # Errors
    ///
    /// [`OpenError::Setting`], the first one that is missing or out of its range.
    pub fn check(&self) -> Result<(), OpenError> {
        self.parse().map(drop)
    }

    /// Reads them.
    pub(super) fn parse(&self) -> Result<Parsed, OpenError> {
        let address = address::from(self.url.as_ref())?;
        check_schema(&self.schema)?;
        let connections = within("max_connections", self.max_connections, 1..=1_000)?;
        let waiting = within("max_waiting", self.max_waiting, 1..=100_000)?;
        let patience = within("connect_timeout_seconds", self.connect_timeout_seconds, 1..=300)?;
        let response_timeout =
            within("response_timeout_ms", self.response_timeout_ms, 10..=60_000)?;
        Ok(Parsed {
            tls: self.encryption(&address)?,
            address,
            connections: usize::try_from(connections).unwrap_or(usize::MAX),
            waiting: usize::try_from(waiting).unwrap_or(usize::MAX),
            patience: Duration::from_secs(patience),
            response_timeout: Duration::from_millis(response_timeout),
        })
    }

    /// Refuses settings that would be left out.
    fn encryption(&self, address: &Address) -> Result<Option<Tls>, OpenError> {
        if address.is_encrypted {
            return self.tls.read().map(Tls).map(Some);
        }
        if self.tls.is_given() {
            let reason =
                "set, but the connection is not encrypted: say `?sslmode=require` in `url`".into();
            return Err(OpenError::Setting { name: "tls", reason });
        }
        Ok(None)
    }
}

/// The name stands in SQL as it is, in quotes.
fn check_schema(name: &str) -> Result<(), OpenError> {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    let is_reserved = name.starts_with("pg_") || name == "information_schema";
    if (1..=MAX_NAME_BYTES).contains(&name.len()) && name.bytes().all(fits) && !is_reserved {
        return Ok(());
    }
    let reason = "1 to 63 small letters, digits and `_`, and not one of PostgreSQL's own".into();
    Err(OpenError::Setting { name: "schema", reason })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_has_a_plain_name() {
        for name in ["countersign", "public", "otp_2", "user"] {
            assert!(check_schema(name).is_ok(), "{name}");
        }
        let long = "x".repeat(64);
        for name in ["", "Otp", "a\"b", "a'b", "a.b", "a b", "pg_catalog", &long] {
            assert!(check_schema(name).is_err(), "{name}");
        }
    }
}

//! Where challenges and counts are kept: one file per backend.
//!
//! Every backend keeps the promises of `wit/store.wit`; the suite `tests/contract` runs over each of them. What
//! a backend can't promise is refused by [`open`], at start-up, rather than found out later.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

mod backoff;
pub mod clock;
mod error;
mod examine;
pub mod fallback;
pub mod generation;
pub mod last_generation;
pub mod memory;
pub mod opened;
pub mod postgres;
pub mod redis;
mod scan;
mod skew;
pub mod sqlite;
mod store;
mod tls;

pub use error::OpenError;
pub use examine::examine;
pub use generation::{AfterRestart, Generation};
pub use scan::{Cursor, MAX_PAGE, Page};
pub use skew::Skew;
pub use store::{Answer, Diagnostics, PageAnswer, Parts, SCRATCH, Store, writable};
pub use tls::TlsSettings;

/// Which backend, and how: `[store]` of the configuration.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum StoreSettings {
    /// In this process only, gone when it ends: for development and for tests.
    Memory(memory::MemorySettings),
    /// A PostgreSQL database that any number of processes share.
    Postgres(postgres::PostgresSettings),
    /// A Redis or Valkey server that any number of processes share.
    Redis(redis::RedisSettings),
    /// One file on this machine: durable, nothing to install.
    Sqlite(sqlite::SqliteSettings),
}

impl Default for StoreSettings {
    fn default() -> Self {
        Self::Sqlite(sqlite::SqliteSettings::default())
    }
}

impl StoreSettings {
    /// The `type` in the configuration.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Memory(_) => "memory",
            Self::Postgres(_) => "postgres",
            Self::Redis(_) => "redis",
            Self::Sqlite(_) => "sqlite",
        }
    }

    /// Whether this is certainly the same store as `other`.
    #[must_use]
    pub fn is_same_as(&self, other: &Self) -> bool {
        // Users and passwords may differ.
        let place = |url: &Option<countersign_contract::Secret<String>>| {
            url.as_ref().map(|url| {
                let (_, rest) = url.expose().split_once("://").unwrap_or_default();
                rest.rsplit_once('@').map_or(rest, |(_, place)| place).to_owned()
            })
        };
        match (self, other) {
            (Self::Postgres(one), Self::Postgres(two)) => {
                place(&one.url) == place(&two.url) && one.schema == two.schema
            }
            (Self::Redis(one), Self::Redis(two)) => {
                place(&one.url) == place(&two.url)
                    && one.key_prefix == two.key_prefix
                    && one.sentinels == two.sentinels
            }
            (Self::Sqlite(one), Self::Sqlite(two)) => one.path == two.path,
            _ => false,
        }
    }

    /// Finds what is wrong with the settings themselves: neither a file is opened nor a server connected to.
    ///
    /// # Errors
    ///
    /// [`OpenError::Setting`].
    pub fn check(&self) -> Result<(), OpenError> {
        match self {
            Self::Memory(settings) => settings.check(),
            Self::Postgres(settings) => settings.check(),
            Self::Redis(settings) => settings.check(),
            Self::Sqlite(settings) => settings.check(),
        }
    }
}

/// Opens the store that `settings` describe, and makes sure that it can keep the contract's promises.
///
/// # Errors
///
/// [`OpenError`]: a setting out of its range, a file that isn't ours, a server that can't be reached in time,
/// that refuses our credentials, or that may evict keys before their time.
pub async fn open(settings: &StoreSettings) -> Result<Arc<dyn Store>, OpenError> {
    Ok(match settings {
        StoreSettings::Memory(settings) => {
            Arc::new(memory::MemoryStore::open(settings, clock::monotonic())?)
        }
        StoreSettings::Postgres(settings) => {
            Arc::new(postgres::PostgresStore::open(settings).await?)
        }
        StoreSettings::Redis(settings) => Arc::new(redis::RedisStore::open(settings).await?),
        StoreSettings::Sqlite(settings) => {
            Arc::new(sqlite::SqliteStore::open(settings, clock::unix()).await?)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_sqlite() {
        assert!(matches!(StoreSettings::default(), StoreSettings::Sqlite(_)));
    }

    #[test]
    fn each_type_has_its_own_settings() {
        let memory = serde_json::from_str(r#"{"type": "memory", "max_keys": 5}"#).unwrap();
        assert!(matches!(memory, StoreSettings::Memory(settings) if settings.max_keys == 5));
        let sqlite =
            serde_json::from_str(r#"{"type": "sqlite", "synchronous": "normal"}"#).unwrap();
        assert!(matches!(sqlite, StoreSettings::Sqlite(_)));
        let redis =
            serde_json::from_str(r#"{"type": "redis", "url": "redis://localhost"}"#).unwrap();
        assert!(matches!(redis, StoreSettings::Redis(_)));
    }

    #[test]
    fn unknown_settings_are_refused() {
        for text in [
            r#"{"type": "memory", "url": "x"}"#,
            r#"{"type": "redis", "path": "x"}"#,
            r#"{"type": "sqlite", "max_keys": 5}"#,
            r#"{"type": "postgres", "path": "x"}"#,
            r#"{"type": "mysql"}"#,
            "{}",
        ] {
            assert!(serde_json::from_str::<StoreSettings>(text).is_err(), "{text}");
        }
    }
}

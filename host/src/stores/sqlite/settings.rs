//! What an operator decides about a SQLite store.

use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::stores::error::{OpenError, within};
use crate::stores::generation::AfterRestart;

/// `[store]` with `type = "sqlite"`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SqliteSettings {
    /// The file; `countersign.db` in the working directory if left out. Created, readable by its owner only, where
    /// there is none; SQLite keeps two more beside it, `-wal` and `-shm`.
    pub path: PathBuf,
    /// What survives a loss of power.
    pub synchronous: Synchronous,
    /// Milliseconds after which a batch is given up: 10 to 60,000; 2,000 if left out. One that still waits by
    /// then is never carried out.
    #[schemars(range(min = 10, max = 60_000))]
    pub timeout_ms: u64,
    /// How many batches may wait, at most: 1 to 100,000; 1,024 if left out. One more is `unavailable`.
    #[schemars(range(min = 1, max = 100_000))]
    pub max_waiting: u64,
    /// What becomes of codes whose challenge was issued before the file was replaced.
    pub after_restart: AfterRestart,
}

impl Default for SqliteSettings {
    fn default() -> Self {
        Self {
            path: PathBuf::from("countersign.db"),
            synchronous: Synchronous::Full,
            timeout_ms: 2_000,
            max_waiting: 1_024,
            after_restart: AfterRestart::Refuse,
        }
    }
}

impl SqliteSettings {
    /// Finds what is wrong with them, without opening the file.
    ///
    /// # Errors
    ///
    /// [`OpenError::Setting`], the first one that is out of its range.
    pub fn check(&self) -> Result<(), OpenError> {
        self.parse().map(drop)
    }

    /// The time for an answer, and how many batches may wait.
    pub(super) fn parse(&self) -> Result<(Duration, u64), OpenError> {
        let timeout = within("timeout_ms", self.timeout_ms, 10..=60_000)?;
        let waiting = within("max_waiting", self.max_waiting, 1..=100_000)?;
        Ok((Duration::from_millis(timeout), waiting))
    }
}

/// What survives a loss of power. A crash of the process loses nothing either way.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum Synchronous {
    /// Everything that was answered: each transaction reaches the disk first. The default.
    Full,
    /// All but the last moments: attempts counted just before may be forgotten. Several times faster.
    Normal,
}

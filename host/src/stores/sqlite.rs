//! The embedded store: one SQLite file on a local disk, durable, nothing to install.
//!
//! One thread owns the connection. Whatever batches wait while it is busy go into its next transaction together
//! (group commit), so that many callers share one write to the disk. Several processes on one machine may share the
//! file; a network file system won't do, since SQLite's locks don't hold there.

use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use countersign_contract::store::{Operation, Outcome, check};
use countersign_contract::types::StoreError;
use schemars::JsonSchema;
use serde::Deserialize;
use tokio::sync::oneshot;
use tokio::time::Instant;

use self::place::Place;
use self::writer::{Job, Writer};
use super::clock::Clock;
use super::error::within;
use super::{AfterRestart, Answer, Generation, OpenError, Report, Store};

mod file;
mod place;
mod rows;
mod writer;

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
    fn parse(&self) -> Result<(Duration, u64), OpenError> {
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

/// Keys and values in one SQLite file.
pub struct SqliteStore {
    /// Taken when the store is dropped, which ends the writer.
    jobs: Option<SyncSender<Job>>,
    writer: Option<JoinHandle<()>>,
    timeout: Duration,
    place: Place,
    /// The same for as long as the file is open.
    generation: Generation,
}

impl SqliteStore {
    /// Opens the file, or creates it, and starts the thread that writes to it. `clock` counts from 1970, since the
    /// file outlives the process.
    ///
    /// # Errors
    ///
    /// [`OpenError::Setting`] where a setting is out of its range, [`OpenError::File`] where the file can't be used,
    /// [`OpenError::Foreign`] where it is not a store of ours, [`OpenError::Unavailable`] where SQLite fails.
    pub async fn open(settings: &SqliteSettings, clock: Clock) -> Result<Self, OpenError> {
        let (timeout, waiting) = settings.parse()?;
        let (path, synchronous) = (settings.path.clone(), settings.synchronous);
        let (connection, generation) =
            tokio::task::spawn_blocking(move || file::open(&path, synchronous))
                .await
                .map_err(|_| unavailable("the thread that opened the file ended"))??;
        let (generation, told) = match settings.after_restart {
            AfterRestart::Refuse => (Some(generation), Generation::STEADY),
            AfterRestart::Trust => (None, Generation::Trusted),
        };
        let place = Place::of(&settings.path);
        let (jobs, waiting_jobs) = sync_channel(usize::try_from(waiting).unwrap_or(usize::MAX));
        let writer = std::thread::Builder::new()
            .name("countersign-sqlite".into())
            .spawn(move || Writer::new(connection, generation, clock, waiting_jobs).work())
            .map_err(|error| unavailable(&error.to_string()))?;
        Ok(Self { jobs: Some(jobs), writer: Some(writer), timeout, place, generation: told })
    }

    async fn carry_out(&self, batch: Vec<Operation>) -> Result<Outcome, StoreError> {
        check(&batch)?;
        let deadline = Instant::now() + self.timeout;
        let (reply, answer) = oneshot::channel();
        let job = Job { batch, deadline: deadline.into_std(), reply };
        match self.jobs.as_ref().map(|jobs| jobs.try_send(job)) {
            Some(Ok(())) => {}
            Some(Err(TrySendError::Full(_) | TrySendError::Disconnected(_))) | None => {
                return Err(StoreError::Unavailable);
            }
        }
        match tokio::time::timeout_at(deadline, answer).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(StoreError::Unavailable),
            Err(_) => Err(StoreError::Timeout),
        }
    }
}

impl Store for SqliteStore {
    fn run(&self, batch: Vec<Operation>) -> Answer<'_> {
        Box::pin(self.carry_out(batch))
    }

    fn ping(&self) -> Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send + '_>> {
        let read = Operation::Get("ping".into());
        Box::pin(async move {
            self.place.look()?;
            self.carry_out(vec![read]).await.map(drop)
        })
    }

    /// The clock is this machine's own: there is no other one to compare it with.
    fn report(&self) -> Report {
        Report { generation: self.generation, skew: None }
    }
}

impl Drop for SqliteStore {
    /// Waits for the writer, which carries out what is still in time, so that the file is closed afterwards.
    fn drop(&mut self) {
        drop(self.jobs.take());
        if let Some(writer) = self.writer.take() {
            // A writer that panicked has answered no request; there is nothing left to do about it.
            drop(writer.join());
        }
    }
}

fn unavailable(reason: &str) -> OpenError {
    OpenError::Unavailable { reason: reason.into() }
}

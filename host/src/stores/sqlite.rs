//! The embedded store: one SQLite file on a local disk, durable, nothing to install.
//!
//! One thread owns the connection. Whatever batches wait while it is busy go into its next transaction together
//! (group commit), so that many callers share one write to the disk. Several processes on one machine may share the
//! file; a network file system won't do, since SQLite's locks don't hold there.

use std::future::Future;
use std::pin::Pin;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use countersign_contract::store::{Operation, Outcome, check};
use countersign_contract::types::StoreError;
use tokio::sync::oneshot;
use tokio::time::Instant;

use self::place::Place;
use self::writer::{Job, Writer};
use super::clock::Clock;
use super::error::OpenError;
use super::generation::{AfterRestart, Generation};
use super::scan::Cursor;
use super::store::{Answer, Diagnostics, PageAnswer, Parts, Store};

pub use self::settings::{SqliteSettings, Synchronous};

pub(super) use self::examine::examine;

mod examine;
mod file;
mod place;
mod rows;
mod scan;
mod settings;
mod writer;

/// Keys and values in one SQLite file.
pub struct SqliteStore {
    /// Taken when the store is dropped, which ends the writer.
    jobs: Option<SyncSender<Job>>,
    writer: Option<JoinHandle<()>>,
    timeout: Duration,
    clock: Clock,
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
            .spawn({
                let clock = Clock::clone(&clock);
                move || Writer::new(connection, generation, clock, waiting_jobs).work()
            })
            .map_err(|error| unavailable(&error.to_string()))?;
        Ok(Self { jobs: Some(jobs), writer: Some(writer), timeout, clock, place, generation: told })
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

    fn scan(&self, ending: &'static str, after: Option<Cursor>) -> PageAnswer<'_> {
        Box::pin(self.page(ending, after))
    }

    /// The clock is this machine's own: there is no other one to compare it with.
    fn diagnostics(&self) -> Diagnostics {
        Diagnostics { generation: self.generation, skew: None, parts: Parts::ONE }
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

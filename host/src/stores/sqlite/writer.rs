//! The thread that owns the connection, and the transaction that waiting batches share.

use std::cell::Cell;
use std::ffi::c_int;
use std::sync::mpsc::Receiver;
use std::time::Instant;

use countersign_contract::store::{Operation, Outcome};
use countersign_contract::types::StoreError;
use rusqlite::{Connection, ErrorCode};
use tokio::sync::oneshot;

use super::rows::{self, RowError};
use crate::stores::clock::Clock;

/// Batches in one transaction, at most: a bound on how long the first one waits for the last.
const MAX_GROUP: usize = 128;

/// A batch on its way to the writer.
pub(super) struct Job {
    pub(super) batch: Vec<Operation>,
    /// From then on it must not be begun any more.
    pub(super) deadline: Instant,
    pub(super) reply: oneshot::Sender<Answer>,
}

impl Job {
    fn is_over(&self) -> bool {
        self.reply.is_closed() || Instant::now() >= self.deadline
    }
}

type Answer = Result<Outcome, StoreError>;

/// The owner of the connection.
pub(super) struct Writer {
    connection: Connection,
    /// The file's.
    generation: Option<u64>,
    clock: Clock,
    jobs: Receiver<Job>,
    /// SQLite's code for what fails at present.
    failing: Cell<Option<c_int>>,
}

impl Writer {
    pub(super) fn new(
        connection: Connection,
        generation: Option<u64>,
        clock: Clock,
        jobs: Receiver<Job>,
    ) -> Self {
        connection.set_prepared_statement_cache_capacity(32);
        Self { connection, generation, clock, jobs, failing: Cell::new(None) }
    }

    /// Works until the last sender of jobs is gone.
    pub(super) fn work(self) {
        while let Ok(first) = self.jobs.recv() {
            let mut group = vec![first];
            group.extend(self.jobs.try_iter().take(MAX_GROUP - 1));
            self.serve(group);
        }
    }

    /// Answers every job of `group` that is still in time. The others find out by themselves.
    fn serve(&self, mut group: Vec<Job>) {
        let mut busy = None;
        loop {
            group.retain(|job| !job.is_over());
            if group.is_empty() {
                if let Some(error) = busy {
                    self.tell(&error);
                }
                return;
            }
            let writes =
                group.iter().flat_map(|job| &job.batch).any(|operation| !operation.only_reads());
            match self.execute(if writes { "BEGIN IMMEDIATE" } else { "BEGIN" }) {
                Ok(()) => {}
                // Another process is writing: those with time left wait on.
                Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => {
                    busy = Some(error);
                    continue;
                }
                Err(error) => return self.refuse(group, &error),
            }
            return self.transact(group, writes);
        }
    }

    fn transact(&self, group: Vec<Job>, writes: bool) {
        let now = i64::try_from((self.clock)() / 1_000).unwrap_or(i64::MAX);
        let mut outcomes = Vec::with_capacity(group.len());
        let result = group
            .iter()
            .try_for_each(|job| self.batch(job, now).map(|outcome| outcomes.push(outcome)))
            .and_then(|()| if writes { self.sweep(&group, now) } else { Ok(()) })
            .and_then(|()| self.execute("COMMIT"));
        match result {
            Ok(()) => {
                if writes && self.failing.take().is_some() {
                    tracing::info!(file = self.connection.path(), "the store takes writes again");
                }
                for (job, outcome) in group.into_iter().zip(outcomes) {
                    answer(job, outcome);
                }
            }
            Err(error) => {
                // Where SQLite has rolled back by itself there is nothing left to roll back.
                drop(self.execute("ROLLBACK"));
                self.refuse(group, &error);
            }
        }
    }

    /// Carries out one job's batch, all of it or nothing.
    fn batch(&self, job: &Job, now: i64) -> rusqlite::Result<Answer> {
        if job.is_over() {
            return Ok(Err(StoreError::Timeout));
        }
        let needs_savepoint = job.batch.iter().any(|operation| !operation.only_reads());
        if needs_savepoint {
            self.execute("SAVEPOINT batch")?;
        }
        let mut replies = Vec::with_capacity(job.batch.len());
        for operation in &job.batch {
            match rows::apply(&self.connection, operation, now) {
                Ok(reply) => replies.push(reply),
                Err(RowError::Backend(error)) => return Err(error),
                Err(RowError::Refused) => {
                    if needs_savepoint {
                        self.execute("ROLLBACK TO batch")?;
                        self.execute("RELEASE batch")?;
                    }
                    return Ok(Err(StoreError::InvalidArgument));
                }
            }
        }
        if needs_savepoint {
            self.execute("RELEASE batch")?;
        }
        Ok(Ok(Outcome { replies, generation: self.generation }))
    }

    /// Removes more than the group can have added.
    fn sweep(&self, group: &[Job], now: i64) -> rusqlite::Result<()> {
        let operations: usize = group.iter().map(|job| job.batch.len()).sum();
        rows::sweep(&self.connection, now, 2 * operations + 8)
    }

    /// Answers all of `group` with `error`, and logs it where it is another one than before.
    fn refuse(&self, group: Vec<Job>, error: &rusqlite::Error) {
        self.tell(error);
        for job in group {
            answer(job, Err(rows::store_error(error)));
        }
    }

    /// Logs `error`, where it is another one than before.
    fn tell(&self, error: &rusqlite::Error) {
        let code = error.sqlite_error().map_or(0, |error| error.extended_code);
        if self.failing.replace(Some(code)) != Some(code) {
            tracing::warn!(file = self.connection.path(), code, %error, "the store fails");
        }
    }

    fn execute(&self, statement: &str) -> rusqlite::Result<()> {
        self.connection.prepare_cached(statement)?.execute([]).map(drop)
    }
}

fn answer(job: Job, outcome: Answer) {
    // No caller waits any more where the deadline passed in the meantime.
    drop(job.reply.send(outcome));
}

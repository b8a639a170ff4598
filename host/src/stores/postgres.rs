//! A PostgreSQL database that any number of processes share: version 14 or later, also behind PgBouncer.
//!
//! A batch is one statement, one round trip and one transaction: the call of a function in the database
//! (`postgres/schema.sql`), which carries out the operations in order, all of them or none, and says in the same answer which
//! generation of the data it was done on. Nothing is ever sent twice. Keys expire by the server's clock; a task of each
//! process removes them (`postgres/keeper.rs`).
//!
//! The statement is sent whole each time, without a name: a pooler may give each to another connection, and the client library
//! writes what it holds to no log.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use countersign_contract::store::{Operation, Outcome, Step, check};
use countersign_contract::types::StoreError;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use self::keeper::Keeper;
use self::names::Names;
use self::pool::Pool;
use self::server::Server;
use self::settings::Parsed;
use self::statement::Statement;
use self::trouble::Trouble;
use super::clock;
use super::error::OpenError;
use super::generation::{AfterRestart, Generation, Watch};
use super::scan::Cursor;
use super::skew::SkewWatch;
use super::store::{Answer, Diagnostics, PageAnswer, Parts, SCRATCH, Store};

pub use self::settings::PostgresSettings;

pub(super) use self::examine::examine;

mod address;
mod examine;
mod hosts;
mod keeper;
mod names;
mod pool;
mod scan;
mod server;
mod settings;
mod setup;
mod statement;
mod tls;
mod trouble;

/// How long the scratch key lives.
const SCRATCH_SECONDS: u32 = 60;

/// Keys and values in a PostgreSQL database.
pub struct PostgresStore {
    pool: Arc<Pool>,
    server: Arc<Server>,
    /// The statement that carries out a batch.
    call: String,
    names: Arc<Names>,
    /// Batches that are carried out or wait.
    admitted: Semaphore,
    response_timeout: Duration,
    /// How many answers came, ever: what tells a slow server from dead connections.
    answers: AtomicU64,
    watch: Watch,
    /// Whether the operator trusts the server to lose nothing.
    is_trusted: bool,
    skew: Arc<SkewWatch>,
    /// Why the server fails at present.
    failing: Mutex<Option<String>>,
    keeper: JoinHandle<std::convert::Infallible>,
}

impl PostgresStore {
    /// Connects, up to ten times, sets up what isn't there, and makes sure that writes work.
    ///
    /// # Errors
    ///
    /// [`OpenError::Setting`] where a setting is missing or out of its range, [`OpenError::Denied`] where the server
    /// refuses us, [`OpenError::Unfit`] where it can't keep what it is given, [`OpenError::Unavailable`] where it can't be
    /// reached in time or takes no writes.
    pub async fn open(settings: &PostgresSettings) -> Result<Self, OpenError> {
        let Parsed { address, tls, connections, waiting, patience, response_timeout } =
            settings.parse()?;
        let deadline = Instant::now() + patience;
        let server = Arc::new(Server::new(address, tls));
        let names = Arc::new(Names::of(&settings.schema));
        let failed = |trouble: Trouble| trouble.at(server.shown());
        let first = setup::connect(&server, deadline).await.map_err(failed)?;
        setup::prepare(&first, &names, deadline).await.map_err(failed)?;
        let pool = Arc::new(Pool::new(Arc::clone(&server), connections, first));
        let skew = Arc::new(SkewWatch::default());
        let keeper = Keeper {
            server: Arc::clone(&server),
            pool: Arc::clone(&pool),
            names: Arc::clone(&names),
            clock: clock::unix(),
            skew: Arc::clone(&skew),
        };
        let store = Self {
            pool,
            call: names.call(),
            names,
            admitted: Semaphore::new(connections.saturating_add(waiting)),
            response_timeout,
            answers: AtomicU64::new(0),
            watch: Watch::default(),
            is_trusted: settings.after_restart == AfterRestart::Trust,
            skew,
            failing: Mutex::default(),
            keeper: tokio::spawn(keeper.work()),
            server,
        };
        store.try_out().await?;
        Ok(store)
    }

    /// Makes sure that a batch that writes is carried out.
    async fn try_out(&self) -> Result<(), OpenError> {
        let step = Step { key: SCRATCH.to_owned(), by: 1, ttl_seconds: SCRATCH_SECONDS };
        let batch = [Operation::Increment(step)];
        let trouble = match self.attempt(&batch).await {
            Ok(_) => return Ok(()),
            Err(Failure::Link(trouble)) => trouble,
            Err(Failure::Error(error)) if error.code().is_some_and(|code| code.code() == trouble::ISOLATION) => {
                Trouble::Unfit(
                    "transactions of this user are not READ COMMITTED: set default_transaction_isolation to that"
                        .into(),
                )
            }
            Err(Failure::Error(error)) => Trouble::of(&error),
            Err(Failure::Late | Failure::Crowd) => Trouble::no_answer(),
            Err(Failure::Store(error)) => Trouble::Unreachable(format!("{error:?}")),
        };
        Err(trouble.at(self.server.shown()))
    }

    async fn carry_out(&self, batch: Vec<Operation>) -> Result<Outcome, StoreError> {
        check(&batch)?;
        self.attempt(&batch).await.map_err(|failure| match failure {
            Failure::Crowd => StoreError::Unavailable,
            Failure::Error(error) => trouble::store_error(&error),
            Failure::Late => StoreError::Timeout,
            Failure::Link(trouble) => trouble.to_store_error(),
            Failure::Store(error) => error,
        })
    }

    async fn attempt(&self, batch: &[Operation]) -> Result<Outcome, Failure> {
        let _admitted = self.admitted.try_acquire().map_err(|_| Failure::Crowd)?;
        let deadline = Instant::now() + self.response_timeout;
        let before = self.answers.load(Ordering::Relaxed);
        let statement = Statement::of(batch, &self.names);
        let writes = statement.writes();
        let mut is_sent = false;
        let answer = timeout_at(deadline, async {
            let mut lease = self.pool.lease().await.map_err(Failure::Link)?;
            let left = deadline.saturating_duration_since(Instant::now());
            let statement = statement.with_patience(left);
            let Some(session) = lease.session() else { return Err(Failure::Crowd) };
            is_sent = true;
            let answer = session.ask(&self.call, &statement.arguments()).await;
            if answer.as_ref().err().is_none_or(trouble::spares_session) {
                lease.is_done();
            }
            answer.map_err(Failure::Error)
        });
        let Ok(answer) = answer.await else {
            // Connections that said nothing at all for so long are taken for dead: the network may be dropping packets
            // without telling.
            if is_sent && self.answers.load(Ordering::Relaxed) == before {
                self.pool.condemn("no answer in time");
            }
            return Err(Failure::Late);
        };
        if !matches!(answer, Err(Failure::Link(_))) {
            self.answers.fetch_add(1, Ordering::Relaxed);
        }
        self.noticed(answer.as_ref().err(), writes);
        let mut outcome = statement::outcome(batch, &answer?).map_err(Failure::Store)?;
        match outcome.generation {
            Some(_) if self.is_trusted => outcome.generation = None,
            Some(generation) => self.watch.saw(generation),
            None => {}
        }
        Ok(outcome)
    }

    /// Looks for another server where this one takes no writes, and logs that it fails and that it works again: each once.
    fn noticed(&self, failure: Option<&Failure>, writes: bool) {
        let reason = match failure {
            None if !writes => return,
            None => None,
            Some(Failure::Error(error)) => {
                if trouble::is_read_only(error) {
                    self.pool.condemn("the server takes no writes");
                }
                match trouble::store_error(error) {
                    StoreError::InvalidArgument | StoreError::Timeout => return,
                    _ => Some(trouble::reason(error)),
                }
            }
            Some(_) => return,
        };
        let mut failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner);
        if *failing == reason {
            return;
        }
        let server = self.server.shown();
        match &reason {
            Some(reason) => tracing::warn!(server, reason, "the store fails"),
            None => tracing::info!(server, "the store takes writes again"),
        }
        *failing = reason;
    }
}

impl Store for PostgresStore {
    fn run(&self, batch: Vec<Operation>) -> Answer<'_> {
        Box::pin(self.carry_out(batch))
    }

    fn ping(&self) -> Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send + '_>> {
        Box::pin(async { self.carry_out(Vec::new()).await.map(drop) })
    }

    fn scan(&self, ending: &'static str, after: Option<Cursor>) -> PageAnswer<'_> {
        Box::pin(self.page(ending, after))
    }

    fn diagnostics(&self) -> Diagnostics {
        let generation = if self.is_trusted { Generation::Trusted } else { self.watch.told() };
        Diagnostics { generation, skew: self.skew.latest(), parts: Parts::ONE }
    }
}

impl Drop for PostgresStore {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}

/// Why a batch came to nothing.
enum Failure {
    /// Too many batches wait.
    Crowd,
    /// The server, or the connection, said so.
    Error(tokio_postgres::Error),
    /// Not in time.
    Late,
    /// There is no connection.
    Link(Trouble),
    /// The answer can't be read.
    Store(StoreError),
}

//! A Redis or Valkey server that any number of processes share.
//!
//! A batch is one round trip: `MULTI … EXEC`, so that it takes effect as a whole and no key is ever without a ttl,
//! also when the connection is cut; or one plain command where that is enough. All requests of a process share one
//! connection and are pipelined on it. Nothing is ever sent twice. About once a second a batch also asks for what names
//! the server's generation (`redis/lineage.rs`), in the same packet. One thing the transaction can't do is roll back:
//! where a count would pass `s64`, the batch fails with `invalid-argument` and its other operations are carried out.
//!
//! The server must not evict (`maxmemory-policy noeviction`), which is checked at start-up where the user may ask.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use countersign_contract::store::{Operation, Outcome, check};
use countersign_contract::types::StoreError;
use redis::{Cmd, Value};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use self::commands::Packed;
use self::connect::Purpose;
use self::lineage::Lineage;
use self::link::Link;
use self::settings::Parsed;
use super::clock;
use super::error::OpenError;
use super::generation::{AfterRestart, Generation, Watch};
use super::skew::SkewWatch;
use super::store::{Answer, Diagnostics, SCRATCH, Store};

pub use self::settings::RedisSettings;

mod address;
mod commands;
mod connect;
mod lineage;
mod link;
mod settings;
mod time;
mod trouble;

/// Keys and values in Redis.
pub struct RedisStore {
    link: Link,
    key_prefix: String,
    in_flight: Semaphore,
    response_timeout: Duration,
    /// How many answers came, ever: what tells a slow server from a dead connection.
    answers: AtomicU64,
    watch: Arc<Watch>,
    /// Whether the operator trusts the server to lose nothing.
    is_trusted: bool,
    skew: Arc<SkewWatch>,
    /// The code with which the server refuses writes at present.
    refusing: Mutex<Option<String>>,
}

impl RedisStore {
    /// Connects, up to ten times, and makes sure that the server keeps what it is given.
    ///
    /// # Errors
    ///
    /// [`OpenError::Setting`] where a setting is missing or out of its range, [`OpenError::Denied`] where the server refuses us, [`OpenError::Evicting`] where it may forget,
    /// [`OpenError::Unavailable`] where it can't be reached in time.
    pub async fn open(settings: &RedisSettings) -> Result<Self, OpenError> {
        let Parsed { address, patience, response_timeout, in_flight } = settings.parse()?;
        let (watch, skew) = (Arc::new(Watch::default()), Arc::new(SkewWatch::default()));
        let is_trusted = settings.after_restart == AfterRestart::Trust;
        let purpose = Purpose {
            generation: (!is_trusted).then(|| Arc::clone(&watch)),
            skew: Arc::clone(&skew),
            clock: clock::unix(),
            scratch: format!("{}{}", settings.key_prefix, SCRATCH),
        };
        let link = Link::open(address, patience, in_flight, purpose).await?;
        let store = Self {
            link,
            key_prefix: settings.key_prefix.clone(),
            in_flight: Semaphore::new(in_flight),
            response_timeout,
            answers: AtomicU64::new(0),
            watch,
            is_trusted,
            skew,
            refusing: Mutex::default(),
        };
        store.refuse_eviction().await?;
        Ok(store)
    }

    /// How often the server was restarted or failed over under this process, as far as it says.
    #[must_use]
    pub fn generation_changes(&self) -> u64 {
        self.watch.changes()
    }

    async fn carry_out(&self, batch: Vec<Operation>) -> Result<Outcome, StoreError> {
        check(&batch)?;
        let writes = batch.iter().any(|operation| !operation.only_reads());
        let (plan, packed) = commands::pack(&batch, &self.key_prefix);
        if matches!(packed, Packed::Nothing) {
            return Ok(Outcome { replies: Vec::new(), generation: None });
        }
        let mut lineage = None;
        let outcome = match self.send(packed, &mut lineage).await {
            Ok((answers, generation)) => {
                if writes {
                    self.tell_refusals(&answers);
                }
                plan.replies(&batch, answers).map(|replies| Outcome { replies, generation })
            }
            Err(error) => Err(error),
        };
        if let (Err(_), Some(lineage)) = (&outcome, lineage) {
            lineage.doubt();
        }
        outcome
    }

    /// Sends a batch, behind the question for the generation where that is due. Returns the answers to the batch, and
    /// the generation of the server that gave them.
    async fn send(
        &self,
        packed: Packed,
        lineage: &mut Option<Arc<Lineage>>,
    ) -> Result<(Vec<Value>, Option<u64>), StoreError> {
        let mut sent_on = None;
        let answer = async {
            let (_permit, mut live) = self.ready().await?;
            sent_on = Some(live.number);
            let lineage = &**lineage.insert(live.lineage);
            let now = Instant::now();
            let is_due = lineage.is_due(now);
            if let (Packed::One(command), false) = (&packed, is_due) {
                let answer = live.connection.send_packed_command(command).await;
                return Ok((vec![answer.map_err(trouble::store_error)?], lineage.generation()));
            }
            let questions = is_due.then(lineage::questions).into_iter().flatten();
            let pipeline = packed.behind(questions);
            let answers = live.connection.send_packed_commands(&pipeline, 0, pipeline.len()).await;
            let mut answers = answers.map_err(trouble::store_error)?;
            if !is_due {
                return Ok((answers, lineage.generation()));
            }
            if answers.len() <= lineage::QUESTIONS {
                return Err(trouble::unreadable());
            }
            let to_batch = answers.split_off(lineage::QUESTIONS);
            Ok((to_batch, lineage.answered(now, &answers)?))
        };
        let answer = self.in_time(answer).await;
        let (answers, generation) = self.counted(answer, sent_on)?;
        self.noticed(&answers, sent_on);
        Ok((answers, generation))
    }

    async fn exchange(&self, command: &Cmd) -> Result<Value, StoreError> {
        let mut sent_on = None;
        let answer = async {
            let (_permit, mut live) = self.ready().await?;
            sent_on = Some(live.number);
            live.connection.send_packed_command(command).await.map_err(trouble::store_error)
        };
        let answer = self.in_time(answer).await;
        let answer = self.counted(answer, sent_on)?;
        self.noticed(std::slice::from_ref(&answer), sent_on);
        Ok(answer)
    }

    /// Ends the connection where an answer says that this server is the wrong one, or not yet
    /// ready.
    fn noticed(&self, answers: &[Value], sent_on: Option<u64>) {
        if let (Some(code), Some(number)) = (trouble::ending(answers), sent_on) {
            self.link.condemn(number, code);
        }
    }

    /// Logs that the server refuses writes, and that it takes them again: each once, with its own code.
    fn tell_refusals(&self, answers: &[Value]) {
        let code = trouble::refusing(answers);
        let mut refusing = self.refusing.lock().unwrap_or_else(PoisonError::into_inner);
        if refusing.as_deref() == code {
            return;
        }
        let server = self.link.server();
        match code {
            Some(code) => tracing::warn!(server, reason = code, "the store refuses writes"),
            None => tracing::info!(server, "the store takes writes again"),
        }
        *refusing = code.map(str::to_owned);
    }

    async fn ready(&self) -> Result<(tokio::sync::SemaphorePermit<'_>, link::Live), StoreError> {
        let permit = self.in_flight.acquire().await.map_err(|_| StoreError::Unavailable)?;
        Ok((permit, self.link.live().await?))
    }

    /// What came of it and, where nothing came in time, how many answers there had been before.
    async fn in_time<T>(
        &self,
        answer: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, Late> {
        let before = self.answers.load(Ordering::Relaxed);
        match tokio::time::timeout(self.response_timeout, answer).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(Late::Failed(error)),
            Err(_) => Err(Late::Nothing { before }),
        }
    }

    /// Counts the answer. A connection that said nothing at all for as long as this batch waited is taken for dead:
    /// the network may be dropping packets without telling.
    fn counted<T>(&self, answer: Result<T, Late>, sent_on: Option<u64>) -> Result<T, StoreError> {
        match answer {
            Ok(answer) => {
                self.answers.fetch_add(1, Ordering::Relaxed);
                Ok(answer)
            }
            Err(Late::Failed(error)) => Err(error),
            Err(Late::Nothing { before }) => {
                if let Some(number) = sent_on
                    && self.answers.load(Ordering::Relaxed) == before
                {
                    self.link.condemn(number, "no answer in time");
                }
                Err(StoreError::Timeout)
            }
        }
    }

    async fn refuse_eviction(&self) -> Result<(), OpenError> {
        let mut info = Cmd::new();
        info.arg("INFO").arg("memory");
        // A user without the right to ask is trusted to know.
        let Ok(Value::BulkString(text)) = self.exchange(&info).await else {
            return Ok(());
        };
        let text = String::from_utf8_lossy(&text);
        let field =
            |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        match (field("maxmemory"), field("maxmemory_policy")) {
            (Some("0"), _) | (_, None | Some("noeviction")) => Ok(()),
            (_, Some(policy)) => Err(OpenError::Evicting { policy: policy.into() }),
        }
    }

    async fn carry_out_ping(&self) -> Result<(), StoreError> {
        let mut ping = Cmd::new();
        ping.arg("PING");
        match self.exchange(&ping).await? {
            Value::ServerError(error) => Err(trouble::server_error(&error)),
            _ => Ok(()),
        }
    }
}

impl Store for RedisStore {
    fn run(&self, batch: Vec<Operation>) -> Answer<'_> {
        Box::pin(self.carry_out(batch))
    }

    fn ping(&self) -> Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send + '_>> {
        Box::pin(self.carry_out_ping())
    }

    fn diagnostics(&self) -> Diagnostics {
        let generation = if self.is_trusted { Generation::Trusted } else { self.watch.told() };
        Diagnostics { generation, skew: self.skew.latest() }
    }
}

enum Late {
    Failed(StoreError),
    Nothing { before: u64 },
}

//! One server: its connection, how much is on its way to it, and what its answers tell of it.

use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use countersign_contract::store::{Operation, Reply};
use countersign_contract::types::StoreError;
use redis::{Cmd, Value};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout_at};

use super::commands::{self, Packed};
use super::lineage::{self, Lineage};
use super::link::{Link, Live};
use super::redirect::Redirection;
use super::trouble;

/// A server, for as long as it is used.
pub(super) struct Node {
    link: Link,
    in_flight: Semaphore,
    /// How long an answer may take.
    patience: Duration,
    /// How many answers came, ever: what tells a slow server from a dead connection.
    answers: AtomicU64,
    /// The code with which the server refuses writes at present.
    refusing: Mutex<Option<String>>,
}

/// What became of a batch.
pub(super) enum Ran {
    /// It was carried out: the replies, and the generation of the server that gave them.
    Done(Vec<Reply>, Option<u64>),
    /// Nothing of it was: the keys are elsewhere, or on their way.
    Redirected(Redirection),
}

/// How a batch is sent.
#[derive(Clone, Copy)]
pub(super) struct Sending {
    /// When it is given up.
    pub(super) deadline: Instant,
    /// Whether another server sent us here for keys that are on their way.
    pub(super) is_asking: bool,
}

impl Node {
    pub(super) fn new(link: Link, max_in_flight: usize, patience: Duration) -> Self {
        Self {
            link,
            in_flight: Semaphore::new(max_in_flight),
            patience,
            answers: AtomicU64::new(0),
            refusing: Mutex::default(),
        }
    }

    /// Its address, as the log has it.
    pub(super) fn server(&self) -> &str {
        self.link.server()
    }

    /// The way to it.
    pub(super) fn link(&self) -> &Link {
        &self.link
    }

    /// Carries out `batch`, which must be within the contract's limits, in one round trip.
    pub(super) async fn run(
        &self,
        batch: &[Operation],
        prefix: &str,
        sending: Sending,
    ) -> Result<Ran, StoreError> {
        let (plan, packed) = commands::pack(batch, prefix);
        if matches!(packed, Packed::Nothing) {
            return Ok(Ran::Done(Vec::new(), None));
        }
        let mut lineage = None;
        let outcome = match self.send(packed, sending, &mut lineage).await {
            Ok((answers, _)) if let Some(redirection) = Redirection::read(&answers) => {
                return Ok(Ran::Redirected(redirection));
            }
            Ok((answers, generation)) => {
                if batch.iter().any(|operation| !operation.only_reads()) {
                    self.tell_refusals(&answers);
                }
                plan.replies(batch, answers).map(|replies| Ran::Done(replies, generation))
            }
            Err(error) => Err(error),
        };
        if let (Err(_), Some(lineage)) = (&outcome, lineage) {
            lineage.doubt();
        }
        outcome
    }

    /// Sends one command.
    pub(super) async fn exchange(
        &self,
        command: &Cmd,
        deadline: Instant,
    ) -> Result<Value, StoreError> {
        Ok(self.exchange_with(command, deadline).await?.0)
    }

    /// Sends one command. Says also on which generation of the server, as far as that is known.
    pub(super) async fn exchange_with(
        &self,
        command: &Cmd,
        deadline: Instant,
    ) -> Result<(Value, Option<u64>), StoreError> {
        let mut sent_on = None;
        let answer = async {
            let (_permit, mut live) = self.ready().await?;
            sent_on = Some(live.number);
            let answer = live.connection.send_packed_command(command).await;
            Ok((answer.map_err(trouble::store_error)?, live.lineage.generation()))
        };
        let answer = self.in_time(answer, deadline).await;
        let (answer, generation) = self.counted(answer, sent_on)?;
        self.noticed(std::slice::from_ref(&answer), sent_on);
        Ok((answer, generation))
    }

    /// Sends a batch, behind the question for the generation where that is due. Returns the answers to the batch, and
    /// the generation of the server that gave them.
    async fn send(
        &self,
        packed: Packed,
        sending: Sending,
        lineage: &mut Option<Arc<Lineage>>,
    ) -> Result<(Vec<Value>, Option<u64>), StoreError> {
        let mut sent_on = None;
        let Sending { deadline, is_asking } = sending;
        let answer = async {
            let (_permit, mut live) = self.ready().await?;
            sent_on = Some(live.number);
            let lineage = &**lineage.insert(live.lineage);
            let now = Instant::now();
            let is_due = lineage.is_due(now);
            if let (Packed::One(command), false, false) = (&packed, is_due, is_asking) {
                let answer = live.connection.send_packed_command(command).await;
                return Ok((vec![answer.map_err(trouble::store_error)?], lineage.generation()));
            }
            let questions = is_due.then(lineage::questions).into_iter().flatten();
            let pipeline = packed.behind(questions, is_asking);
            let answers = live.connection.send_packed_commands(&pipeline, 0, pipeline.len()).await;
            let mut answers = answers.map_err(trouble::store_error)?;
            let asked = if is_due { lineage::QUESTIONS } else { 0 };
            let ahead = asked + usize::from(is_asking);
            if answers.len() <= ahead {
                return Err(trouble::unreadable());
            }
            let to_batch = answers.split_off(ahead);
            answers.truncate(asked);
            let generation =
                if is_due { lineage.answered(now, &answers)? } else { lineage.generation() };
            Ok((to_batch, generation))
        };
        let answer = self.in_time(answer, deadline).await;
        let (answers, generation) = self.counted(answer, sent_on)?;
        self.noticed(&answers, sent_on);
        Ok((answers, generation))
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

    async fn ready(&self) -> Result<(SemaphorePermit<'_>, Live), StoreError> {
        let permit = self.in_flight.acquire().await.map_err(|_| StoreError::Unavailable)?;
        Ok((permit, self.link.live().await?))
    }

    /// What came of it and, where nothing came in time, how many answers there had been before.
    async fn in_time<T>(
        &self,
        answer: impl Future<Output = Result<T, StoreError>>,
        deadline: Instant,
    ) -> Result<T, Late> {
        let (began, before) = (Instant::now(), self.answers.load(Ordering::Relaxed));
        match timeout_at(deadline, answer).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(Late::Failed(error)),
            // Too little time says nothing about the connection.
            Err(_) if began.elapsed() < self.patience / 2 => Err(Late::Failed(StoreError::Timeout)),
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
}

enum Late {
    Failed(StoreError),
    Nothing { before: u64 },
}

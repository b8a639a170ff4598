//! What a server says of its own history, and how long that is believed.
//!
//! `run_id` changes whenever the server starts, `master_replid` whenever it becomes a replica or a primary. They are
//! asked for when a connection is made, and again in front of a batch about once a second, in the same packet.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use countersign_contract::types::StoreError;
use redis::aio::MultiplexedConnection;
use redis::{Cmd, Pipeline, Value};
use tokio::time::Instant;

use super::trouble::{self, Trouble};
use crate::stores::generation::{self, Watch};

/// After so long one batch asks again …
const REFRESHED_AFTER: Duration = Duration::from_secs(1);
/// … and after so long every batch does: nothing older is ever passed on.
const BELIEVED_FOR: Duration = Duration::from_secs(2);

/// How many commands [`questions`] are.
pub(super) const QUESTIONS: usize = 2;

/// The commands that ask a server for its generation.
pub(super) fn questions() -> [Cmd; QUESTIONS] {
    ["server", "replication"].map(|section| {
        let mut info = Cmd::new();
        info.arg("INFO").arg(section);
        info
    })
}

/// What is known of the server at the other end of one connection.
pub(super) struct Lineage {
    watch: Arc<Watch>,
    known: Mutex<Known>,
}

struct Known {
    generation: Option<u64>,
    /// Whether the server is asked at all: not where it has refused.
    is_asked: bool,
    /// When it was last asked by a batch.
    asked: Instant,
    /// When the question was sent whose answer is known; nothing where that answer is in doubt.
    as_of: Option<Instant>,
}

impl Lineage {
    /// Asks over a new connection.
    pub(super) async fn learn(
        connection: &mut MultiplexedConnection,
        watch: Arc<Watch>,
    ) -> Result<Self, Trouble> {
        let asked = Instant::now();
        let mut pipeline = Pipeline::with_capacity(QUESTIONS);
        for question in questions() {
            pipeline.add_command(question);
        }
        let answers = connection.send_packed_commands(&pipeline, 0, QUESTIONS).await?;
        let known = Known { generation: None, is_asked: true, asked, as_of: None };
        let lineage = Self { watch, known: Mutex::new(known) };
        match lineage.answered(asked, &answers) {
            Ok(_) => Ok(lineage),
            Err(StoreError::Denied) => Err(Trouble::Denied("INFO".into())),
            Err(_) => Err(Trouble::Unreachable("no answer to INFO".into())),
        }
    }

    /// For an operator who trusts the server: never asks.
    pub(super) fn trusted() -> Self {
        let now = Instant::now();
        let known = Known { generation: None, is_asked: false, asked: now, as_of: Some(now) };
        Self { watch: Arc::default(), known: Mutex::new(known) }
    }

    /// Whether a batch that is sent `now` has to ask too.
    pub(super) fn is_due(&self, now: Instant) -> bool {
        let mut known = self.known();
        if !known.is_asked {
            return false;
        }
        let is_outdated = known.as_of.is_none_or(|as_of| now.duration_since(as_of) >= BELIEVED_FOR);
        let is_due = is_outdated || now.duration_since(known.asked) >= REFRESHED_AFTER;
        if is_due {
            known.asked = now;
        }
        is_due
    }

    /// Takes the answers to the questions that were sent at `asked`. Returns the generation, or nothing where the
    /// server doesn't say.
    ///
    /// # Errors
    ///
    /// What went wrong, where the server couldn't say right now.
    pub(super) fn answered(
        &self,
        asked: Instant,
        answers: &[Value],
    ) -> Result<Option<u64>, StoreError> {
        let said = read(answers)?;
        let generation = said.as_ref().ok().copied();
        let mut known = self.known();
        known.generation = generation;
        known.is_asked = said.is_ok();
        known.as_of = Some(asked);
        drop(known);
        match said {
            Ok(generation) => self.watch.saw(generation),
            Err(Silent(reason)) => self.watch.saw_none(&reason),
        }
        Ok(generation)
    }

    /// Has the next batch ask again, because this one failed: a server that was demoted refuses to write.
    pub(super) fn doubt(&self) {
        self.known().as_of = None;
    }

    /// What was last answered.
    pub(super) fn generation(&self) -> Option<u64> {
        self.known().generation
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why a server has no generation that we could learn. The text is safe to show.
#[derive(Debug)]
struct Silent(String);

fn read(answers: &[Value]) -> Result<Result<u64, Silent>, StoreError> {
    let [server, replication] = answers else { return Err(trouble::unreadable()) };
    let ids = (field(server, "run_id")?, field(replication, "master_replid")?);
    Ok(match ids {
        (Ok(run_id), Ok(replication_id)) => {
            Ok(generation::of(&[run_id.as_bytes(), replication_id.as_bytes()]))
        }
        (Err(silent), _) | (_, Err(silent)) => Err(silent),
    })
}

fn field(answer: &Value, name: &str) -> Result<Result<String, Silent>, StoreError> {
    let text = match answer {
        Value::BulkString(bytes) => String::from_utf8_lossy(bytes),
        Value::ServerError(error) if matches!(error.code(), "NOPERM" | "ERR") => {
            return Ok(Err(Silent(format!("INFO is refused: {}", error.code()))));
        }
        Value::ServerError(error) => return Err(trouble::server_error(error)),
        _ => return Err(trouble::unreadable()),
    };
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let value = value.filter(|value| !value.is_empty());
    Ok(value.map(str::to_owned).ok_or_else(|| Silent(format!("INFO has no {name}"))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lineage() -> Lineage {
        let now = Instant::now();
        let known = Known { generation: None, is_asked: true, asked: now, as_of: None };
        Lineage { watch: Arc::default(), known: Mutex::new(known) }
    }

    fn answers(run_id: &str, replication_id: &str) -> [Value; 2] {
        [format!("# Server\r\nrun_id:{run_id}\r\n"), format!("master_replid:{replication_id}\r\n")]
            .map(|text| Value::BulkString(text.into_bytes()))
    }

    #[test]
    fn one_batch_asks_each_second_and_nothing_outdated_is_believed() {
        let (lineage, start) = (lineage(), Instant::now());
        let after = |millis| start + Duration::from_millis(millis);
        assert!(lineage.is_due(start) && lineage.is_due(start), "nothing is known yet");
        let first = lineage.answered(start, &answers("a", "b")).unwrap();
        assert!(first.is_some());
        assert!(!lineage.is_due(after(900)));
        assert!(lineage.is_due(after(1_000)));
        assert!(!lineage.is_due(after(1_001)), "one batch asks already");
        assert!(lineage.is_due(after(2_000)) && lineage.is_due(after(2_001)), "no answer came");
        assert_ne!(lineage.answered(after(2_001), &answers("a", "c")).unwrap(), first);
        assert!(!lineage.is_due(after(2_500)));
        lineage.doubt();
        assert!(lineage.is_due(after(2_501)) && lineage.is_due(after(2_502)));
        assert_eq!(lineage.watch.changes(), 1);
    }

    #[test]
    fn a_server_that_does_not_say_is_asked_once() {
        let (lineage, start) = (lineage(), Instant::now());
        let silent = || Value::BulkString(b"redis_version:7\r\n".to_vec());
        assert_eq!(lineage.answered(start, &[silent(), silent()]).unwrap(), None);
        assert!(!lineage.is_due(start + Duration::from_secs(60)));
    }

    #[test]
    fn a_server_that_cannot_say_now_fails_the_batch_and_is_asked_again() {
        let (lineage, start) = (lineage(), Instant::now());
        assert!(lineage.answered(start, &[Value::Nil, Value::Nil]).is_err());
        assert!(lineage.is_due(start));
    }
}

//! The component around the script: one connection, kept for the instance's life and opened anew after an error.

mod bindings {
    wit_bindgen::generate!({ path: "../../wit", world: "edge-store-redis", generate_all });
}

countersign_contract::types!(self::bindings::countersign::otp::types);
countersign_contract::store!(self::bindings::exports::countersign::otp::store);
countersign_contract::upkeep!(self::bindings::exports::countersign::otp::upkeep);

use std::sync::{Mutex, PoisonError};

use countersign_contract::Translate;
use countersign_contract::store::{Operation, Outcome, Step, check};
use countersign_contract::types::StoreError;

use self::bindings::countersign::otp::types;
use self::bindings::exports::countersign::otp::{store, upkeep};
use self::bindings::fermyon::spin::redis::{Connection, Error, RedisParameter, RedisResult};
use self::bindings::wasi::clocks::monotonic_clock;
use self::bindings::wasi::config0_2_0_draft_2024_09_27::store as variables;
use crate::script;

/// The variable that holds the server's URL.
const URL: &str = "redis_url";
/// The variable that holds what every key begins with, and the host's default for it.
const PREFIX: (&str, &str) = ("redis_key_prefix", "countersign:");

/// The key that a write is tried with, and its seconds to live: the native host's.
const SCRATCH: (&str, u32) = ("scratch", 60);

/// How long after a call began its last command may be sent: a caller whose Redis hung meanwhile has gone. A command
/// that was sent can't be given up, the runtime waits for its answer.
const BATCH_NANOSECONDS: u64 = 4_000_000_000;
/// The clock counts in nanoseconds.
const NANOSECONDS_PER_MILLISECOND: u64 = 1_000_000;

struct Component;

#[expect(unsafe_code, reason = "generated: the exports of wit/")]
mod exports {
    use super::{Component, bindings};

    bindings::export!(Component with_types_in bindings);
}

impl store::Guest for Component {
    fn run(batch: Vec<store::Operation>) -> Result<store::Outcome, types::StoreError> {
        run(&batch.translate()).translate()
    }
}

fn run(batch: &[Operation]) -> Result<Outcome, StoreError> {
    check(batch)?;
    if batch.is_empty() {
        return Ok(Outcome { replies: Vec::new(), generation: None });
    }
    let answers = with_link(|link, deadline| link.evaluate(batch, deadline))?;
    script::outcome(batch, answers)
}

/// Redis forgets by itself.
impl upkeep::Guest for Component {
    fn ready() -> Result<u32, types::StoreError> {
        let begun = monotonic_clock::now();
        let (key, ttl_seconds) = (SCRATCH.0.to_owned(), SCRATCH.1);
        let step = Operation::Increment(Step { key, by: 1, ttl_seconds });
        with_link(|link, deadline| link.evaluate(&[step], deadline))
            .map(|_| {
                let took =
                    monotonic_clock::now().saturating_sub(begun) / NANOSECONDS_PER_MILLISECOND;
                u32::try_from(took).unwrap_or(u32::MAX)
            })
            .translate()
    }

    fn sweep_due() -> bool {
        false
    }

    fn sweep(_: u32) -> Result<upkeep::Swept, types::StoreError> {
        Ok(upkeep::Swept { examined: 0, removed: 0, more: false })
    }
}

/// A connection to a server that keeps what it is given.
struct Link {
    connection: Connection,
    prefix: String,
}

/// Until when commands may be sent.
#[derive(Clone, Copy)]
struct Deadline(u64);

impl Deadline {
    fn begin() -> Self {
        Self(monotonic_clock::now().saturating_add(BATCH_NANOSECONDS))
    }

    fn check(self) -> Result<(), StoreError> {
        if monotonic_clock::now() < self.0 { Ok(()) } else { Err(StoreError::Timeout) }
    }
}

/// Does something over the instance's connection. Nothing is ever sent twice; after an error the connection is
/// dropped, since it may be what broke.
fn with_link<T>(
    work: impl FnOnce(&Link, Deadline) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    static LINK: Mutex<Option<Link>> = Mutex::new(None);
    let mut kept = LINK.lock().unwrap_or_else(PoisonError::into_inner);
    let deadline = Deadline::begin();
    let link = match kept.take() {
        Some(link) => link,
        None => Link::open(deadline)?,
    };
    let result = work(&link, deadline)?;
    *kept = Some(link);
    Ok(result)
}

impl Link {
    fn open(deadline: Deadline) -> Result<Self, StoreError> {
        let url = variable(URL)?.ok_or_else(|| {
            StoreError::Other(format!("the variable {URL} is missing: redis://host:port/database"))
        })?;
        let prefix = variable(PREFIX.0)?.unwrap_or_else(|| PREFIX.1.to_owned());
        let connection = Connection::open(&url).map_err(|error| match error {
            Error::InvalidAddress => StoreError::Other(format!(
                "the variable {URL} holds no address that the manifest's allowed_outbound_hosts has"
            )),
            error => trouble(error),
        })?;
        let link = Self { connection, prefix };
        link.refuse_eviction(deadline)?;
        Ok(link)
    }

    /// A user without the right to ask is trusted to know.
    fn refuse_eviction(&self, deadline: Deadline) -> Result<(), StoreError> {
        let Ok(answers) = self.execute("INFO", vec![b"memory".to_vec()], deadline) else {
            return Ok(());
        };
        let evicts = answers
            .into_iter()
            .flatten()
            .any(|text| script::evicts(&String::from_utf8_lossy(&text)));
        if evicts {
            let text = "the Redis may forget what it was given: set maxmemory-policy noeviction";
            return Err(StoreError::Other(text.to_owned()));
        }
        Ok(())
    }

    fn evaluate(
        &self,
        batch: &[Operation],
        deadline: Deadline,
    ) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        let mut arguments = vec![script::SCRIPT.as_bytes().to_vec()];
        arguments.extend(script::arguments(&self.prefix, batch));
        self.execute("EVAL", arguments, deadline)
    }

    fn execute(
        &self,
        command: &str,
        arguments: Vec<Vec<u8>>,
        deadline: Deadline,
    ) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        deadline.check()?;
        let arguments: Vec<_> = arguments.into_iter().map(RedisParameter::Binary).collect();
        let answers = self.connection.execute(command, &arguments).map_err(trouble)?;
        Ok(answers
            .into_iter()
            .map(|answer| match answer {
                RedisResult::Nil => None,
                RedisResult::Binary(bytes) => Some(bytes),
                RedisResult::Int64(number) => Some(number.to_string().into_bytes()),
                RedisResult::Status(text) => Some(text.into_bytes()),
            })
            .collect())
    }
}

fn trouble(error: Error) -> StoreError {
    match error {
        Error::Other(text) => script::trouble(&text),
        Error::InvalidAddress | Error::TooManyConnections | Error::TypeError => {
            StoreError::Unavailable
        }
    }
}

/// A variable that says something.
fn variable(name: &str) -> Result<Option<String>, StoreError> {
    let value = variables::get(name)
        .map_err(|_| StoreError::Other(format!("the variable {name} can't be read")))?;
    Ok(value.filter(|value| !value.trim().is_empty()))
}

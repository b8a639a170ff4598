//! What callgrind counts: calls of the component in this process over the memory store, and requests to the router.
//!
//! What is counted runs below one function, by whose name callgrind begins and ends; a line on standard output says
//! what it was.

use std::future::Future;
use std::io::sink;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Result, anyhow};
use countersign::config::{EngineSettings, Isolation, LogSettings};
use countersign::engine::Engine;
use countersign::stores::Store;
use countersign::stores::memory::{MemorySettings, MemoryStore};
use countersign::telemetry;
use countersign_contract::store::{Assignment, MAX_OPERATIONS, MAX_TTL_SECONDS, Operation};
use tokio::runtime::Runtime;

use super::column::Column;
use super::http;
use super::script::{self, Meter, Outbox};
use super::verb::Verb;
use crate::engines::component_with;
use crate::setting::{Purpose, Recipients};

/// The functions that callgrind looks for: what is below the first counts, and the second's end is the end of a figure.
pub(super) const COUNTED: &str = "counted_by_callgrind";
pub(super) const TOLD: &str = "told_by_callgrind";

/// Calls of each verb that are counted together.
pub(super) const CALLS: usize = 50;

/// How often they are, so that the median can be taken: a thread that waits for another one adds to a figure.
const ROUNDS: usize = 5;

/// How often they are made before, until nothing happens for the first time.
const WARM_UP: usize = 2;

/// Keys in the store beforehand: a hundred more than fit 64 maps of 448, which has each of them doubled.
const KEYS: usize = 64 * (448 + 100);

/// Calls every verb with each policy, then sends requests to the router.
pub(super) fn run(runtime: &Runtime) -> Result<()> {
    let outbox = Outbox::default();
    let engine = open(runtime, &outbox)?;
    let mut recipients = Recipients::new();
    for (purpose, column) in Purpose::ALL.into_iter().zip([Column::CallPlain, Column::CallLimited])
    {
        let mut play = |meter: &mut Counter<'_>| {
            script::play(&engine, &outbox, purpose, &mut recipients, CALLS, meter)
        };
        for _ in 0..WARM_UP {
            play(&mut Counter { runtime, column: None })?;
        }
        for _ in 0..ROUNDS {
            play(&mut Counter { runtime, column: Some(column) })?;
        }
    }
    let log = tracing::Dispatch::new(telemetry::writing_to(&LogSettings::default(), sink())?);
    tracing::dispatcher::with_default(&log, || {
        http::send(CALLS, &mut Counter { runtime, column: None })?;
        (0..ROUNDS).try_for_each(|_| {
            http::send(CALLS, &mut Counter { runtime, column: Some(Column::Http) })
        })
    })
}

/// Opens the component once, so that its native code is kept for the next time.
pub(super) fn prepare(runtime: &Runtime) -> Result<()> {
    open(runtime, &Outbox::default()).map(drop)
}

/// The component over the memory store, with keys in it.
fn open(runtime: &Runtime, outbox: &Outbox) -> Result<Engine> {
    // More address space than for a few instances valgrind doesn't give.
    let settings = EngineSettings {
        isolation: Isolation::Pooled,
        max_instances: 1,
        calls_per_instance: u32::MAX,
        ..EngineSettings::default()
    };
    // A millisecond for each batch: the order in which keys expire is the same in every run.
    let time = AtomicU64::new(0);
    let clock = Arc::new(move || time.fetch_add(1, Ordering::Relaxed));
    let store = Arc::new(MemoryStore::open(&MemorySettings::default(), clock)?);
    let sender = Arc::new(outbox.clone());
    runtime.block_on(async {
        fill(&store).await?;
        component_with(settings, store, sender).await
    })
}

/// Puts so many keys into the store that none of its maps grows while calls are counted: which call pays for that is
/// chance.
async fn fill(store: &MemoryStore) -> Result<()> {
    for first in (0..KEYS).step_by(MAX_OPERATIONS) {
        let keys = first..KEYS.min(first + MAX_OPERATIONS);
        let set = |key| Assignment {
            key: format!("key:{key}"),
            value: vec![0],
            ttl_seconds: MAX_TTL_SECONDS,
        };
        let filled = store.run(keys.map(|key| Operation::Set(set(key))).collect()).await;
        filled.map_err(|error| anyhow!("the store can't be filled: {error:?}"))?;
    }
    Ok(())
}

/// Has callgrind count, where it knows as what.
struct Counter<'a> {
    runtime: &'a Runtime,
    column: Option<Column>,
}

impl Meter for Counter<'_> {
    fn count<T>(&mut self, verb: Verb, calls: impl Future<Output = Result<T>>) -> Result<T> {
        let Some(column) = self.column else { return self.run(calls) };
        println!("{}\t{}", verb.name(), column.name());
        told_by_callgrind(self.runtime, calls)
    }

    fn run<T>(&mut self, calls: impl Future<Output = Result<T>>) -> Result<T> {
        self.runtime.block_on(calls)
    }
}

/// callgrind writes down what it has counted when this ends. Given both tasks, it does only one for a function.
#[inline(never)]
fn told_by_callgrind<T>(runtime: &Runtime, calls: impl Future<Output = Result<T>>) -> Result<T> {
    let answer = counted_by_callgrind(runtime, calls);
    std::hint::black_box(answer)
}

/// callgrind counts what is executed below this.
#[inline(never)]
fn counted_by_callgrind<T>(runtime: &Runtime, calls: impl Future<Output = Result<T>>) -> Result<T> {
    let answer = runtime.block_on(calls);
    std::hint::black_box(answer)
}

/// One line of what [`Counter`] says.
pub(super) fn read(line: &str) -> Result<(Verb, Column)> {
    let named = line
        .split_once('\t')
        .and_then(|(verb, column)| Some((Verb::named(verb)?, Column::named(column)?)));
    named.ok_or_else(|| anyhow!("`{line}` names nothing that is counted"))
}

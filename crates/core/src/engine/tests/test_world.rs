//! A world by hand: a store that holds its callers to `wit/store.wit`, a clock, seeded randomness, a sender that
//! remembers. All of them can be told to fail.

use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard};

use countersign_contract::Timestamp;
use countersign_contract::sender::{Delivery, Message};
use countersign_contract::settings;
use countersign_contract::store::{Assignment, Operation, Outcome, Reply, Step};
use countersign_contract::types::{Channel, SendError, StoreError};
use futures_util::FutureExt as _;
use sha2::{Digest, Sha256};

use crate::policy::{Policy, PolicyFaults};
use crate::world::World;

/// Whether the store forgets at the end of a ttl, or never.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Memory {
    Forgets,
    Never,
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Cell {
    Count(i64),
    Value(Vec<u8>),
}

/// What a key holds, and until when at least.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Entry {
    pub(super) cell: Cell,
    pub(super) until: u64,
}

pub(super) type Dump = BTreeMap<String, Entry>;
type Hook = Box<dyn FnOnce() + Send>;

/// The world. Copies are the same world.
#[derive(Clone)]
pub(super) struct TestWorld(Arc<Mutex<Inner>>);

struct Inner {
    memory: Memory,
    now: u64,
    entries: Dump,
    round_trips: u32,
    operations: u32,
    /// Batches until one fails, and how much of it is carried out before.
    failing: Option<(u32, usize)>,
    messages: Vec<Message>,
    send_errors: Vec<SendError>,
    /// The channel that carries everything; else the first that is offered.
    carrying: Option<Channel>,
    while_sending: Option<Hook>,
    after_batch: Option<Hook>,
    drawn: u64,
    generation: Option<u64>,
    policies: HashMap<(String, String), Result<Arc<Policy>, PolicyFaults>>,
}

impl TestWorld {
    pub(super) fn new(memory: Memory) -> Self {
        Self(Arc::new(Mutex::new(Inner {
            memory,
            now: 1_000_000_000,
            entries: Dump::new(),
            round_trips: 0,
            operations: 0,
            failing: None,
            messages: Vec::new(),
            send_errors: Vec::new(),
            carrying: None,
            while_sending: None,
            after_batch: None,
            drawn: 0,
            generation: None,
            policies: HashMap::new(),
        })))
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap()
    }

    pub(super) fn set_policy(&self, tenant: &str, purpose: &str, draft: settings::Policy) {
        let policy = Policy::new(draft).map(Arc::new);
        self.inner().policies.insert((tenant.into(), purpose.into()), policy);
    }

    pub(super) fn advance(&self, seconds: u64) {
        self.inner().now += seconds;
    }

    pub(super) fn back(&self, seconds: u64) {
        self.inner().now -= seconds;
    }

    /// The generation that the store tells from now on.
    pub(super) fn set_generation(&self, generation: Option<u64>) {
        self.inner().generation = generation;
    }

    /// What the store still holds.
    pub(super) fn dump(&self) -> Dump {
        let mut inner = self.inner();
        inner.forget();
        inner.entries.clone()
    }

    /// Changes what the store holds, as an intruder would.
    pub(super) fn tamper(&self, change: impl FnOnce(&mut Dump)) {
        change(&mut self.inner().entries);
    }

    /// Round trips since last asked.
    pub(super) fn round_trips(&self) -> u32 {
        std::mem::take(&mut self.inner().round_trips)
    }

    /// Operations since last asked.
    pub(super) fn operations(&self) -> u32 {
        std::mem::take(&mut self.inner().operations)
    }

    /// Fails a batch, the next being 0, after carrying out so many of its operations.
    pub(super) fn fail_batch(&self, batches: u32, carried_out: usize) {
        self.inner().failing = Some((batches, carried_out));
    }

    /// Whether a failure that was asked for hasn't happened.
    pub(super) fn takes_back_failing(&self) -> bool {
        self.inner().failing.take().is_some()
    }

    /// Fails the next send.
    pub(super) fn fail_send(&self, error: SendError) {
        self.inner().send_errors.push(error);
    }

    /// Has every message carried by this channel.
    pub(super) fn carry_by(&self, channel: Channel) {
        self.inner().carrying = Some(channel);
    }

    /// Does something while the next message is on its way.
    pub(super) fn while_sending(&self, hook: impl FnOnce() + Send + 'static) {
        self.inner().while_sending = Some(Box::new(hook));
    }

    /// Does something after the next batch, before its caller learns what it brought.
    pub(super) fn after_batch(&self, hook: impl FnOnce() + Send + 'static) {
        self.inner().after_batch = Some(Box::new(hook));
    }

    /// The code of the latest message.
    pub(super) fn latest_code(&self) -> String {
        self.inner().messages.last().unwrap().code.expose().clone()
    }

    pub(super) fn messages(&self) -> Vec<Message> {
        self.inner().messages.clone()
    }
}

impl Inner {
    fn forget(&mut self) {
        if self.memory == Memory::Forgets {
            let now = self.now;
            self.entries.retain(|_, entry| now < entry.until);
        }
    }

    fn step(&mut self, operation: Operation) -> Reply {
        self.operations += 1;
        let until = |key: &str, ttl: u32, now: u64| {
            assert!((1..=34_214_400).contains(&ttl), "{key}: a ttl of {ttl} s");
            assert!(key.len() <= 192 && key.bytes().all(|byte| byte.is_ascii_graphic()), "{key}");
            now + u64::from(ttl)
        };
        match operation {
            Operation::Delete(key) => {
                self.entries.remove(&key);
                Reply::Done
            }
            Operation::Get(key) => Reply::Value(self.entries.get(&key).map(|entry| {
                let Cell::Value(value) = &entry.cell else { panic!("{key} is a count") };
                value.clone()
            })),
            Operation::Increment(Step { key, by, ttl_seconds }) => {
                let until = until(&key, ttl_seconds, self.now);
                let before = self.entries.get(&key).map_or(0, |entry| {
                    let Cell::Count(count) = entry.cell else { panic!("{key} is a value") };
                    count
                });
                let count = before + by;
                if by != 0 {
                    self.entries.insert(key, Entry { cell: Cell::Count(count), until });
                }
                Reply::Count(count)
            }
            Operation::Set(Assignment { key, value, ttl_seconds }) => {
                assert!(value.len() <= 2_048, "a value of {} bytes", value.len());
                let until = until(&key, ttl_seconds, self.now);
                let old = self.entries.insert(key, Entry { cell: Cell::Value(value), until });
                assert!(!matches!(old, Some(Entry { cell: Cell::Count(_), .. })), "was a count");
                Reply::Done
            }
        }
    }
}

impl World for TestWorld {
    async fn run(&self, batch: Vec<Operation>) -> Result<Outcome, StoreError> {
        let mut inner = self.inner();
        assert!((1..=32).contains(&batch.len()), "a batch of {}", batch.len());
        // Where data is divided, the first operation's key decides whose generation is told.
        let is_limit = |operation: &Operation| operation.key().contains(":limit:");
        assert!(!is_limit(&batch[0]) || batch.iter().all(is_limit), "a limit before the subject");
        let takes_back = |operation: &Operation| matches!(operation, Operation::Increment(step) if is_limit(operation) && step.by >= 1 << 34);
        assert!(!is_limit(&batch[0]) || !batch.iter().any(takes_back), "of another generation");
        inner.round_trips += 1;
        inner.forget();
        let carried_out = match &mut inner.failing {
            Some((0, carried_out)) => Some(*carried_out),
            Some((batches, _)) => {
                *batches -= 1;
                None
            }
            None => None,
        };
        if let Some(carried_out) = carried_out {
            inner.failing = None;
            for operation in batch.into_iter().take(carried_out) {
                inner.step(operation);
            }
            return Err(StoreError::Timeout);
        }
        let replies = batch.into_iter().map(|operation| inner.step(operation)).collect();
        let generation = inner.generation;
        let hook = inner.after_batch.take();
        drop(inner);
        if let Some(hook) = hook {
            hook();
        }
        Ok(Outcome { replies, generation })
    }

    async fn send(&self, message: Message) -> Result<Delivery, SendError> {
        let hook = self.inner().while_sending.take();
        if let Some(hook) = hook {
            hook();
        }
        let mut inner = self.inner();
        if let Some(error) = inner.send_errors.pop() {
            return Err(error);
        }
        let channel = inner.carrying.unwrap_or(message.channels[0]);
        inner.messages.push(message);
        Ok(Delivery { channel, provider: "world".into(), message_id: None })
    }

    fn now(&self) -> Timestamp {
        Timestamp(self.inner().now)
    }

    fn fill(&self, bytes: &mut [u8]) {
        let mut inner = self.inner();
        for chunk in bytes.chunks_mut(32) {
            inner.drawn += 1;
            let block = Sha256::digest(inner.drawn.to_be_bytes());
            chunk.copy_from_slice(&block[..chunk.len()]);
        }
    }

    fn policy(&self, tenant: &str, purpose: &str) -> Result<Option<Arc<Policy>>, PolicyFaults> {
        self.inner().policies.get(&(tenant.into(), purpose.into())).cloned().transpose()
    }
}

/// The outcome of a call: nothing in this world ever waits.
pub(super) fn done<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().expect("it waits")
}

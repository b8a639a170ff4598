//! The cheapest world that there can be: hash maps, no ttl, no locks worth mentioning.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use countersign_contract::Timestamp;
use countersign_contract::sender::{Delivery, Message};
use countersign_contract::store::{Assignment, Operation, Outcome, Reply, Step};
use countersign_contract::types::{Channel, SendError, StoreError};
use countersign_core::policy::PolicyFaults;
use countersign_core::{Policy, World};

use super::Codes;
use crate::engines::native::{Policies, now, policies};

/// Hash maps as a world.
pub(super) struct MapWorld {
    policies: Policies,
    codes: Codes,
    content: Mutex<Content>,
}

#[derive(Default)]
struct Content {
    values: HashMap<String, Vec<u8>>,
    counts: HashMap<String, i64>,
}

impl MapWorld {
    /// An empty one.
    pub(super) fn new(codes: Codes) -> Result<Self> {
        Ok(Self { policies: policies()?, codes, content: Mutex::default() })
    }
}

impl Content {
    fn carry_out(&mut self, operation: Operation) -> Reply {
        match operation {
            Operation::Delete(key) => {
                self.values.remove(&key);
                self.counts.remove(&key);
                Reply::Done
            }
            Operation::Get(key) => Reply::Value(self.values.get(&key).cloned()),
            Operation::Increment(Step { key, by: 0, .. }) => {
                Reply::Count(self.counts.get(&key).copied().unwrap_or(0))
            }
            Operation::Increment(Step { key, by, .. }) => {
                let count = self.counts.entry(key).or_default();
                *count += by;
                Reply::Count(*count)
            }
            Operation::Set(Assignment { key, value, .. }) => {
                self.values.insert(key, value);
                Reply::Done
            }
        }
    }
}

impl World for MapWorld {
    async fn run(&self, batch: Vec<Operation>) -> Result<Outcome, StoreError> {
        let mut content = self.content.lock().unwrap_or_else(PoisonError::into_inner);
        let replies = batch.into_iter().map(|operation| content.carry_out(operation)).collect();
        Ok(Outcome { replies, generation: None })
    }

    async fn send(&self, message: Message) -> Result<Delivery, SendError> {
        self.codes.keep(message.code.expose().clone());
        Ok(Delivery { channel: Channel::Sms, provider: "bench".into(), message_id: None })
    }

    fn now(&self) -> Timestamp {
        now()
    }

    fn fill(&self, bytes: &mut [u8]) {
        // As in the host's world.
        let _ = getrandom::fill(bytes);
    }

    fn policy(&self, _: &str, purpose: &str) -> Result<Option<Arc<Policy>>, PolicyFaults> {
        Ok(self.policies.get(purpose).cloned())
    }
}

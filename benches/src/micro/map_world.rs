//! The cheapest world that there can be: hash maps, no ttl, no locks worth mentioning.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use countersign_contract::Timestamp;
use countersign_contract::sender::{Delivery, Message};
use countersign_contract::store::{Operation, Outcome};
use countersign_contract::types::{Channel, SendError, StoreError};
use countersign_core::policy::PolicyFaults;
use countersign_core::{Policy, World};

use super::Codes;
use crate::engines::native::{Policies, now, policies};
use crate::map::Map;

/// Hash maps as a world.
pub(super) struct MapWorld {
    policies: Policies,
    codes: Codes,
    content: Mutex<Map>,
}

impl MapWorld {
    /// An empty one.
    pub(super) fn new(codes: Codes) -> Result<Self> {
        Ok(Self { policies: policies()?, codes, content: Mutex::default() })
    }
}

impl World for MapWorld {
    async fn run(&self, batch: Vec<Operation>) -> Result<Outcome, StoreError> {
        Ok(self.content.lock().unwrap_or_else(PoisonError::into_inner).run(batch))
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

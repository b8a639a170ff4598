//! The core's world, made of the component's imports.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use countersign_contract::sender::{Delivery, Message};
use countersign_contract::store::{Operation, Outcome};
use countersign_contract::types::{SendError, StoreError};
use countersign_contract::{Timestamp, Translate};
use countersign_core::policy::PolicyFaults;
use countersign_core::{Policy, World};

use crate::bindings::countersign::otp::{sender, settings, store};
use crate::bindings::wasi::clocks::wall_clock;
use crate::bindings::wasi::random::random;

/// Policies that an instance keeps at once. Beyond them it begins anew, so that any number of tenants fits its memory.
const MAX_POLICIES: usize = 256;

/// Entries of their lists: some two megabytes.
const MAX_ENTRIES: usize = 65_536;

type SharedPolicy = Arc<Policy>;

/// The imports, and the policies asked for so far.
#[derive(Default)]
pub(crate) struct Imports {
    policies: Mutex<Policies>,
}

/// Policies by tenant, then by purpose.
#[derive(Default)]
struct Policies {
    by_tenant: BTreeMap<String, BTreeMap<String, SharedPolicy>>,
    count: usize,
    entries: usize,
}

impl Policies {
    fn find(&self, tenant: &str, purpose: &str) -> Option<SharedPolicy> {
        self.by_tenant.get(tenant)?.get(purpose).cloned()
    }

    fn keep(&mut self, tenant: &str, purpose: &str, policy: SharedPolicy) {
        if self.count >= MAX_POLICIES || self.entries >= MAX_ENTRIES {
            *self = Self::default();
        }
        self.count += 1;
        self.entries += policy.entries();
        self.by_tenant.entry(tenant.into()).or_default().insert(purpose.into(), policy);
    }
}

impl World for Imports {
    async fn run(&self, batch: Vec<Operation>) -> Result<Outcome, StoreError> {
        let batch: Vec<_> = batch.translate();
        store::run(&batch).translate()
    }

    async fn send(&self, message: Message) -> Result<Delivery, SendError> {
        sender::send(&message.translate()).translate()
    }

    fn now(&self) -> Timestamp {
        Timestamp(wall_clock::now().seconds)
    }

    fn fill(&self, bytes: &mut [u8]) {
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        bytes.copy_from_slice(&random::get_random_bytes(length));
    }

    fn policy(&self, tenant: &str, purpose: &str) -> Result<Option<SharedPolicy>, PolicyFaults> {
        let mut policies = self.policies.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(policy) = policies.find(tenant, purpose) {
            return Ok(Some(policy));
        }
        let Some(policy) = settings::policy_for(tenant, purpose) else { return Ok(None) };
        let policy = SharedPolicy::new(Policy::new(policy.translate())?);
        policies.keep(tenant, purpose, SharedPolicy::clone(&policy));
        Ok(Some(policy))
    }
}

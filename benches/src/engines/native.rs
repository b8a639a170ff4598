//! The rules, compiled natively: the yardstick. Same store, same sender, same keys; no component in between.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Result, anyhow};
use countersign::senders::Sender;
use countersign::stores::Store;
use countersign_contract::otp::{
    Addressee, Challenge, IssueRequest, Report, ResendRequest, SubjectReport, Target, Verified,
    VerifyRequest,
};
use countersign_contract::sender::{Delivery, Message};
use countersign_contract::store::{Operation, Outcome};
use countersign_contract::types::{DeliveryOutcome, SendError, StoreError};
use countersign_contract::{Secret, Timestamp};
use countersign_core::policy::PolicyFaults;
use countersign_core::{Engine, Keyring, Policy, World};
use countersign_http_api::otp::{Failure, Otp};

use crate::setting;

/// The rules over a world.
pub(crate) struct Native<W>(Arc<Engine<W>>);

impl<W> Clone for Native<W> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<W: World> Native<W> {
    /// Puts the rules over `world`.
    pub(crate) fn over(world: W) -> Result<Self> {
        Ok(Self(Arc::new(Engine::new(world, keyring()?))))
    }
}

/// The rules over a store and a sender of the host's.
pub(crate) fn open(store: Arc<dyn Store>, sender: Arc<dyn Sender>) -> Result<Native<HostWorld>> {
    Native::over(HostWorld { store, sender, policies: policies()? })
}

fn keyring() -> Result<Keyring> {
    let ring = setting::rules().keyring;
    let keys = ring.keys.iter().map(|key| (key.name.clone(), Secret::new(key.secret.clone())));
    Keyring::new(&Secret::new(ring.index.clone()), keys.collect())
        .map_err(|fault| anyhow!(fault.reason()))
}

/// Policies by purpose.
pub(crate) type Policies = BTreeMap<String, Arc<Policy>>;

/// The policies of the bench, as the core takes them.
pub(crate) fn policies() -> Result<Policies> {
    setting::rules()
        .policies
        .into_iter()
        .map(|((_, purpose), policy)| {
            let policy = Policy::new(policy);
            Ok((purpose, Arc::new(policy.map_err(|fault| anyhow!("{fault}"))?)))
        })
        .collect()
}

/// The time, as the host gives it.
#[expect(clippy::disallowed_methods, reason = "the bench's one clock, given to the rules")]
pub(crate) fn now() -> Timestamp {
    Timestamp(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs())
}

/// A store and a sender of the host's.
pub(crate) struct HostWorld {
    store: Arc<dyn Store>,
    sender: Arc<dyn Sender>,
    policies: Policies,
}

impl World for HostWorld {
    async fn run(&self, batch: Vec<Operation>) -> Result<Outcome, StoreError> {
        self.store.run(batch).await
    }

    async fn send(&self, message: Message) -> Result<Delivery, SendError> {
        self.sender.send(message).await
    }

    fn now(&self) -> Timestamp {
        now()
    }

    fn fill(&self, bytes: &mut [u8]) {
        // The bench has no use for a machine without randomness; a nonce of zeroes would show in its counts.
        let _ = getrandom::fill(bytes);
    }

    fn policy(&self, _: &str, purpose: &str) -> Result<Option<Arc<Policy>>, PolicyFaults> {
        Ok(self.policies.get(purpose).cloned())
    }
}

impl<W: World + 'static> Otp for Native<W> {
    async fn issue(&self, request: IssueRequest) -> Result<Challenge, Failure> {
        Ok(self.0.issue(request).await?)
    }

    async fn verify(&self, request: VerifyRequest) -> Result<Verified, Failure> {
        Ok(self.0.verify(request).await?)
    }

    async fn resend(&self, request: ResendRequest) -> Result<Challenge, Failure> {
        Ok(self.0.resend(request).await?)
    }

    async fn revoke(&self, tenant: String, id: String) -> Result<(), Failure> {
        Ok(self.0.revoke(&tenant, &id).await?)
    }

    async fn status(&self, tenant: String, target: Target) -> Result<Report, Failure> {
        Ok(self.0.status(&tenant, &target).await?)
    }

    async fn record_delivery(
        &self,
        tenant: String,
        id: String,
        send_number: u32,
        outcome: DeliveryOutcome,
    ) -> Result<(), Failure> {
        Ok(self.0.record_delivery(&tenant, &id, send_number, outcome).await?)
    }

    async fn inspect(
        &self,
        tenant: String,
        addressee: Addressee,
    ) -> Result<SubjectReport, Failure> {
        Ok(self.0.inspect(&tenant, &addressee).await?)
    }

    /// Nothing that is measured asks for them.
    fn purposes(&self, _: &str) -> Vec<String> {
        Vec::new()
    }

    async fn unlock(&self, tenant: String, addressee: Addressee) -> Result<(), Failure> {
        Ok(self.0.unlock(&tenant, &addressee).await?)
    }
}

//! The rules, compiled natively: the yardstick. Same store, same sender, same keys; no component in between.

mod answers;
mod requests;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Result, anyhow};
use countersign::senders::Sender;
use countersign::stores::Store;
use countersign_core::error::{SendError, StoreError};
use countersign_core::policy::{Draft, PolicyFaults};
use countersign_core::world::{Delivery, Message, Operation, Outcome};
use countersign_core::{Engine, Keyring, Policy, Secret, Timestamp, World};
use countersign_http_api::otp::{
    Addressee, Challenge, DeliveryOutcome, Failure, IssueRequest, Otp, Report, ResendRequest,
    Target, Verified, VerifyRequest,
};

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
            let policy = Policy::new(Draft::from(requests::Wire(policy)));
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
        let batch = batch.into_iter().map(requests::operation).collect();
        let outcome = self.store.run(batch).await.map_err(answers::store_error)?;
        let replies = outcome.replies.into_iter().map(answers::reply).collect();
        Ok(Outcome { replies, generation: outcome.generation })
    }

    async fn send(&self, message: Message) -> Result<Delivery, SendError> {
        let sent = self.sender.send(requests::message(message)).await;
        let delivery = sent.map_err(answers::send_error)?;
        Ok(answers::delivery(delivery))
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
        let issued = self.0.issue(requests::issue(request)).await;
        issued.map(answers::challenge).map_err(answers::failure)
    }

    async fn verify(&self, request: VerifyRequest) -> Result<Verified, Failure> {
        let verified = self.0.verify(requests::verify(request)).await;
        verified.map(answers::verified).map_err(answers::failure)
    }

    async fn resend(&self, request: ResendRequest) -> Result<Challenge, Failure> {
        let resent = self.0.resend(requests::resend(request)).await;
        resent.map(answers::challenge).map_err(answers::failure)
    }

    async fn revoke(&self, tenant: String, id: String) -> Result<(), Failure> {
        self.0.revoke(&tenant, &id).await.map_err(answers::failure)
    }

    async fn status(&self, tenant: String, target: Target) -> Result<Report, Failure> {
        let told = self.0.status(&tenant, &requests::target(target)).await;
        told.map(answers::report).map_err(answers::failure)
    }

    async fn record_delivery(
        &self,
        tenant: String,
        id: String,
        send_number: u32,
        outcome: DeliveryOutcome,
    ) -> Result<(), Failure> {
        let outcome = requests::outcome(outcome);
        let noted = self.0.record_delivery(&tenant, &id, send_number, outcome).await;
        noted.map_err(answers::failure)
    }

    async fn unlock(&self, tenant: String, addressee: Addressee) -> Result<(), Failure> {
        let unlocked = self.0.unlock(&tenant, &requests::addressee(addressee)).await;
        unlocked.map_err(answers::failure)
    }
}

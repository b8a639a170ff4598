//! What the rules need from outside: a store, a sender, a clock, randomness and the policies.

use std::future::Future;
use std::sync::Arc;

use countersign_contract::Timestamp;
use countersign_contract::sender::{Delivery, Message};
use countersign_contract::store::{Operation, Outcome};
use countersign_contract::types::{SendError, StoreError};

use crate::policy::{Policy, PolicyFaults};

/// Everything that the rules reach. `wit/` says the same, with the promises that each part has to keep.
pub trait World: Send + Sync {
    /// Carries out a batch of store operations in order and replies to each.
    fn run(
        &self,
        batch: Vec<Operation>,
    ) -> impl Future<Output = Result<Outcome, StoreError>> + Send;

    /// Hands a message to a provider.
    fn send(&self, message: Message) -> impl Future<Output = Result<Delivery, SendError>> + Send;

    /// The time.
    fn now(&self) -> Timestamp;

    /// Fills the slice from a cryptographically secure source.
    fn fill(&self, bytes: &mut [u8]);

    /// The policy of a purpose; nothing where the tenant has no such purpose.
    ///
    /// # Errors
    ///
    /// What is wrong with the policy, where it can't be used.
    fn policy(&self, tenant: &str, purpose: &str) -> Result<Option<Arc<Policy>>, PolicyFaults>;
}

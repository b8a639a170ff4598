//! What one instance may reach: the component's imports, and the bounds of a call.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use countersign_contract::Translate;
use countersign_contract::types::SendError;
use wasmtime::{StoreLimits, StoreLimitsBuilder};

use super::capabilities::Capabilities;
use crate::bindings::countersign::otp::{sender, settings, store, types};
use crate::bindings::wasi::clocks::wall_clock;
use crate::bindings::wasi::random::random;
use crate::stores::Store;

/// Host calls in one call of the component: many times what the rules need, so that a loop of them ends.
const MAX_HOST_CALLS: u32 = 64;
/// What `wit/sender.wit` gives a sender.
const SEND_DEADLINE: Duration = Duration::from_secs(20);

/// One instance's side of the host.
pub(super) struct HostState {
    capabilities: Arc<Capabilities>,
    /// The call's own store, where it has one.
    store: Option<Arc<dyn Store>>,
    pub(super) limits: StoreLimits,
    host_calls: u32,
    waited: bool,
}

impl HostState {
    pub(super) fn new(capabilities: Arc<Capabilities>, memory_bytes: usize) -> Self {
        let limits = StoreLimitsBuilder::new().memory_size(memory_bytes).build();
        Self { capabilities, store: None, limits, host_calls: 0, waited: false }
    }

    /// Gives the next call its bounds anew.
    pub(super) fn begin(&mut self) {
        self.store = self.capabilities.store.for_call();
        self.host_calls = 0;
        self.waited = false;
    }

    /// Whether the host was called since this was last asked: time spent there isn't the guest's.
    pub(super) const fn take_waited(&mut self) -> bool {
        std::mem::replace(&mut self.waited, false)
    }

    const fn host_call(&mut self) -> bool {
        self.waited = true;
        self.host_calls = self.host_calls.saturating_add(1);
        self.host_calls <= MAX_HOST_CALLS
    }
}

impl types::Host for HostState {}

impl store::Host for HostState {
    async fn run(
        &mut self,
        batch: Vec<store::Operation>,
    ) -> Result<store::Outcome, types::StoreError> {
        if !self.host_call() {
            return Err(types::StoreError::InvalidArgument);
        }
        let store = self.store.as_ref().unwrap_or(&self.capabilities.store);
        store.run(batch.translate()).await.translate()
    }
}

impl sender::Host for HostState {
    async fn send(
        &mut self,
        message: sender::Message,
    ) -> Result<sender::Delivery, types::SendError> {
        if !self.host_call() {
            return Err(types::SendError::Unavailable);
        }
        let sent =
            tokio::time::timeout(SEND_DEADLINE, self.capabilities.sender.send(message.translate()))
                .await;
        sent.unwrap_or(Err(SendError::Timeout)).translate()
    }
}

impl settings::Host for HostState {
    fn policy_for(&mut self, tenant: String, purpose: String) -> Option<settings::Policy> {
        self.capabilities.rules.policies.get(&(tenant, purpose)).cloned().translate()
    }

    fn keys(&mut self) -> settings::Keyring {
        self.capabilities.rules.keyring.clone()
    }
}

impl wall_clock::Host for HostState {
    #[expect(
        clippy::disallowed_methods,
        reason = "the host's one clock, which everything else is given"
    )]
    fn now(&mut self) -> wall_clock::Datetime {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        wall_clock::Datetime { seconds: since.as_secs(), nanoseconds: since.subsec_nanos() }
    }

    fn resolution(&mut self) -> wall_clock::Datetime {
        wall_clock::Datetime { seconds: 0, nanoseconds: 1 }
    }
}

impl random::Host for HostState {
    fn get_random_bytes(&mut self, length: u64) -> wasmtime::Result<Vec<u8>> {
        // The guest names the length: bounded before anything is allocated.
        let length = usize::try_from(length.min(4_096)).unwrap_or_default();
        let mut bytes = vec![0; length];
        getrandom::fill(&mut bytes).map_err(|_| no_randomness())?;
        Ok(bytes)
    }

    fn get_random_u64(&mut self) -> wasmtime::Result<u64> {
        getrandom::u64().map_err(|_| no_randomness())
    }
}

/// The call traps: without randomness no code may be made.
fn no_randomness() -> wasmtime::Error {
    wasmtime::Error::msg("the operating system has no randomness")
}

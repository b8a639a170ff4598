//! What the counted component is given: the same in every run.

use std::sync::{Arc, Mutex, PoisonError};

use countersign::bindings::countersign::otp::{sender, settings, store, types};
use countersign::bindings::wasi::clocks::wall_clock;
use countersign::bindings::wasi::random::random;
use countersign::config::Rules;
use countersign_contract::Translate;
use fastrand::Rng;

use crate::instructions::script::Outbox;
use crate::map::Map;
use crate::setting::{self, TENANT};

/// Some moment in 2026. It stands still.
const NOW: u64 = 1_790_000_000;
/// Where the randomness begins.
const SEED: u64 = 7;

/// One instance's imports: what all of them share.
pub(super) struct Imports(pub(super) Arc<Shared>);

/// The world of a run.
pub(super) struct Shared {
    map: Mutex<Map>,
    rng: Mutex<Rng>,
    rules: Rules,
    /// What was sent.
    pub(super) outbox: Outbox,
}

impl Default for Shared {
    fn default() -> Self {
        Self {
            map: Mutex::default(),
            rng: Mutex::new(Rng::with_seed(SEED)),
            rules: setting::rules(),
            outbox: Outbox::default(),
        }
    }
}

impl types::Host for Imports {}

impl store::Host for Imports {
    async fn run(
        &mut self,
        batch: Vec<store::Operation>,
    ) -> Result<store::Outcome, types::StoreError> {
        let mut map = self.0.map.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(map.run(batch.translate()).translate())
    }
}

impl sender::Host for Imports {
    async fn send(
        &mut self,
        message: sender::Message,
    ) -> Result<sender::Delivery, types::SendError> {
        let channel = message.channels.first().copied().ok_or(types::SendError::Unavailable)?;
        self.0.outbox.keep(message.code);
        Ok(sender::Delivery { channel, provider: "bench".into(), message_id: None })
    }
}

impl settings::Host for Imports {
    fn policy_for(&mut self, _: String, purpose: String) -> Option<settings::Policy> {
        self.0.rules.policies.get(&(TENANT.into(), purpose)).cloned().translate()
    }

    fn keys(&mut self) -> settings::Keyring {
        self.0.rules.keyring.clone()
    }
}

impl wall_clock::Host for Imports {
    fn now(&mut self) -> wall_clock::Datetime {
        wall_clock::Datetime { seconds: NOW, nanoseconds: 0 }
    }

    fn resolution(&mut self) -> wall_clock::Datetime {
        wall_clock::Datetime { seconds: 1, nanoseconds: 0 }
    }
}

impl random::Host for Imports {
    fn get_random_bytes(&mut self, length: u64) -> wasmtime::Result<Vec<u8>> {
        let mut bytes = vec![0; usize::try_from(length)?];
        self.0.rng.lock().unwrap_or_else(PoisonError::into_inner).fill(&mut bytes);
        Ok(bytes)
    }

    fn get_random_u64(&mut self) -> wasmtime::Result<u64> {
        Ok(self.0.rng.lock().unwrap_or_else(PoisonError::into_inner).u64(..))
    }
}

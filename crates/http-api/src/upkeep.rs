//! What a store wants that doesn't forget by itself.

use std::future::Future;

use countersign_contract::types::StoreError;
use countersign_contract::upkeep::Swept;

/// Sweeps a store. Implemented by the edge over the imported interface.
pub trait Upkeep: Clone + Send + Sync + 'static {
    /// Looks at no more than `limit` keys and removes those whose time is over.
    fn sweep(&self, limit: u32) -> impl Future<Output = Result<Swept, StoreError>> + Send;
}

/// In the place of one where the store forgets by itself: there is none.
#[derive(Clone, Copy, Debug)]
pub enum Forgetful {}

impl Upkeep for Forgetful {
    async fn sweep(&self, _: u32) -> Result<Swept, StoreError> {
        match *self {}
    }
}

//! Counting the challenges of a store.

use std::future::Future;

use countersign_contract::otp::PurposeTally;

use crate::otp::Failure;

/// The longest cursor, in bytes.
pub const MAX_CURSOR_BYTES: usize = 320;

/// Counts a tenant's challenges. Implemented by an environment that can list the keys of its store.
pub trait Census: Clone + Send + Sync + 'static {
    /// Counts from the beginning, or from where an earlier step stopped. One step takes a few seconds at most, and holds
    /// up no other call.
    fn count(
        &self,
        tenant: String,
        after: Option<String>,
    ) -> impl Future<Output = Result<Counted, CountError>> + Send;
}

/// What one step counted.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Counted {
    /// Of each purpose once.
    pub tallies: Vec<PurposeTally>,
    /// Where the next step begins. Nothing: it was the last one.
    pub next: Option<String>,
}

/// Why a step brought no result.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum CountError {
    /// The cursor is none of this store, or the store's servers have changed since. Counting has to begin anew.
    Cursor,
    /// The store or the engine failed.
    Failed(Failure),
}

/// In the place of one where the keys can't be listed: there is none.
#[derive(Clone, Copy, Debug)]
pub enum Uncounted {}

impl Census for Uncounted {
    async fn count(&self, _: String, _: Option<String>) -> Result<Counted, CountError> {
        match *self {}
    }
}

//! Where challenges and counts are kept: one file per backend.

use std::future::Future;
use std::pin::Pin;

use crate::bindings::countersign::otp::store::{Operation, Reply};
use crate::bindings::countersign::otp::types::StoreError;

/// What a backend's answer is, in time.
pub type Answer<'a> = Pin<Box<dyn Future<Output = Result<Vec<Reply>, StoreError>> + Send + 'a>>;

/// A key-value backend, as `wit/store.wit` asks for it.
pub trait Store: Send + Sync + 'static {
    /// Carries out a batch, in order, and replies to each operation.
    fn run(&self, batch: Vec<Operation>) -> Answer<'_>;

    /// Says whether the backend answers right now.
    fn ping(&self) -> Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send + '_>>;
}

//! What a store wants that doesn't forget by itself: `wit/upkeep.wit`, in plain Rust.

use std::future::Future;

use crate::otp::StoreError;

/// Sweeps a store. Implemented by the edge over the imported interface.
pub trait Upkeep: Clone + Send + Sync + 'static {
    /// Looks at no more than `limit` keys and removes those whose time is over.
    fn sweep(&self, limit: u32) -> impl Future<Output = Result<Swept, StoreError>> + Send;
}

/// What one step of sweeping did.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Swept {
    /// Keys looked at.
    pub examined: u32,
    /// Keys removed.
    pub removed: u32,
    /// Whether there is more to do now.
    pub more: bool,
}

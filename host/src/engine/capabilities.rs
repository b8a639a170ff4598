//! What the component may reach.

use std::sync::Arc;

use crate::config::Rules;
use crate::senders::Sender;
use crate::stores::Store;

/// What the component may reach: nothing else is linked, but a clock and randomness.
pub struct Capabilities {
    /// Where challenges and counts are kept.
    pub store: Arc<dyn Store>,
    /// How codes leave.
    pub sender: Arc<dyn Sender>,
    /// Policies and keys.
    pub rules: Arc<Rules>,
}

//! `wit/callbacks.wit`: what providers report of messages that they took.

use crate::types::DeliveryOutcome;

/// The longest body of a callback that is read: 256 KiB.
pub const MAX_CALLBACK_BYTES: usize = 256 * 1024;

/// The most messages that one callback reports on.
pub const MAX_REPORTS: usize = 1_000;

/// What became of one message.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DeliveryReport {
    /// Whose message it was.
    pub tenant: String,
    /// Its challenge.
    pub id: String,
    /// Which of the challenge's messages: 1 for the first.
    pub send_number: u32,
    /// What became of it.
    pub outcome: DeliveryOutcome,
}

/// Why a callback can't be used. Nothing of it is repeated.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CallbackError {
    /// The signature or token is missing, wrong or too old: 401.
    Unauthenticated,
    /// There is no sender of this name: 404.
    UnknownProvider,
    /// Signed, but not what the provider's documentation says: 400.
    Unreadable,
    /// The sender has no callbacks, none with this method, or nothing to authenticate them with: 404.
    Unsupported,
}

//! What goes wrong with a message.

use countersign_contract::types::SendError;

/// A message that did not go out, and whether that says anything of its provider.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Unsent {
    /// Why.
    pub error: SendError,
    /// Whether it concerns this recipient alone: the provider works, and others get their messages
    /// through it.
    pub concerns_recipient: bool,
}

impl From<SendError> for Unsent {
    fn from(error: SendError) -> Self {
        Self { error, concerns_recipient: false }
    }
}

//! What the handlers of callers' requests share.

use crate::keys::ApiKeys;

/// What the handlers of callers' requests share.
pub(crate) struct Api<O, H> {
    /// The engine.
    pub(crate) otp: O,
    /// Whether the service can work.
    pub(crate) health: H,
    /// Who may call.
    pub(crate) keys: ApiKeys,
}

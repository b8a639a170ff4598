//! What goes wrong with a message.

/// Why a message did not go out: `send-error` in `wit/types.wit`. No text in it repeats what a provider said.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum SendError {
    /// No provider, or a setting of it is missing or wrong: which one, safe to show to an operator.
    NotConfigured(String),
    /// Anything else. Safe to show to an operator.
    Other(String),
    /// The provider refused this recipient.
    RecipientRefused,
    /// The provider doesn't know the message template.
    TemplateUnknown,
    /// The provider is asked too often. Seconds until it may be asked again, where it said so.
    Throttled(Option<u32>),
    /// No answer in time. Whether the message went out is not known.
    Timeout,
    /// The provider refused our credentials.
    Unauthorised,
    /// The provider can't be reached or failed.
    Unavailable,
    /// The provider's answer was cut off or can't be read. Whether the message went out is not known.
    Unreadable,
}

//! What goes wrong with a message.

use std::fmt;

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
    /// The provider can't be reached or failed: nothing went out.
    Unavailable,
    /// The provider's answer was cut off or can't be read. Whether the message went out is not known.
    Unreadable,
}

impl fmt::Display for SendError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::NotConfigured(text) => return write!(formatter, "not configured: {text}"),
            Self::Other(text) => text,
            Self::RecipientRefused => "it refused the recipient",
            Self::TemplateUnknown => "it doesn't know the template",
            Self::Throttled(Some(seconds)) => {
                return write!(formatter, "it is asked too often, and wants {seconds} s to pass");
            }
            Self::Throttled(None) => "it is asked too often",
            Self::Timeout => "no answer in time",
            Self::Unauthorised => "it refused our credentials",
            Self::Unavailable => "it can't be reached or failed",
            Self::Unreadable => "its answer was cut off or can't be read",
        })
    }
}

impl SendError {
    /// Whether the message may have gone out all the same: trying elsewhere could send it twice.
    #[must_use]
    pub const fn is_uncertain(&self) -> bool {
        matches!(self, Self::Timeout | Self::Unreadable)
    }

    /// Whether another provider, or the same one later, may well take the message, which certainly has not gone out.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Throttled(_) | Self::Unavailable)
    }
}

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

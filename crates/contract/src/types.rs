//! `wit/types.wit`: the words that every interface shares.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

/// How a code reaches a person.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub enum Channel {
    /// A mail.
    Email,
    /// A text message.
    Sms,
    /// A spoken call.
    Voice,
    /// A call to a URL of the operator's.
    Webhook,
    /// A WhatsApp template message.
    Whatsapp,
}

impl Channel {
    /// Every channel.
    pub const ALL: [Self; 5] = [Self::Email, Self::Sms, Self::Voice, Self::Webhook, Self::Whatsapp];

    /// The word in JSON, in the configuration and on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Sms => "sms",
            Self::Voice => "voice",
            Self::Webhook => "webhook",
            Self::Whatsapp => "whatsapp",
        }
    }
}

/// What a limit counts by.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// One challenge: all of its resends are spent.
    Challenge,
    /// The pause after each send to one subject.
    Cooldown,
    /// One client address (IPv6: its /64 network) within one tenant.
    Ip,
    /// All requests for one purpose of one tenant.
    Purpose,
    /// One (tenant, purpose, recipient).
    Subject,
    /// All requests of one tenant.
    Tenant,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 6] =
        [Self::Challenge, Self::Cooldown, Self::Ip, Self::Purpose, Self::Subject, Self::Tenant];
}

/// Why a text is not a recipient.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RecipientFault {
    /// A national number without a country.
    Ambiguous,
    /// Nothing was given.
    Empty,
    /// Not a mail address.
    MalformedAddress,
    /// Not a phone number, or a number and something else.
    MalformedNumber,
    /// A number of a type or region that the purpose doesn't send to.
    NumberNotAllowed,
    /// Over 254 bytes.
    TooLong,
    /// Digits, but no number that its country could assign.
    UnassignableNumber,
    /// A phone number where the channel takes a mail address, the other way round, or a WhatsApp id.
    WrongKind,
}

impl RecipientFault {
    /// Every fault.
    pub const ALL: [Self; 8] = [
        Self::Ambiguous,
        Self::Empty,
        Self::MalformedAddress,
        Self::MalformedNumber,
        Self::NumberNotAllowed,
        Self::TooLong,
        Self::UnassignableNumber,
        Self::WrongKind,
    ];
}

impl fmt::Display for RecipientFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Ambiguous => "a national number without its country",
            Self::Empty => "nothing was given",
            Self::MalformedAddress => "not a mail address",
            Self::MalformedNumber => "not a phone number",
            Self::NumberNotAllowed => "a number of a type or region that isn't allowed",
            Self::TooLong => "longer than any recipient",
            Self::UnassignableNumber => "no number that its country could assign",
            Self::WrongKind => {
                "a phone number in place of a mail address, the other way round, or a WhatsApp id"
            }
        })
    }
}

impl std::error::Error for RecipientFault {}

/// What a provider reports of a message that it took.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum DeliveryOutcome {
    /// It arrived.
    Delivered,
    /// It did not, and will not.
    Failed,
}

/// An argument that can't be used.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ArgumentFault {
    /// The name of the argument, as in the WIT package: `code`, `client-ip`.
    pub field: Cow<'static, str>,
    /// What it has to be, in English, safe to show. Never repeats the value.
    pub reason: Cow<'static, str>,
}

/// Who has to wait how long.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Throttle {
    /// Which limit was hit.
    pub scope: Scope,
    /// Seconds until it is worth trying again; at least 1.
    pub retry_after_seconds: u32,
}

/// Why a message did not go out.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum SendError {
    /// A provider or a setting of it is missing: which one, for an operator.
    NotConfigured(String),
    /// The provider refused this recipient.
    RecipientRefused,
    /// The provider doesn't know the message template.
    TemplateUnknown,
    /// The provider is asked too often. Seconds until it may be asked again, where it said so.
    Throttled(Option<u32>),
    /// No answer in time.
    Timeout,
    /// The provider refused our credentials.
    Unauthorised,
    /// The provider can't be reached or failed.
    Unavailable,
    /// The provider's answer can't be read: whether the message went out is not known.
    Unreadable,
    /// Anything else, for an operator.
    Other(String),
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

/// Why the store did not answer as it should.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum StoreError {
    /// The backend refused our credentials or the command.
    Denied,
    /// A key, value or number outside the backend's limits.
    InvalidArgument,
    /// No answer in time.
    Timeout,
    /// The backend can't be reached.
    Unavailable,
    /// Anything else, for an operator.
    Other(String),
}

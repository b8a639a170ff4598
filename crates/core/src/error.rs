//! Why a call did not succeed: the cases of `error` in `wit/otp.wit`, one to one.

use crate::recipient::Fault;

/// Why a call did not succeed. `wit/otp.wit` says when each case happens.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Error {
    /// The policy doesn't allow the channel.
    ChannelNotAllowed,
    /// No provider took the message; nothing is left of it.
    DeliveryFailed(SendError),
    /// Too many consecutive wrong codes; an operator has to unlock the subject.
    Disabled,
    /// All attempts are spent; seconds until a new challenge may be issued.
    Exhausted(u32),
    /// The challenge's time is over.
    Expired,
    /// An argument can't be used.
    InvalidArgument {
        /// Its name.
        field: &'static str,
        /// What it has to be.
        reason: &'static str,
    },
    /// `to` is no recipient of the channel.
    InvalidRecipient(Fault),
    /// Too many exhausted challenges; seconds until the subject may try again.
    Locked(u32),
    /// The settings can't be used.
    Misconfigured(String),
    /// A wrong code; attempts that are left.
    Mismatch(u32),
    /// No such challenge.
    NotFound,
    /// Bound to another reference; attempts that are left.
    ReferenceMismatch(u32),
    /// The policy wants a reference.
    ReferenceRequired,
    /// The challenge was taken back.
    Revoked,
    /// The store did not answer as it should.
    StoreUnavailable(StoreError),
    /// A limit was hit.
    Throttled {
        /// Which.
        scope: Scope,
        /// Seconds until it is worth trying again.
        retry_after_seconds: u32,
    },
    /// The tenant has no such purpose.
    UnknownPurpose,
    /// The policy wants challenges to be named in the other way.
    VerifyByNotAllowed,
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        Self::InvalidRecipient(fault)
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        Self::StoreUnavailable(error)
    }
}

/// What a limit counts by.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Scope {
    /// One challenge's resends.
    Challenge,
    /// The pause after a send, and a send in progress.
    Cooldown,
    /// One client address within a tenant.
    Ip,
    /// One purpose of one tenant.
    Purpose,
    /// One subject.
    Subject,
    /// One tenant.
    Tenant,
}

/// Why a message did not go out: `send-error` in `wit/types.wit`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum SendError {
    /// No provider, or a setting of it is missing.
    NotConfigured(String),
    /// Anything else.
    Other(String),
    /// The provider refused this recipient.
    RecipientRefused,
    /// The provider doesn't know the template.
    TemplateUnknown,
    /// The provider is asked too often.
    Throttled(Option<u32>),
    /// No answer in time: whether the message went out is not known.
    Timeout,
    /// The provider refused our credentials.
    Unauthorised,
    /// The provider can't be reached or failed.
    Unavailable,
    /// The provider's answer can't be read: whether the message went out is not known.
    Unreadable,
}

/// Why a batch was not carried out: `store-error` in `wit/types.wit`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum StoreError {
    /// The backend refused our credentials or the command.
    Denied,
    /// Outside the backend's limits.
    InvalidArgument,
    /// Anything else.
    Other(String),
    /// No answer in time.
    Timeout,
    /// The backend can't be reached.
    Unavailable,
}

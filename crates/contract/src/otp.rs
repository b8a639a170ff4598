//! `wit/otp.wit`: what callers ask of the engine, and what they are told.

mod operators;

use std::borrow::Cow;

use serde::Serialize;

use crate::secret::{Pii, Secret};
use crate::time::Timestamp;
use crate::types::{ArgumentFault, Channel, RecipientFault, SendError, StoreError, Throttle};

pub use self::operators::{
    CHALLENGES_ENDING, MAX_TALLIED_KEYS, MAX_TALLIED_PURPOSES, PurposeTally, SideReport,
    SubjectReport,
};

/// The longest reference.
pub const MAX_REFERENCE_BYTES: usize = 256;

/// The longest locale.
pub const MAX_LOCALE_BYTES: usize = 35;

/// The longest code as typed or pasted, with all that is ignored in it.
pub const MAX_TYPED_BYTES: usize = 256;

/// The longest client address, with brackets and a port.
pub const MAX_CLIENT_IP_BYTES: usize = 128;

/// A (purpose, recipient) of a tenant.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Addressee {
    /// What the code is for.
    pub purpose: String,
    /// A phone number or a mail address.
    pub to: Pii,
    /// What an earlier success left with the person's device.
    pub device_cookie: Option<Secret<String>>,
}

/// Which challenge is meant.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Target {
    /// The one with this id.
    Id(String),
    /// The latest one of this recipient.
    Recipient(Addressee),
}

/// Asks for a code.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct IssueRequest {
    /// Who asks.
    pub tenant: String,
    /// What the code is for.
    pub purpose: String,
    /// How it shall travel; absent: by the policy's channels that the recipient fits, in their order.
    pub channel: Option<Channel>,
    /// A phone number or a mail address, as the channel needs it.
    pub to: Pii,
    /// A transaction to bind the code to.
    pub reference: Option<String>,
    /// The language of the message: a BCP 47 tag.
    pub locale: Option<String>,
    /// The address of the person's device.
    pub client_ip: Option<String>,
    /// What an earlier success left with the person's device.
    pub device_cookie: Option<Secret<String>>,
}

/// A challenge that has just been sent.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Challenge {
    /// The challenge's name.
    pub id: String,
    /// What the code is for.
    pub purpose: String,
    /// How it travelled.
    pub channel: Channel,
    /// Where it went, masked.
    pub masked_recipient: String,
    /// Characters in the code.
    pub code_length: u32,
    /// When the code stops being good.
    pub expires_at: Timestamp,
    /// The same in seconds from now.
    pub expires_in_seconds: u32,
    /// Seconds until a resend or a new issue is allowed.
    pub resend_in_seconds: u32,
    /// Resends that are left.
    pub resends_left: u32,
    /// Codes that may still be tried.
    pub attempts_left: u32,
    /// The provider that took the message.
    pub provider: String,
}

/// Answers a challenge.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct VerifyRequest {
    /// Who asks.
    pub tenant: String,
    /// Which challenge.
    pub target: Target,
    /// With an id: the purpose that the challenge must have.
    pub purpose: Option<String>,
    /// With an id: the recipient that the challenge must have.
    pub to: Option<Pii>,
    /// What the person typed.
    pub code: Secret<String>,
    /// The transaction that the person confirms.
    pub reference: Option<String>,
    /// The address of the person's device.
    pub client_ip: Option<String>,
}

/// A challenge that has been answered.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Verified {
    /// The challenge.
    pub id: String,
    /// What the code was for.
    pub purpose: String,
    /// How it travelled.
    pub channel: Channel,
    /// Where it went, masked.
    pub masked_recipient: String,
    /// The transaction it was bound to.
    pub reference: Option<String>,
    /// When it was answered.
    pub verified_at: Timestamp,
    /// For the person's device to keep.
    pub device_cookie: Option<Secret<String>>,
}

/// Asks for the message once more.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ResendRequest {
    /// Who asks.
    pub tenant: String,
    /// Which challenge.
    pub id: String,
    /// The address of the person's device.
    pub client_ip: Option<String>,
}

/// Where a challenge stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// All attempts are spent.
    Exhausted,
    /// Its time is over.
    Expired,
    /// Waiting for its code.
    Pending,
    /// Taken back.
    Revoked,
    /// Answered.
    Verified,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 5] =
        [Self::Exhausted, Self::Expired, Self::Pending, Self::Revoked, Self::Verified];
}

/// What is known of a challenge's latest message.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// It arrived, says the provider.
    Delivered,
    /// It did not arrive, says the provider.
    Failed,
    /// A provider took it, and has said no more.
    Sent,
}

impl DeliveryState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Delivered, Self::Failed, Self::Sent];
}

/// What `status` tells.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Report {
    /// The challenge.
    pub id: String,
    /// What the code is for.
    pub purpose: String,
    /// How it travelled.
    pub channel: Channel,
    /// Where it went, masked.
    pub masked_recipient: String,
    /// Where it stands.
    pub state: State,
    /// What is known of its latest message.
    pub delivery: DeliveryState,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// When the code stops, or stopped, being good.
    pub expires_at: Timestamp,
    /// The same in seconds from now; 0 unless pending.
    pub expires_in_seconds: u32,
    /// Seconds until a resend is allowed; 0 where it is, or where none is left.
    pub resend_in_seconds: u32,
    /// Resends that are left; 0 unless pending.
    pub resends_left: u32,
    /// Codes that may still be tried; 0 unless pending.
    pub attempts_left: u32,
    /// Seconds for which the subject is locked; 0 where it isn't.
    pub locked_for_seconds: u32,
    /// Whether the subject is disabled until an operator unlocks it.
    pub disabled: bool,
}

/// Why a call did not succeed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Error {
    /// The policy doesn't allow the channel.
    ChannelNotAllowed,
    /// No provider took the message.
    DeliveryFailed(SendError),
    /// The subject is disabled until an operator unlocks it.
    Disabled,
    /// All attempts of the challenge are spent. Seconds until a new one may be issued.
    Exhausted(u32),
    /// The challenge's time is over.
    Expired,
    /// An argument can't be used.
    InvalidArgument(ArgumentFault),
    /// `to` is no recipient of the channel.
    InvalidRecipient(RecipientFault),
    /// Too many exhausted challenges. Seconds until the subject may try again.
    Locked(u32),
    /// The settings can't be used: which and why, for an operator.
    Misconfigured(String),
    /// A wrong code. Attempts that are left.
    Mismatch(u32),
    /// No such challenge.
    NotFound,
    /// The challenge is bound to another reference. Attempts that are left.
    ReferenceMismatch(u32),
    /// The policy wants a reference and none was given.
    ReferenceRequired,
    /// The challenge was taken back.
    Revoked,
    /// The store did not answer as it should.
    StoreUnavailable(StoreError),
    /// A limit was hit.
    Throttled(Throttle),
    /// The tenant has no such purpose.
    UnknownPurpose,
    /// The policy accepts challenges by id only, or by recipient only, and this was the other one.
    VerifyByNotAllowed,
}

impl Error {
    /// An argument that can't be used: its name, and what it has to be.
    #[must_use]
    pub const fn invalid(field: &'static str, reason: &'static str) -> Self {
        Self::InvalidArgument(ArgumentFault {
            field: Cow::Borrowed(field),
            reason: Cow::Borrowed(reason),
        })
    }
}

impl From<RecipientFault> for Error {
    fn from(fault: RecipientFault) -> Self {
        Self::InvalidRecipient(fault)
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        Self::StoreUnavailable(error)
    }
}

//! What the HTTP surface needs of an engine: `wit/otp.wit` and `wit/types.wit`, one to one, in plain Rust.
//!
//! The WIT package is the source of truth for what each field, limit and error means; the words here repeat
//! only what a reader of this crate needs. Times are seconds since 1970, durations are seconds.

use std::future::Future;

use serde::{Deserialize, Serialize};

use crate::secret::{Pii, Secret};

/// Issues and verifies one-time codes. Implemented by the host over pooled instances of the component, and by the
/// edge over the imported interface.
///
/// Each call is one call of the engine: an implementation must not repeat one, because attempts are counted.
pub trait Otp: Clone + Send + Sync + 'static {
    /// Makes a challenge, sends its code, and replaces the subject's earlier challenge.
    fn issue(
        &self,
        request: IssueRequest,
    ) -> impl Future<Output = Result<Challenge, Failure>> + Send;

    /// Compares a code, having counted the attempt first.
    fn verify(
        &self,
        request: VerifyRequest,
    ) -> impl Future<Output = Result<Verified, Failure>> + Send;

    /// Sends the message of a living challenge once more.
    fn resend(
        &self,
        request: ResendRequest,
    ) -> impl Future<Output = Result<Challenge, Failure>> + Send;

    /// Takes a living challenge back.
    fn revoke(
        &self,
        tenant: String,
        id: String,
    ) -> impl Future<Output = Result<(), Failure>> + Send;

    /// Tells where a challenge stands. Changes nothing.
    fn status(
        &self,
        tenant: String,
        target: Target,
    ) -> impl Future<Output = Result<Report, Failure>> + Send;

    /// Notes what a provider reports of the message with that number.
    fn record_delivery(
        &self,
        tenant: String,
        id: String,
        send_number: u32,
        outcome: DeliveryOutcome,
    ) -> impl Future<Output = Result<(), Failure>> + Send;

    /// Lifts the lock of a subject and clears its failures. Called for operators only.
    fn unlock(
        &self,
        tenant: String,
        addressee: Addressee,
    ) -> impl Future<Output = Result<(), Failure>> + Send;
}

/// Why a call of the engine brought no result.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Failure {
    /// The engine itself broke: it trapped, ran out of memory or out of time. Why is for the log of the one that
    /// implements [`Otp`]; the caller gets a 500.
    Internal,
    /// No instance was free in time. The call had no effect and may be repeated: a 503.
    Overloaded,
    /// The engine answered, with an error.
    Refused(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

/// How a code reaches a person.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(utoipa::ToSchema))]
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

/// What a limit counts by.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(utoipa::ToSchema))]
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

/// Why a text is not a recipient.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(utoipa::ToSchema))]
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

/// An argument that can't be used.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ArgumentFault {
    /// The name of the argument, as in the WIT package: `code`, `client-ip`.
    pub field: String,
    /// What it has to be, in English, safe to show.
    pub reason: String,
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

/// A (purpose, recipient) of a tenant.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Addressee {
    /// What the code is for.
    pub purpose: String,
    /// A phone number or a mail address.
    pub to: Pii,
    /// What an earlier success left with the person's device.
    pub device_cookie: Option<Secret>,
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
    pub device_cookie: Option<Secret>,
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
    /// When the code stops being good, in seconds since 1970.
    pub expires_at: u64,
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
    pub code: Secret,
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
    /// When it was answered, in seconds since 1970.
    pub verified_at: u64,
    /// For the person's device to keep.
    pub device_cookie: Option<Secret>,
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
#[cfg_attr(test, derive(utoipa::ToSchema))]
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

/// What a provider reports of a message that it took.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum DeliveryOutcome {
    /// It arrived.
    Delivered,
    /// It did not, and will not.
    Failed,
}

/// What is known of a challenge's latest message.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub enum DeliveryState {
    /// It arrived, says the provider.
    Delivered,
    /// It did not arrive, says the provider.
    Failed,
    /// A provider took it, and has said no more.
    Sent,
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
    /// When it was issued, in seconds since 1970.
    pub issued_at: u64,
    /// When the code stops, or stopped, being good, in seconds since 1970.
    pub expires_at: u64,
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

//! What callers ask and what they are told: the records of `wit/otp.wit`, one to one.

use crate::secret::Secret;
use crate::world::{Channel, Timestamp};

/// A (purpose, recipient) of a tenant.
#[derive(Clone, Debug)]
pub struct Addressee {
    /// What the code is for.
    pub purpose: String,
    /// A phone number or a mail address, in any spelling.
    pub to: Secret<String>,
    /// The cookie of the person's device, if it has one.
    pub device_cookie: Option<Secret<String>>,
}

/// Which challenge is meant.
#[derive(Clone, Debug)]
pub enum Target {
    /// The one with this id.
    Id(String),
    /// The latest one of this recipient.
    Recipient(Addressee),
}

/// Asks for a code.
#[derive(Clone, Debug)]
pub struct IssueRequest {
    /// Who asks.
    pub tenant: String,
    /// What the code is for.
    pub purpose: String,
    /// How it shall travel; absent: by the policy's channels that the recipient fits, in their order.
    pub channel: Option<Channel>,
    /// Where to.
    pub to: Secret<String>,
    /// A transaction to bind the code to: 1 to 256 bytes without control characters.
    pub reference: Option<String>,
    /// A BCP 47 tag of at most 35 characters.
    pub locale: Option<String>,
    /// The address of the person's device.
    pub client_ip: Option<String>,
    /// The cookie of the person's device, if it has one.
    pub device_cookie: Option<Secret<String>>,
}

/// A challenge that has just been sent.
#[derive(Clone, Debug)]
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
#[derive(Clone, Debug)]
pub struct VerifyRequest {
    /// Who asks.
    pub tenant: String,
    /// Which challenge.
    pub target: Target,
    /// With an id: the purpose that the challenge must have.
    pub purpose: Option<String>,
    /// With an id: the recipient that the challenge must have, in any spelling.
    pub to: Option<Secret<String>>,
    /// What the person typed.
    pub code: Secret<String>,
    /// The transaction that the person confirms.
    pub reference: Option<String>,
    /// The address of the person's device.
    pub client_ip: Option<String>,
}

/// A challenge that has been answered.
#[derive(Clone, Debug)]
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
    /// For the person's device to keep: later requests that carry it count apart from strangers'.
    pub device_cookie: Option<Secret<String>>,
}

/// Asks for the message once more.
#[derive(Clone, Debug)]
pub struct ResendRequest {
    /// Who asks.
    pub tenant: String,
    /// Which challenge.
    pub id: String,
    /// The address of the person's device.
    pub client_ip: Option<String>,
}

/// Where a challenge stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
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
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum DeliveryState {
    /// It arrived.
    Delivered,
    /// It did not arrive.
    Failed,
    /// A provider took it, and has said no more.
    Sent,
}

/// What `status` tells.
#[derive(Clone, Debug)]
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
    /// Seconds until a resend is allowed.
    pub resend_in_seconds: u32,
    /// Resends that are left; 0 unless pending.
    pub resends_left: u32,
    /// Codes that may still be tried; 0 unless pending.
    pub attempts_left: u32,
    /// Seconds for which the subject is locked.
    pub locked_for_seconds: u32,
    /// Whether an operator has to unlock the subject.
    pub disabled: bool,
}

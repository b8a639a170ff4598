//! The JSON of answers, which borrow from what the engine returned.

use countersign_contract::otp::{self, DeliveryState, State};
use countersign_contract::types::Channel;
use countersign_contract::upkeep::Swept;
use jiff::Timestamp;
use serde::{Serialize, Serializer};

use crate::health::{Dependency, Readiness};
#[cfg(test)]
use crate::tests::document::words;

/// A challenge that has just been sent.
#[derive(Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[cfg_attr(test, schema(as = Challenge))]
pub(crate) struct ChallengeView<'a> {
    /// The challenge's name: at most 136 characters.
    id: &'a str,
    /// What the code is for.
    purpose: &'a str,
    /// The channel that carried the message.
    #[cfg_attr(test, schema(value_type = words::Channel))]
    channel: Channel,
    /// The recipient, masked.
    to: &'a str,
    /// Characters in the code.
    code_length: u32,
    /// When the code expires.
    #[cfg_attr(test, schema(value_type = String, format = DateTime))]
    expires_at: Rfc3339,
    /// Seconds until the code expires.
    expires_in: u32,
    /// Seconds until a resend or a new issue is allowed.
    resend_in: u32,
    /// Resends that are left.
    resends_left: u32,
    /// Attempts that are left.
    attempts_left: u32,
    /// The type of the provider that took the message.
    provider: &'a str,
}

impl<'a> From<&'a otp::Challenge> for ChallengeView<'a> {
    fn from(challenge: &'a otp::Challenge) -> Self {
        Self {
            id: &challenge.id,
            purpose: &challenge.purpose,
            channel: challenge.channel,
            to: &challenge.masked_recipient,
            code_length: challenge.code_length,
            expires_at: Rfc3339(challenge.expires_at.0),
            expires_in: challenge.expires_in_seconds,
            resend_in: challenge.resend_in_seconds,
            resends_left: challenge.resends_left,
            attempts_left: challenge.attempts_left,
            provider: &challenge.provider,
        }
    }
}

/// A challenge that has been answered.
#[derive(Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[cfg_attr(test, schema(as = Verified))]
pub(crate) struct VerifiedView<'a> {
    /// Always true: anything else is a problem.
    verified: bool,
    /// The challenge.
    id: &'a str,
    /// What the code was for.
    purpose: &'a str,
    /// The channel that carried the message.
    #[cfg_attr(test, schema(value_type = words::Channel))]
    channel: Channel,
    /// The recipient, masked.
    to: &'a str,
    /// The transaction that the code was bound to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schema(nullable = false))]
    reference: Option<&'a str>,
    /// When the code was accepted.
    #[cfg_attr(test, schema(value_type = String, format = DateTime))]
    verified_at: Rfc3339,
    /// For the person's device to keep, and to be given with its next `issue`: 28 characters. Secret. Absent where the
    /// purpose remembers no device.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schema(nullable = false))]
    device_cookie: Option<&'a str>,
}

impl<'a> From<&'a otp::Verified> for VerifiedView<'a> {
    fn from(verified: &'a otp::Verified) -> Self {
        Self {
            verified: true,
            id: &verified.id,
            purpose: &verified.purpose,
            channel: verified.channel,
            to: &verified.masked_recipient,
            reference: verified.reference.as_deref(),
            verified_at: Rfc3339(verified.verified_at.0),
            device_cookie: verified.device_cookie.as_ref().map(|cookie| cookie.expose().as_str()),
        }
    }
}

/// Where a challenge stands.
#[derive(Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[cfg_attr(test, schema(as = Report))]
pub(crate) struct ReportView<'a> {
    /// The challenge.
    id: &'a str,
    /// What the code is for.
    purpose: &'a str,
    /// The channel that carried the message.
    #[cfg_attr(test, schema(value_type = words::Channel))]
    channel: Channel,
    /// The recipient, masked.
    to: &'a str,
    /// Where it stands.
    #[cfg_attr(test, schema(value_type = words::State))]
    state: State,
    /// What is known of its latest message.
    #[cfg_attr(test, schema(value_type = words::DeliveryState))]
    delivery: DeliveryState,
    /// When it was issued.
    #[cfg_attr(test, schema(value_type = String, format = DateTime))]
    issued_at: Rfc3339,
    /// When the code expires or expired.
    #[cfg_attr(test, schema(value_type = String, format = DateTime))]
    expires_at: Rfc3339,
    /// Seconds until the code expires; 0 unless pending.
    expires_in: u32,
    /// Seconds until a resend is allowed; 0 if one is allowed now, or none is left.
    resend_in: u32,
    /// Resends that are left; 0 unless pending.
    resends_left: u32,
    /// Attempts that are left; 0 unless pending.
    attempts_left: u32,
    /// Seconds for which the recipient is locked; 0 if it is not.
    locked_for: u32,
    /// Whether the recipient is disabled until an operator unlocks it.
    disabled: bool,
}

impl<'a> From<&'a otp::Report> for ReportView<'a> {
    fn from(report: &'a otp::Report) -> Self {
        Self {
            id: &report.id,
            purpose: &report.purpose,
            channel: report.channel,
            to: &report.masked_recipient,
            state: report.state,
            delivery: report.delivery,
            issued_at: Rfc3339(report.issued_at.0),
            expires_at: Rfc3339(report.expires_at.0),
            expires_in: report.expires_in_seconds,
            resend_in: report.resend_in_seconds,
            resends_left: report.resends_left,
            attempts_left: report.attempts_left,
            locked_for: report.locked_for_seconds,
            disabled: report.disabled,
        }
    }
}

/// The process answers.
#[derive(Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub(crate) struct Liveness {
    /// Always `ok`.
    status: &'static str,
}

impl Liveness {
    pub(crate) const OK: Self = Self { status: "ok" };
}

/// Whether requests can be served.
#[derive(Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[cfg_attr(test, schema(as = Readiness))]
pub(crate) struct ReadinessView<'a> {
    /// The state of the service as a whole.
    status: ReadinessStatus,
    /// Each thing that the service depends on.
    dependencies: &'a [Dependency],
}

#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(utoipa::ToSchema))]
enum ReadinessStatus {
    /// Ready, but not as configured: a fallback has taken over.
    Degraded,
    /// Not ready: a dependency has failed.
    Failed,
    /// Ready.
    Ok,
}

impl<'a> From<&'a Readiness> for ReadinessView<'a> {
    fn from(readiness: &'a Readiness) -> Self {
        let status = match (readiness.is_ready(), readiness.degraded) {
            (false, _) => ReadinessStatus::Failed,
            (true, true) => ReadinessStatus::Degraded,
            (true, false) => ReadinessStatus::Ok,
        };
        Self { status, dependencies: &readiness.dependencies }
    }
}

/// What a step of sweeping did.
#[derive(Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[cfg_attr(test, schema(as = Swept))]
pub(crate) struct SweptView {
    /// Keys looked at.
    examined: u32,
    /// Keys removed.
    removed: u32,
    /// Whether there is more to do now.
    more: bool,
}

impl From<&Swept> for SweptView {
    fn from(swept: &Swept) -> Self {
        Self { examined: swept.examined, removed: swept.removed, more: swept.more }
    }
}

/// Seconds since 1970, written as RFC 3339 in UTC.
#[derive(Clone, Copy)]
struct Rfc3339(u64);

impl Serialize for Rfc3339 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let timestamp = i64::try_from(self.0)
            .ok()
            .and_then(|seconds| Timestamp::from_second(seconds).ok())
            // After the year 9999, which no challenge sees.
            .unwrap_or(Timestamp::MAX);
        serializer.collect_str(&timestamp)
    }
}

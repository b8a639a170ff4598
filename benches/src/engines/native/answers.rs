//! Back from the rules and from the host: field by field.

use countersign::bindings::countersign::otp::{sender, store, types};
use countersign_core::error::{Error, Scope, SendError, StoreError};
use countersign_core::recipient::Fault;
use countersign_core::request;
use countersign_core::world::{Channel, Delivery, Reply};
use countersign_http_api::otp as http;

pub(super) fn reply(reply: store::Reply) -> Reply {
    match reply {
        store::Reply::Count(count) => Reply::Count(count),
        store::Reply::Done => Reply::Done,
        store::Reply::Value(value) => Reply::Value(value),
    }
}

pub(super) fn store_error(error: types::StoreError) -> StoreError {
    match error {
        types::StoreError::Denied => StoreError::Denied,
        types::StoreError::InvalidArgument => StoreError::InvalidArgument,
        types::StoreError::Other(text) => StoreError::Other(text),
        types::StoreError::Timeout => StoreError::Timeout,
        types::StoreError::Unavailable => StoreError::Unavailable,
    }
}

pub(super) fn send_error(error: types::SendError) -> SendError {
    match error {
        types::SendError::NotConfigured(text) => SendError::NotConfigured(text),
        types::SendError::Other(text) => SendError::Other(text),
        types::SendError::RecipientRefused => SendError::RecipientRefused,
        types::SendError::TemplateUnknown => SendError::TemplateUnknown,
        types::SendError::Throttled(seconds) => SendError::Throttled(seconds),
        types::SendError::Timeout => SendError::Timeout,
        types::SendError::Unauthorised => SendError::Unauthorised,
        types::SendError::Unavailable => SendError::Unavailable,
        types::SendError::Unreadable => SendError::Unreadable,
    }
}

pub(super) fn delivery(delivery: sender::Delivery) -> Delivery {
    Delivery {
        channel: super::requests::channel(delivery.channel),
        provider: delivery.provider,
        message_id: delivery.message_id,
    }
}

fn channel(channel: Channel) -> http::Channel {
    match channel {
        Channel::Email => http::Channel::Email,
        Channel::Sms => http::Channel::Sms,
        Channel::Voice => http::Channel::Voice,
        Channel::Webhook => http::Channel::Webhook,
        Channel::Whatsapp => http::Channel::Whatsapp,
    }
}

pub(super) fn challenge(challenge: request::Challenge) -> http::Challenge {
    http::Challenge {
        id: challenge.id,
        purpose: challenge.purpose,
        channel: channel(challenge.channel),
        masked_recipient: challenge.masked_recipient,
        code_length: challenge.code_length,
        expires_at: challenge.expires_at.0,
        expires_in_seconds: challenge.expires_in_seconds,
        resend_in_seconds: challenge.resend_in_seconds,
        resends_left: challenge.resends_left,
        attempts_left: challenge.attempts_left,
        provider: challenge.provider,
    }
}

pub(super) fn verified(verified: request::Verified) -> http::Verified {
    http::Verified {
        id: verified.id,
        purpose: verified.purpose,
        channel: channel(verified.channel),
        masked_recipient: verified.masked_recipient,
        reference: verified.reference,
        verified_at: verified.verified_at.0,
        device_cookie: verified
            .device_cookie
            .map(|cookie| countersign_http_api::secret::Secret::new(cookie.expose().clone())),
    }
}

pub(super) fn report(report: request::Report) -> http::Report {
    http::Report {
        id: report.id,
        purpose: report.purpose,
        channel: channel(report.channel),
        masked_recipient: report.masked_recipient,
        state: match report.state {
            request::State::Exhausted => http::State::Exhausted,
            request::State::Expired => http::State::Expired,
            request::State::Pending => http::State::Pending,
            request::State::Revoked => http::State::Revoked,
            request::State::Verified => http::State::Verified,
        },
        delivery: match report.delivery {
            request::DeliveryState::Delivered => http::DeliveryState::Delivered,
            request::DeliveryState::Failed => http::DeliveryState::Failed,
            request::DeliveryState::Sent => http::DeliveryState::Sent,
        },
        issued_at: report.issued_at.0,
        expires_at: report.expires_at.0,
        expires_in_seconds: report.expires_in_seconds,
        resend_in_seconds: report.resend_in_seconds,
        resends_left: report.resends_left,
        attempts_left: report.attempts_left,
        locked_for_seconds: report.locked_for_seconds,
        disabled: report.disabled,
    }
}

pub(super) fn failure(error: Error) -> http::Failure {
    http::Failure::Refused(match error {
        Error::ChannelNotAllowed => http::Error::ChannelNotAllowed,
        Error::DeliveryFailed(error) => http::Error::DeliveryFailed(delivery_failed(error)),
        Error::Disabled => http::Error::Disabled,
        Error::Exhausted(seconds) => http::Error::Exhausted(seconds),
        Error::Expired => http::Error::Expired,
        Error::InvalidArgument { field, reason } => {
            http::Error::InvalidArgument(http::ArgumentFault {
                field: field.into(),
                reason: reason.into(),
            })
        }
        Error::InvalidRecipient(fault) => http::Error::InvalidRecipient(recipient(fault)),
        Error::Locked(seconds) => http::Error::Locked(seconds),
        Error::Misconfigured(text) => http::Error::Misconfigured(text),
        Error::Mismatch(left) => http::Error::Mismatch(left),
        Error::NotFound => http::Error::NotFound,
        Error::ReferenceMismatch(left) => http::Error::ReferenceMismatch(left),
        Error::ReferenceRequired => http::Error::ReferenceRequired,
        Error::Revoked => http::Error::Revoked,
        Error::StoreUnavailable(error) => http::Error::StoreUnavailable(unavailable(error)),
        Error::Throttled { scope: limit, retry_after_seconds } => {
            http::Error::Throttled(http::Throttle { scope: scope(limit), retry_after_seconds })
        }
        Error::UnknownPurpose => http::Error::UnknownPurpose,
        Error::VerifyByNotAllowed => http::Error::VerifyByNotAllowed,
    })
}

fn delivery_failed(error: SendError) -> http::SendError {
    match error {
        SendError::NotConfigured(text) => http::SendError::NotConfigured(text),
        SendError::Other(text) => http::SendError::Other(text),
        SendError::RecipientRefused => http::SendError::RecipientRefused,
        SendError::TemplateUnknown => http::SendError::TemplateUnknown,
        SendError::Throttled(seconds) => http::SendError::Throttled(seconds),
        SendError::Timeout => http::SendError::Timeout,
        SendError::Unauthorised => http::SendError::Unauthorised,
        SendError::Unavailable => http::SendError::Unavailable,
        SendError::Unreadable => http::SendError::Unreadable,
    }
}

fn unavailable(error: StoreError) -> http::StoreError {
    match error {
        StoreError::Denied => http::StoreError::Denied,
        StoreError::InvalidArgument => http::StoreError::InvalidArgument,
        StoreError::Other(text) => http::StoreError::Other(text),
        StoreError::Timeout => http::StoreError::Timeout,
        StoreError::Unavailable => http::StoreError::Unavailable,
    }
}

fn recipient(fault: Fault) -> http::RecipientFault {
    match fault {
        Fault::Ambiguous => http::RecipientFault::Ambiguous,
        Fault::Empty => http::RecipientFault::Empty,
        Fault::MalformedAddress => http::RecipientFault::MalformedAddress,
        Fault::MalformedNumber => http::RecipientFault::MalformedNumber,
        Fault::NumberNotAllowed => http::RecipientFault::NumberNotAllowed,
        Fault::TooLong => http::RecipientFault::TooLong,
        Fault::UnassignableNumber => http::RecipientFault::UnassignableNumber,
        Fault::WrongKind => http::RecipientFault::WrongKind,
    }
}

fn scope(scope: Scope) -> http::Scope {
    match scope {
        Scope::Challenge => http::Scope::Challenge,
        Scope::Cooldown => http::Scope::Cooldown,
        Scope::Ip => http::Scope::Ip,
        Scope::Purpose => http::Scope::Purpose,
        Scope::Subject => http::Scope::Subject,
        Scope::Tenant => http::Scope::Tenant,
    }
}

//! From the contract's types to the core's and back: field by field, nothing decided.

use countersign_core::code::Alphabet;
use countersign_core::error::{Scope, SendError, StoreError};
use countersign_core::policy::{
    Activity, Draft, FailureScope, Limit, Preset, RegionRule, ResendCode, VerifyBy,
};
use countersign_core::recipient::{Fault, NumberType};
use countersign_core::world::{Channel, Delivery, Message, Operation, Outcome, Reply};
use countersign_core::{Error, Secret, request};

use crate::bindings::countersign::otp::{sender, settings, store, types};
use crate::bindings::exports::countersign::otp::otp;

/// Enumerations of equal cases, both ways or one.
macro_rules! same_cases {
    ($from:path => $to:path { $($case:ident),+ $(,)? }) => {
        impl From<$from> for $to {
            fn from(value: $from) -> Self {
                match value {
                    $(<$from>::$case => Self::$case,)+
                }
            }
        }
    };
}

same_cases!(types::Channel => Channel { Email, Sms, Voice, Webhook, Whatsapp });
same_cases!(Channel => types::Channel { Email, Sms, Voice, Webhook, Whatsapp });
same_cases!(types::Scope => Scope { Challenge, Cooldown, Ip, Purpose, Subject, Tenant });
same_cases!(Scope => types::Scope { Challenge, Cooldown, Ip, Purpose, Subject, Tenant });
same_cases!(settings::Alphabet => Alphabet { Digits, Unambiguous });
same_cases!(settings::Preset => Preset { Default, Lenient, Strict });
same_cases!(settings::ResendCode => ResendCode { New, Same });
same_cases!(settings::FailureScope => FailureScope { Purpose, Recipient });
same_cases!(settings::VerifyBy => VerifyBy { Both, Id, Recipient });
same_cases!(settings::NumberType => NumberType { Personal, PremiumRate, SharedCost });
same_cases!(settings::Activity => Activity { Send, Verify });
same_cases!(request::State => otp::State { Exhausted, Expired, Pending, Revoked, Verified });
same_cases!(request::DeliveryState => otp::DeliveryState { Delivered, Failed, Sent });
same_cases!(types::DeliveryOutcome => request::DeliveryOutcome { Delivered, Failed });
same_cases!(Fault => types::RecipientFault {
    Ambiguous,
    Empty,
    MalformedAddress,
    MalformedNumber,
    NumberNotAllowed,
    TooLong,
    UnassignableNumber,
    WrongKind,
});

impl From<settings::Limit> for Limit {
    fn from(limit: settings::Limit) -> Self {
        let settings::Limit { scope, on, max, window_seconds } = limit;
        Self { scope: scope.into(), on: on.into(), max, window_seconds }
    }
}

impl From<settings::RegionRule> for RegionRule {
    fn from(rule: settings::RegionRule) -> Self {
        let settings::RegionRule { channel, allow, deny } = rule;
        Self { channel: channel.map(Into::into), allow, deny }
    }
}

impl From<settings::Policy> for Draft {
    fn from(policy: settings::Policy) -> Self {
        Self {
            preset: policy.preset.map(Into::into),
            code_length: policy.code_length,
            alphabet: policy.alphabet.map(Into::into),
            lifetime_seconds: policy.lifetime_seconds,
            max_attempts: policy.max_attempts,
            lockout_seconds: policy.lockout_seconds,
            lockout_max_seconds: policy.lockout_max_seconds,
            failure_cap: policy.failure_cap,
            failure_scope: policy.failure_scope.map(Into::into),
            cooldown_seconds: policy.cooldown_seconds,
            cooldown_max_seconds: policy.cooldown_max_seconds,
            max_resends: policy.max_resends,
            remember_device_seconds: policy.remember_device_seconds,
            resend_code: policy.resend_code.map(Into::into),
            verify_by: policy.verify_by.map(Into::into),
            reference_required: policy.reference_required,
            may_send_twice: policy.may_send_twice,
            default_region: policy.default_region,
            channels: policy.channels.into_iter().map(Into::into).collect(),
            number_types: policy.number_types.into_iter().map(Into::into).collect(),
            new_prefixes: policy.new_prefixes,
            regions: policy.regions.into_iter().map(Into::into).collect(),
            limits: policy.limits.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<Operation> for store::Operation {
    fn from(operation: Operation) -> Self {
        match operation {
            Operation::Delete(key) => Self::Delete(key),
            Operation::Get(key) => Self::Get(key),
            Operation::Increment { key, by, ttl_seconds } => {
                Self::Increment(store::Step { key, by, ttl_seconds })
            }
            Operation::Set { key, value, ttl_seconds } => {
                Self::Set(store::Assignment { key, value, ttl_seconds })
            }
        }
    }
}

impl From<store::Reply> for Reply {
    fn from(reply: store::Reply) -> Self {
        match reply {
            store::Reply::Count(count) => Self::Count(count),
            store::Reply::Done => Self::Done,
            store::Reply::Value(value) => Self::Value(value),
        }
    }
}

impl From<store::Outcome> for Outcome {
    fn from(outcome: store::Outcome) -> Self {
        let replies = outcome.replies.into_iter().map(Into::into).collect();
        Self { replies, generation: outcome.generation }
    }
}

impl From<types::StoreError> for StoreError {
    fn from(error: types::StoreError) -> Self {
        match error {
            types::StoreError::Denied => Self::Denied,
            types::StoreError::InvalidArgument => Self::InvalidArgument,
            types::StoreError::Other(text) => Self::Other(text),
            types::StoreError::Timeout => Self::Timeout,
            types::StoreError::Unavailable => Self::Unavailable,
        }
    }
}

impl From<StoreError> for types::StoreError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Denied => Self::Denied,
            StoreError::InvalidArgument => Self::InvalidArgument,
            StoreError::Other(text) => Self::Other(text),
            StoreError::Timeout => Self::Timeout,
            StoreError::Unavailable => Self::Unavailable,
        }
    }
}

impl From<types::SendError> for SendError {
    fn from(error: types::SendError) -> Self {
        match error {
            types::SendError::NotConfigured(text) => Self::NotConfigured(text),
            types::SendError::Other(text) => Self::Other(text),
            types::SendError::RecipientRefused => Self::RecipientRefused,
            types::SendError::TemplateUnknown => Self::TemplateUnknown,
            types::SendError::Throttled(seconds) => Self::Throttled(seconds),
            types::SendError::Timeout => Self::Timeout,
            types::SendError::Unauthorised => Self::Unauthorised,
            types::SendError::Unavailable => Self::Unavailable,
            types::SendError::Unreadable => Self::Unreadable,
        }
    }
}

impl From<SendError> for types::SendError {
    fn from(error: SendError) -> Self {
        match error {
            SendError::NotConfigured(text) => Self::NotConfigured(text),
            SendError::Other(text) => Self::Other(text),
            SendError::RecipientRefused => Self::RecipientRefused,
            SendError::TemplateUnknown => Self::TemplateUnknown,
            SendError::Throttled(seconds) => Self::Throttled(seconds),
            SendError::Timeout => Self::Timeout,
            SendError::Unauthorised => Self::Unauthorised,
            SendError::Unavailable => Self::Unavailable,
            SendError::Unreadable => Self::Unreadable,
        }
    }
}

impl From<Message> for sender::Message {
    fn from(message: Message) -> Self {
        Self {
            tenant: message.tenant,
            purpose: message.purpose,
            channels: message.channels.into_iter().map(Into::into).collect(),
            may_send_twice: message.may_send_twice,
            recipient: message.recipient.expose().clone(),
            code: message.code.expose().clone(),
            challenge_id: message.challenge_id,
            send_number: message.send_number,
            lifetime_seconds: message.lifetime_seconds,
            expires_at: message.expires_at.0,
            reference: message.reference,
            locale: message.locale,
        }
    }
}

impl From<sender::Delivery> for Delivery {
    fn from(delivery: sender::Delivery) -> Self {
        Self {
            channel: delivery.channel.into(),
            provider: delivery.provider,
            message_id: delivery.message_id,
        }
    }
}

impl From<otp::IssueRequest> for request::IssueRequest {
    fn from(request: otp::IssueRequest) -> Self {
        Self {
            tenant: request.tenant,
            purpose: request.purpose,
            channel: request.channel.map(Into::into),
            to: Secret::new(request.to),
            reference: request.reference,
            locale: request.locale,
            client_ip: request.client_ip,
            device_cookie: request.device_cookie.map(Secret::new),
        }
    }
}

impl From<otp::VerifyRequest> for request::VerifyRequest {
    fn from(request: otp::VerifyRequest) -> Self {
        Self {
            tenant: request.tenant,
            target: request.target.into(),
            purpose: request.purpose,
            to: request.to.map(Secret::new),
            code: Secret::new(request.code),
            reference: request.reference,
            client_ip: request.client_ip,
        }
    }
}

impl From<otp::ResendRequest> for request::ResendRequest {
    fn from(request: otp::ResendRequest) -> Self {
        Self { tenant: request.tenant, id: request.id, client_ip: request.client_ip }
    }
}

impl From<otp::Target> for request::Target {
    fn from(target: otp::Target) -> Self {
        match target {
            otp::Target::Id(id) => Self::Id(id),
            otp::Target::Recipient(addressee) => Self::Recipient(addressee.into()),
        }
    }
}

impl From<otp::Addressee> for request::Addressee {
    fn from(addressee: otp::Addressee) -> Self {
        Self {
            purpose: addressee.purpose,
            to: Secret::new(addressee.to),
            device_cookie: addressee.device_cookie.map(Secret::new),
        }
    }
}

impl From<request::Challenge> for otp::Challenge {
    fn from(challenge: request::Challenge) -> Self {
        Self {
            id: challenge.id,
            purpose: challenge.purpose,
            channel: challenge.channel.into(),
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
}

impl From<request::Verified> for otp::Verified {
    fn from(verified: request::Verified) -> Self {
        Self {
            id: verified.id,
            purpose: verified.purpose,
            channel: verified.channel.into(),
            masked_recipient: verified.masked_recipient,
            reference: verified.reference,
            verified_at: verified.verified_at.0,
            device_cookie: verified.device_cookie.map(|cookie| cookie.expose().clone()),
        }
    }
}

impl From<request::Report> for otp::Report {
    fn from(report: request::Report) -> Self {
        Self {
            id: report.id,
            purpose: report.purpose,
            channel: report.channel.into(),
            masked_recipient: report.masked_recipient,
            state: report.state.into(),
            delivery: report.delivery.into(),
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
}

impl From<Error> for otp::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::ChannelNotAllowed => Self::ChannelNotAllowed,
            Error::DeliveryFailed(error) => Self::DeliveryFailed(error.into()),
            Error::Disabled => Self::Disabled,
            Error::Exhausted(seconds) => Self::Exhausted(seconds),
            Error::Expired => Self::Expired,
            Error::InvalidArgument { field, reason } => {
                Self::InvalidArgument(types::ArgumentFault {
                    field: field.into(),
                    reason: reason.into(),
                })
            }
            Error::InvalidRecipient(fault) => Self::InvalidRecipient(fault.into()),
            Error::Locked(seconds) => Self::Locked(seconds),
            Error::Misconfigured(text) => Self::Misconfigured(text),
            Error::Mismatch(left) => Self::Mismatch(left),
            Error::NotFound => Self::NotFound,
            Error::ReferenceMismatch(left) => Self::ReferenceMismatch(left),
            Error::ReferenceRequired => Self::ReferenceRequired,
            Error::Revoked => Self::Revoked,
            Error::StoreUnavailable(error) => Self::StoreUnavailable(error.into()),
            Error::Throttled { scope, retry_after_seconds } => {
                Self::Throttled(types::Throttle { scope: scope.into(), retry_after_seconds })
            }
            Error::UnknownPurpose => Self::UnknownPurpose,
            Error::VerifyByNotAllowed => Self::VerifyByNotAllowed,
        }
    }
}

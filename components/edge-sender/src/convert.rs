//! From the contract's types to the providers' and back: field by field, nothing decided.

use countersign_providers::{Channel, Message, Pii, Secret, SendError, Timestamp};

use crate::bindings::countersign::otp::types;
use crate::bindings::exports::countersign::otp::sender;

impl From<types::Channel> for Channel {
    fn from(channel: types::Channel) -> Self {
        match channel {
            types::Channel::Email => Self::Email,
            types::Channel::Sms => Self::Sms,
            types::Channel::Voice => Self::Voice,
            types::Channel::Webhook => Self::Webhook,
            types::Channel::Whatsapp => Self::Whatsapp,
        }
    }
}

impl From<Channel> for types::Channel {
    fn from(channel: Channel) -> Self {
        match channel {
            Channel::Email => Self::Email,
            Channel::Sms => Self::Sms,
            Channel::Voice => Self::Voice,
            Channel::Webhook => Self::Webhook,
            Channel::Whatsapp => Self::Whatsapp,
        }
    }
}

/// The message as it travels by `channel`.
pub(crate) fn message(message: sender::Message, channel: Channel) -> Message {
    Message {
        tenant: message.tenant,
        purpose: message.purpose,
        channel,
        recipient: Pii::new(message.recipient),
        code: Secret::new(message.code),
        challenge_id: message.challenge_id,
        send_number: message.send_number,
        lifetime_seconds: message.lifetime_seconds,
        expires_at: Timestamp(message.expires_at),
        reference: message.reference,
        locale: message.locale,
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

//! Between the contract's types, as some bindings generator made them, and those of this crate: field by field, nothing
//! decided. A macro, because the host and the edge app have types of their own; their names are the contract's.

/// Makes the conversions for bindings of `countersign:otp/types` and `countersign:otp/sender`, whose modules are given:
/// `taken_apart`, `delivery` and `send_error`.
#[macro_export]
macro_rules! contract {
    ($types:path, $sender:path $(,)?) => {
        use $crate::{Channel, Content, Delivered, Message, Pii, Secret, SendError, Timestamp};

        use $sender as sender;
        use $types as types;

        /// The message, its channels in the order to try, and whether it may be sent twice.
        pub(super) fn taken_apart(message: sender::Message) -> (Message, Vec<Channel>, bool) {
            let channels: Vec<_> = message.channels.into_iter().map(channel_from).collect();
            let parts = Message {
                tenant: message.tenant,
                purpose: message.purpose,
                // Each provider is told its own.
                channel: channels.first().copied().unwrap_or(Channel::Sms),
                recipient: Pii::new(message.recipient),
                code: Secret::new(message.code),
                challenge_id: message.challenge_id,
                send_number: message.send_number,
                lifetime_seconds: message.lifetime_seconds,
                expires_at: Timestamp(message.expires_at),
                reference: message.reference,
                locale: message.locale,
                content: Content::None,
                callback_url: None,
            };
            (parts, channels, message.may_send_twice)
        }

        /// Who took the message.
        pub(super) fn delivery(delivered: Delivered) -> sender::Delivery {
            sender::Delivery {
                channel: channel_into(delivered.channel),
                provider: delivered.provider.to_owned(),
                message_id: delivered.message_id,
            }
        }

        /// Why no provider took it.
        pub(super) fn send_error(error: SendError) -> types::SendError {
            match error {
                SendError::NotConfigured(text) => types::SendError::NotConfigured(text),
                SendError::Other(text) => types::SendError::Other(text),
                SendError::RecipientRefused => types::SendError::RecipientRefused,
                SendError::TemplateUnknown => types::SendError::TemplateUnknown,
                SendError::Throttled(seconds) => types::SendError::Throttled(seconds),
                SendError::Timeout => types::SendError::Timeout,
                SendError::Unauthorised => types::SendError::Unauthorised,
                SendError::Unavailable => types::SendError::Unavailable,
                SendError::Unreadable => types::SendError::Unreadable,
            }
        }

        const fn channel_from(channel: types::Channel) -> Channel {
            match channel {
                types::Channel::Email => Channel::Email,
                types::Channel::Sms => Channel::Sms,
                types::Channel::Voice => Channel::Voice,
                types::Channel::Webhook => Channel::Webhook,
                types::Channel::Whatsapp => Channel::Whatsapp,
            }
        }

        const fn channel_into(channel: Channel) -> types::Channel {
            match channel {
                Channel::Email => types::Channel::Email,
                Channel::Sms => types::Channel::Sms,
                Channel::Voice => types::Channel::Voice,
                Channel::Webhook => types::Channel::Webhook,
                Channel::Whatsapp => types::Channel::Whatsapp,
            }
        }
    };
}

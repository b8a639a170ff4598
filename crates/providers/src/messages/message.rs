//! What is to be sent, and when.

use countersign_contract::types::Channel;
use countersign_contract::{Pii, Secret, Timestamp, sender};

use crate::messages::content::Content;

/// All that a provider may need: `message` in `wit/sender.wit`, for one channel, and what was made of it.
#[derive(Clone, Debug)]
pub struct Message {
    /// Whose message it is.
    pub tenant: String,
    /// What the code is for.
    pub purpose: String,
    /// How it travels.
    pub channel: Channel,
    /// Where it goes: `+` and E.164 digits, or a normalised mail address.
    pub recipient: Pii,
    /// The code: 6 to 10 characters.
    pub code: Secret<String>,
    /// The challenge that the code answers.
    pub challenge_id: String,
    /// 1 for the first message of a challenge, 2 for its first resend, and so on.
    pub send_number: u32,
    /// Seconds for which the code is still good when the message is handed over.
    pub lifetime_seconds: u32,
    /// When the code stops being good.
    pub expires_at: Timestamp,
    /// The transaction that the code is bound to, as the caller named it. At most 256 bytes.
    pub reference: Option<String>,
    /// The language wanted, as a BCP 47 tag of at most 35 characters.
    pub locale: Option<String>,
    /// The words, where the channel has any.
    pub content: Content,
    /// Where the provider reports what became of the message: the URL of its callbacks, of at most 2,048 bytes and
    /// without a query. Absent where the operator wants no reports.
    pub callback_url: Option<String>,
}

impl Message {
    /// The message that an engine hands over, its channels in the order to try, and whether it may be sent twice.
    #[must_use]
    pub fn taken_apart(message: sender::Message) -> (Self, Vec<Channel>, bool) {
        let parts = Self {
            tenant: message.tenant,
            purpose: message.purpose,
            // Each provider is told its own.
            channel: message.channels.first().copied().unwrap_or(Channel::Sms),
            recipient: message.recipient,
            code: message.code,
            challenge_id: message.challenge_id,
            send_number: message.send_number,
            lifetime_seconds: message.lifetime_seconds,
            expires_at: message.expires_at,
            reference: message.reference,
            locale: message.locale,
            content: Content::None,
            callback_url: None,
        };
        (parts, message.channels, message.may_send_twice)
    }
}

#[cfg(test)]
impl Message {
    /// A message for tests, the first of its challenge: each changes what it is about.
    pub(crate) fn example(channel: Channel, content: Content) -> Self {
        let recipient = match channel {
            Channel::Email => "ana@example.com",
            Channel::Sms | Channel::Voice | Channel::Webhook | Channel::Whatsapp => {
                "+6281234567890"
            }
        };
        Self {
            tenant: "default".into(),
            purpose: "login".into(),
            channel,
            recipient: Pii::new(recipient.into()),
            code: Secret::new("471199".into()),
            challenge_id: "login.AbC-_9.x".into(),
            send_number: 1,
            lifetime_seconds: 300,
            expires_at: Timestamp(1_795_208_961),
            reference: None,
            locale: None,
            content,
            callback_url: None,
        }
    }
}

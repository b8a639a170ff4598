//! `wit/sender.wit`: the message to a provider.

use crate::secret::{Pii, Secret};
use crate::time::Timestamp;
use crate::types::Channel;

/// What a provider is given. Secret as a whole.
#[derive(Clone, Debug)]
pub struct Message {
    /// Whose message it is.
    pub tenant: String,
    /// What the code is for.
    pub purpose: String,
    /// How it may travel, in the order in which to try: at least one channel, each once.
    pub channels: Vec<Channel>,
    /// Whether another provider may be tried where it isn't known whether the message went out.
    pub may_send_twice: bool,
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
}

/// What a provider said when it took the message.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// How it travels: one of the message's channels.
    pub channel: Channel,
    /// The provider's type in the host's configuration: `eskiz`, `smtp`.
    pub provider: String,
    /// The provider's name for the message. May be personal data: never logged.
    pub message_id: Option<String>,
}

//! What the rules need from outside: a store, a sender, a clock, randomness and the policies.

use std::future::Future;
use std::sync::Arc;

use crate::error::{SendError, StoreError};
use crate::policy::{Policy, PolicyFaults};
use crate::recipient::Kind;
use crate::secret::Secret;

/// Whole seconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// This many seconds later.
    #[must_use]
    pub const fn plus(self, seconds: u32) -> Self {
        Self(self.0.saturating_add(seconds as u64))
    }

    /// Seconds from `earlier` to here; 0 where that isn't earlier.
    #[must_use]
    pub fn since(self, earlier: Self) -> u32 {
        u32::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(u32::MAX)
    }
}

/// Everything that the rules reach. `wit/` says the same, with the promises that each part has to keep.
pub trait World: Send + Sync {
    /// Carries out a batch of store operations in order and replies to each.
    fn run(
        &self,
        batch: Vec<Operation>,
    ) -> impl Future<Output = Result<Outcome, StoreError>> + Send;

    /// Hands a message to a provider.
    fn send(&self, message: Message) -> impl Future<Output = Result<Delivery, SendError>> + Send;

    /// The time.
    fn now(&self) -> Timestamp;

    /// Fills the slice from a cryptographically secure source.
    fn fill(&self, bytes: &mut [u8]);

    /// The policy of a purpose; nothing where the tenant has no such purpose.
    ///
    /// # Errors
    ///
    /// What is wrong with the policy, where it can't be used.
    fn policy(&self, tenant: &str, purpose: &str) -> Result<Option<Arc<Policy>>, PolicyFaults>;
}

/// One thing for the store to do.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Operation {
    /// Removes a key.
    Delete(String),
    /// Reads a value.
    Get(String),
    /// Adds to a count; by 0 it reads, creates nothing and prolongs nothing.
    Increment {
        /// Which count.
        key: String,
        /// How much is added.
        by: i64,
        /// Seconds after which the key may be forgotten.
        ttl_seconds: u32,
    },
    /// Writes a value.
    Set {
        /// Where.
        key: String,
        /// Sealed bytes.
        value: Vec<u8>,
        /// Seconds after which the key may be forgotten.
        ttl_seconds: u32,
    },
}

/// What an operation brought.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Reply {
    /// The new count.
    Count(i64),
    /// Carried out.
    Done,
    /// The value, if there is one.
    Value(Option<Vec<u8>>),
}

/// What a batch brought.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Outcome {
    /// One reply for each operation, in their order.
    pub replies: Vec<Reply>,
    /// Which state of the store they belong to, where it can tell: another number says that the store may have
    /// lost what it acknowledged before.
    pub generation: Option<u64>,
}

/// How a code reaches a person.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
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

impl Channel {
    /// The kind of recipient that it reaches; nothing where it reaches either.
    #[must_use]
    pub const fn kind(self) -> Option<Kind> {
        match self {
            Self::Email => Some(Kind::Email),
            Self::Sms | Self::Voice | Self::Whatsapp => Some(Kind::Phone),
            Self::Webhook => None,
        }
    }
}

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
    /// Where it goes.
    pub recipient: Secret<String>,
    /// The code.
    pub code: Secret<String>,
    /// The challenge that the code answers.
    pub challenge_id: String,
    /// 1 for the first message of a challenge, and so on.
    pub send_number: u32,
    /// Seconds for which the code is still good.
    pub lifetime_seconds: u32,
    /// When the code stops being good.
    pub expires_at: Timestamp,
    /// The transaction that the code is bound to.
    pub reference: Option<String>,
    /// The language wanted.
    pub locale: Option<String>,
}

/// What a provider said when it took the message.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// How it travels: one of the message's channels.
    pub channel: Channel,
    /// The provider's type in the host's configuration: `eskiz`, `smtp`.
    pub provider: String,
    /// The provider's name for the message.
    pub message_id: Option<String>,
}

//! What happens on a message's way, for the log.

use std::fmt;

use countersign_contract::types::{Channel, SendError};

use crate::routing::breaker::{Barred, Change};

/// One thing that happened on a message's way. Holds nothing of the message, and shows nothing that a provider said.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Event {
    /// A provider took it. What it calls the message isn't told: WhatsApp's names hold the recipient's number.
    Accepted(String),
    /// A provider's breaker changed.
    Breaker(String, Change),
    /// A channel can't carry the message.
    Channel(Channel, SendError),
    /// A provider did not take it.
    Failed(String, SendError),
    /// A provider wasn't asked.
    Passed(String, Barred),
}

impl Event {
    /// The provider's name, or the channel's.
    #[must_use]
    pub fn about(&self) -> &str {
        match self {
            Self::Accepted(name)
            | Self::Breaker(name, _)
            | Self::Failed(name, _)
            | Self::Passed(name, _) => name,
            Self::Channel(channel, _) => channel.as_str(),
        }
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub const fn is_good(&self) -> bool {
        matches!(self, Self::Accepted(_) | Self::Breaker(_, Change::Closed))
    }
}

impl fmt::Display for Event {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accepted(_) => formatter.write_str("the provider took a message"),
            Self::Breaker(_, Change::Closed) => formatter.write_str("the provider works again"),
            Self::Breaker(_, Change::Opened) => {
                formatter.write_str("the provider keeps failing: it is left alone for a while")
            }
            Self::Channel(_, error) => write!(formatter, "the channel can't carry it: {error}"),
            Self::Failed(_, error) => {
                write!(formatter, "the provider did not take a message: {error}")
            }
            Self::Passed(_, Barred::Busy) => formatter.write_str(
                "the provider wasn't asked: as many messages as it may have are on their way",
            ),
            Self::Passed(_, Barred::Open(seconds) | Barred::Paused(seconds)) => {
                write!(
                    formatter,
                    "the provider wasn't asked: it is left alone for {seconds} s more"
                )
            }
        }
    }
}

//! Channels as records keep them.

use countersign_contract::types::Channel;

/// The channel that is kept as a number.
pub(crate) const fn channel_from(number: u8) -> Channel {
    match number {
        0 => Channel::Email,
        1 => Channel::Sms,
        2 => Channel::Voice,
        3 => Channel::Webhook,
        _ => Channel::Whatsapp,
    }
}

/// A channel as it is kept.
pub(crate) const fn channel_number(channel: Channel) -> u8 {
    match channel {
        Channel::Email => 0,
        Channel::Sms => 1,
        Channel::Voice => 2,
        Channel::Webhook => 3,
        Channel::Whatsapp => 4,
    }
}

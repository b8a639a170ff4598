//! The development sink: codes are written to standard error, where the runtime shows them. The settings choose it in
//! development mode only.

use countersign_contract::sender::Delivery;
use countersign_contract::types::{Channel, SendError};
use countersign_providers::Message;

use crate::bindings::wasi::cli::stderr::get_stderr;

/// Writes a message, a line.
pub(crate) fn send(message: &Message, channels: &[Channel]) -> Result<Delivery, SendError> {
    let channel = channels.first().copied().unwrap_or(message.channel);
    let reference = match &message.reference {
        Some(reference) => format!(", reference {reference:?}"),
        None => String::new(),
    };
    let line = format!(
        "[{channel}] to {to}: code {code} for {purpose}{reference}, good for {seconds} s\n",
        channel = channel.as_str(),
        to = message.recipient.expose(),
        code = message.code.expose(),
        purpose = message.purpose,
        seconds = message.lifetime_seconds,
    );
    get_stderr().blocking_write_and_flush(line.as_bytes()).map_err(|_| SendError::Unavailable)?;
    Ok(Delivery { channel, provider: "console".to_owned(), message_id: None })
}

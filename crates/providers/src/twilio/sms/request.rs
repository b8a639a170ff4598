//! How a text message becomes a request of Twilio's.

use countersign_contract::Timestamp;
use countersign_contract::types::SendError;
use http::Request;

use super::settings::Checked;
use crate::messages::message::Message;

/// Characters of the longest text.
const MAX_TEXT: usize = 1_600;

/// Seconds for which a message may wait at most. Until 2024 it was 14,400, which pages in other languages still say.
const MAX_VALIDITY_SECONDS: u64 = 36_000;

/// Writes the request.
///
/// # Errors
/// Where it is no text message, or too long.
pub(super) fn write(
    settings: &Checked,
    message: &Message,
    now: Timestamp,
) -> Result<Request<Vec<u8>>, SendError> {
    let text = message.content.text()?;
    if text.chars().count() > MAX_TEXT {
        return Err(SendError::Other("the text is longer than 1,600 characters".to_owned()));
    }
    let remaining = message.expires_at.0.saturating_sub(now.0);
    let validity = remaining.clamp(1, MAX_VALIDITY_SECONDS).to_string();
    let callback = settings.account.status_callback(message);
    let mut parameters = vec![("To", message.recipient.expose())];
    parameters.extend(settings.sender.parameters());
    parameters.push(("Body", text));
    parameters.push(("ValidityPeriod", &validity));
    parameters.extend(callback.as_deref().map(|url| ("StatusCallback", url)));
    settings.account.request(&parameters)
}

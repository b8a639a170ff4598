//! How a text message becomes a request of SNS's.

use countersign_contract::Timestamp;
use countersign_contract::types::SendError;
use form_urlencoded::Serializer;
use http::Request;

use super::settings::Checked;
use crate::messages::message::Message;

const VERSION: &str = "2010-03-31";
const MAX_TEXT_CHARACTERS: usize = 1_600;

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
    if text.chars().count() > MAX_TEXT_CHARACTERS {
        let text = "the text is longer than the 1,600 characters that AWS SNS takes";
        return Err(SendError::Other(text.to_owned()));
    }
    settings.client.post(body(settings, message.recipient.expose(), text), now)
}

fn body(settings: &Checked, number: &str, text: &str) -> Vec<u8> {
    let mut form = Serializer::new(String::new());
    form.append_pair("Action", "Publish")
        .append_pair("Version", VERSION)
        .append_pair("PhoneNumber", number)
        .append_pair("Message", text);
    for (index, (name, value)) in (1..).zip(&settings.attributes) {
        let entry = |field: &str| format!("MessageAttributes.entry.{index}.{field}");
        form.append_pair(&entry("Name"), name)
            .append_pair(&entry("Value.DataType"), "String")
            .append_pair(&entry("Value.StringValue"), value);
    }
    form.finish().into_bytes()
}

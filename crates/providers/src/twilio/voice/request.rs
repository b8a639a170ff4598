//! How a call becomes a request of Twilio's.

use countersign_contract::types::SendError;
use countersign_contract::{Secret, Timestamp};
use http::Request;

use super::settings::Checked;
use super::twiml;
use crate::locale::is_tag;
use crate::messages::message::Message;
use crate::protocol::answer;

/// Writes the request.
///
/// # Errors
/// Where there is nothing to be said, no voice that could, or too much.
pub(super) fn write(
    settings: &Checked,
    message: &Message,
    now: Timestamp,
) -> Result<Request<Vec<u8>>, SendError> {
    let speech = message.content.speech()?;
    let Some(voice) = settings.voices.of(&speech.language) else {
        let language = Some(speech.language.as_str()).filter(|language| is_tag(language));
        let language = language.unwrap_or("the language of the text");
        let text = format_args!("there is no voice for {language}");
        return Err(answer::not_configured(&settings.path, "voices", text));
    };
    let twiml = twiml::written(&voice, speech.text.expose()).map(Secret::new).ok_or_else(|| {
        SendError::Other("the text, said twice, is longer than 4,000 characters".to_owned())
    })?;
    let remaining = message.expires_at.0.saturating_sub(now.0);
    let timeout = remaining.clamp(1, settings.ring_seconds.into()).to_string();
    let callback = settings.account.status_callback(message);
    let mut parameters = vec![
        ("To", message.recipient.expose()),
        ("From", settings.from.as_str()),
        ("Twiml", twiml.expose().as_str()),
        ("Timeout", &timeout),
    ];
    if let Some(url) = callback.as_deref() {
        parameters.push(("StatusCallback", url));
        parameters.push(("StatusCallbackEvent", "completed"));
    }
    settings.account.request(&parameters)
}

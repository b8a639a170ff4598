//! How a message becomes a request of Twilio's: a template that is filled in.

use countersign_contract::Secret;
use countersign_contract::types::SendError;
use http::Request;
use serde::Serialize;

use super::settings::Checked;
use crate::messages::message::Message;

/// Writes the request.
///
/// # Errors
/// Where it can't be written.
pub(super) fn write(settings: &Checked, message: &Message) -> Result<Request<Vec<u8>>, SendError> {
    let variables = serde_json::to_string(&Variables { code: message.code.expose() })
        .map(Secret::new)
        .map_err(|_| SendError::Other("the code can't be written as JSON".to_owned()))?;
    let to = format!("whatsapp:{}", message.recipient.expose());
    let from = settings.sender.from().map(|from| format!("whatsapp:{from}"));
    let callback = settings.account.status_callback(message);
    let content_sid = settings.templates.of(&message.purpose, message.locale.as_deref());
    let mut parameters = vec![("To", to.as_str())];
    parameters.extend(from.as_deref().map(|from| ("From", from)));
    parameters.extend(settings.sender.service().map(|sid| ("MessagingServiceSid", sid)));
    parameters.push(("ContentSid", content_sid));
    parameters.push(("ContentVariables", variables.expose().as_str()));
    parameters.extend(callback.as_deref().map(|url| ("StatusCallback", url)));
    settings.account.request(&parameters)
}

/// What is filled into a template.
#[derive(Serialize)]
struct Variables<'a> {
    #[serde(rename = "1")]
    code: &'a str,
}

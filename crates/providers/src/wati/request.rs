//! How a message becomes a request of WATI's.

use countersign_contract::types::SendError;
use http::Request;
use serde::Serialize;

use super::settings::Checked;
use crate::messages::message::Message;
use crate::protocol::tag::Tag;

/// Writes the request.
///
/// # Errors
/// Where it can't be written.
pub(super) fn write(settings: &Checked, message: &Message) -> Result<Request<Vec<u8>>, SendError> {
    let template = settings.template(&message.purpose, message.locale.as_deref());
    let is_reported = settings.callback_token.is_some() && message.callback_url.is_some();
    let body = Body {
        template_name: template,
        // The name under which the dashboard lists them. It has to be there and needs to be no other each time.
        broadcast_name: template,
        channel: settings.channel.as_deref(),
        recipients: [Recipient {
            phone_number: message.recipient.expose().trim_start_matches('+'),
            local_message_id: is_reported.then(|| Tag::of(message).to_string()),
            custom_params: [Parameter { name: &settings.parameter, value: message.code.expose() }],
        }],
    };
    settings.key.post(&settings.url, &body)
}

#[derive(Serialize)]
struct Body<'a> {
    template_name: &'a str,
    broadcast_name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<&'a str>,
    recipients: [Recipient<'a>; 1],
}

#[derive(Serialize)]
struct Recipient<'a> {
    phone_number: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    local_message_id: Option<String>,
    custom_params: [Parameter<'a>; 1],
}

#[derive(Serialize)]
struct Parameter<'a> {
    name: &'a str,
    value: &'a str,
}

//! How a message becomes a request of Notify's: a template that is filled in.

use std::collections::BTreeMap;

use countersign_contract::Timestamp;
use countersign_contract::types::SendError;
use http::Request;
use serde::Serialize;

use super::settings::Checked;
use crate::messages::message::Message;
use crate::protocol::request;

/// Seconds for which AWS may try.
const MIN_SECONDS: u64 = 5;
const MAX_SECONDS: u64 = 259_200;

/// Writes the request.
///
/// # Errors
/// Where it can't be written.
pub(super) fn write(
    settings: &Checked,
    message: &Message,
    now: Timestamp,
) -> Result<Request<Vec<u8>>, SendError> {
    let remaining = message.expires_at.0.saturating_sub(now.0);
    let body = Body {
        notify_configuration_id: &settings.configuration_id,
        destination_phone_number: message.recipient.expose(),
        template_id: settings.template(message.locale.as_deref()),
        template_variables: [(settings.variable.as_str(), message.code.expose().as_str())].into(),
        time_to_live: remaining.clamp(MIN_SECONDS, MAX_SECONDS),
        configuration_set_name: settings.configuration_set.as_deref(),
    };
    settings.client.post(request::json(&body)?, now)
}

/// Secret as a whole: it holds the code.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Body<'a> {
    notify_configuration_id: &'a str,
    destination_phone_number: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    template_id: Option<&'a str>,
    template_variables: BTreeMap<&'a str, &'a str>,
    time_to_live: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    configuration_set_name: Option<&'a str>,
}

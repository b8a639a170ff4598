//! How a message becomes a call of the operator's URL.

use countersign_contract::Timestamp;
use countersign_contract::types::SendError;
use http::Request;
use serde::Serialize;

use super::settings::Checked;
use crate::locale::canonical;
use crate::messages::message::Message;
use crate::protocol::request::{self, JSON, unwritable};
use crate::protocol::signatures::standard_webhooks::HEADERS;

/// The specification's header of the message's id.
pub const ID_HEADER: &str = HEADERS.id;
/// The specification's header of the attempt's time.
pub const TIMESTAMP_HEADER: &str = HEADERS.timestamp;
/// The specification's header of the signatures.
pub const SIGNATURE_HEADER: &str = HEADERS.signature;
/// The `type` of every body: a code to be delivered.
pub const MESSAGE_TYPE: &str = "code.send";

/// Writes the request.
///
/// # Errors
/// Where an id or a time is none that the engine gives.
pub(super) fn write(
    settings: &Checked,
    message: &Message,
    now: Timestamp,
) -> Result<Request<Vec<u8>>, SendError> {
    let id = format!("{}.{}", message.challenge_id, message.send_number);
    let body = request::json(&body(message).ok_or_else(unwritable)?)?;
    let signatures = settings.keys.sign(&id, now, &body).ok_or_else(unwritable)?;
    let request = request::post(settings.url.clone(), JSON)
        .header(ID_HEADER, id)
        .header(TIMESTAMP_HEADER, now.0)
        .header(SIGNATURE_HEADER, signatures);
    request::finish(request, body)
}

/// The body. The fields of `data` are named as the `file` sender names them.
#[derive(Serialize)]
struct Body<'a> {
    r#type: &'static str,
    timestamp: String,
    data: Data<'a>,
}

#[derive(Serialize)]
struct Data<'a> {
    tenant: &'a str,
    purpose: &'a str,
    channel: &'static str,
    to: &'a str,
    code: &'a str,
    challenge_id: &'a str,
    send_number: u32,
    lifetime_seconds: u32,
    expires_at: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    locale: Option<String>,
}

/// Nothing where the time is beyond the year 9999: no message of the engine's has such a one.
fn body(message: &Message) -> Option<Body<'_>> {
    let handed_over = message.expires_at.0.saturating_sub(u64::from(message.lifetime_seconds));
    let timestamp = jiff::Timestamp::from_second(i64::try_from(handed_over).ok()?).ok()?;
    Some(Body {
        r#type: MESSAGE_TYPE,
        timestamp: timestamp.to_string(),
        data: Data {
            tenant: &message.tenant,
            purpose: &message.purpose,
            channel: message.channel.as_str(),
            to: message.recipient.expose(),
            code: message.code.expose(),
            challenge_id: &message.challenge_id,
            send_number: message.send_number,
            lifetime_seconds: message.lifetime_seconds,
            expires_at: message.expires_at.0,
            reference: message.reference.as_deref(),
            locale: message.locale.as_deref().map(canonical),
        },
    })
}

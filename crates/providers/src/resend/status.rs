//! What Resend reports of a mail.

use countersign_contract::Timestamp;
use countersign_contract::callbacks::CallbackError;
use countersign_contract::types::DeliveryOutcome;
use data_encoding::BASE64URL_NOPAD;
use http::Method;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::TAG_NAME;
use crate::json;
use crate::protocol::callback::{Callback, Received, Report};
use crate::protocol::signatures::standard_webhooks::{Keys, SVIX_HEADERS};
use crate::protocol::tag::Tag;

#[derive(Deserialize)]
struct Event {
    r#type: String,
    #[serde(default)]
    data: Map<String, Value>,
}

/// Reads a report.
///
/// # Errors
/// Where it isn't signed, or isn't an event.
pub(super) fn read(
    callback: &Callback<'_>,
    keys: &Keys,
    now: Timestamp,
) -> Result<Received, CallbackError> {
    keys.verify(&SVIX_HEADERS, callback, now)?;
    if callback.method != Method::POST {
        return Err(CallbackError::Unreadable);
    }
    let event: Event = json::read(callback.body).ok_or(CallbackError::Unreadable)?;
    let report = outcome(&event.r#type)
        .and_then(|outcome| Some(Report { tag: tag(event.data.get("tags")?)?, outcome }));
    Ok(Received { reports: report.into_iter().collect(), ..Received::default() })
}

fn outcome(event: &str) -> Option<DeliveryOutcome> {
    match event {
        "email.delivered" => Some(DeliveryOutcome::Delivered),
        "email.bounced" | "email.failed" | "email.suppressed" => Some(DeliveryOutcome::Failed),
        _ => None,
    }
}

/// The send's tag among a mail's: an object of them, or a list of names and values.
fn tag(tags: &Value) -> Option<Tag> {
    let value = match tags {
        Value::Object(tags) => tags.get(TAG_NAME)?,
        Value::Array(tags) => {
            let is_ours = |tag: &&Value| tag.get("name").and_then(Value::as_str) == Some(TAG_NAME);
            tags.iter().find(is_ours)?.get("value")?
        }
        _ => return None,
    };
    let text = BASE64URL_NOPAD.decode(value.as_str()?.as_bytes()).ok()?;
    Tag::parse(std::str::from_utf8(&text).ok()?)
}

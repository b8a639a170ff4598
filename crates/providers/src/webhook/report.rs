//! What an operator's receiver reports of a message.

use countersign_contract::Timestamp;
use countersign_contract::callbacks::CallbackError;
use countersign_contract::types::DeliveryOutcome;
use serde::Deserialize;

use crate::protocol::callback::{Callback, CallbackContent, MessageReport};
use crate::protocol::signatures::standard_webhooks::{HEADERS, Keys};
use crate::protocol::tag::Tag;

/// The `type` of a status report.
pub const STATUS_TYPE: &str = "code.status";

#[derive(Deserialize)]
struct Body {
    r#type: String,
    data: serde_json::Value,
}

#[derive(Deserialize)]
struct Data {
    tenant: String,
    challenge_id: String,
    send_number: u32,
    status: String,
}

/// Reads a report.
///
/// # Errors
/// Where it isn't signed, or names no message.
pub(super) fn read(
    callback: &Callback<'_>,
    keys: &Keys,
    now: Timestamp,
) -> Result<CallbackContent, CallbackError> {
    keys.verify(&HEADERS, callback, now)?;
    let body: Body = callback.json()?;
    if body.r#type != STATUS_TYPE {
        return Ok(CallbackContent::default());
    }
    let data: Data = serde_json::from_value(body.data).map_err(|_| CallbackError::Unreadable)?;
    let outcome = match data.status.as_str() {
        "delivered" => DeliveryOutcome::Delivered,
        "failed" => DeliveryOutcome::Failed,
        _ => return Ok(CallbackContent::default()),
    };
    let Data { tenant, challenge_id, send_number, .. } = data;
    let tag = Tag { tenant, challenge_id, send_number };
    if Tag::parse(&tag.to_string()).as_ref() != Some(&tag) {
        return Err(CallbackError::Unreadable);
    }
    Ok(CallbackContent::from_iter([MessageReport { tag, outcome }]))
}

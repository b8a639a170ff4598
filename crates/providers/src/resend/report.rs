//! What Resend reports of a mail.

use countersign_contract::Timestamp;
use countersign_contract::callbacks::CallbackError;
use countersign_contract::types::DeliveryOutcome;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::tags;
use crate::protocol::callback::{Callback, CallbackContent, MessageReport};
use crate::protocol::signatures::standard_webhooks::{Keys, SVIX_HEADERS};

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
) -> Result<CallbackContent, CallbackError> {
    keys.verify(&SVIX_HEADERS, callback, now)?;
    let event: Event = callback.json()?;
    let report = outcome(&event.r#type).and_then(|outcome| {
        Some(MessageReport { tag: tags::read(event.data.get("tags")?)?, outcome })
    });
    Ok(report.into_iter().collect())
}

fn outcome(event: &str) -> Option<DeliveryOutcome> {
    match event {
        "email.delivered" => Some(DeliveryOutcome::Delivered),
        "email.bounced" | "email.failed" | "email.suppressed" => Some(DeliveryOutcome::Failed),
        _ => None,
    }
}

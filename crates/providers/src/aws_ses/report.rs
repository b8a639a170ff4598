//! An event of SES, as EventBridge hands it over: one in each call.

use countersign_contract::callbacks::CallbackError;
use countersign_contract::types::DeliveryOutcome;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::tags;
use crate::aws::EventKeys;
use crate::json;
use crate::protocol::callback::{Callback, CallbackContent, MessageReport};

const SOURCE: &str = "aws.ses";

#[derive(Deserialize)]
struct Event {
    source: String,
    detail: Detail,
}

#[derive(Deserialize)]
struct Detail {
    #[serde(default, rename = "eventType")]
    event_type: String,
    #[serde(default)]
    mail: Mail,
}

#[derive(Default, Deserialize)]
struct Mail {
    #[serde(default)]
    tags: Map<String, Value>,
}

/// Reads an event.
///
/// | `eventType` | outcome |
/// |---|---|
/// | `Delivery`: the recipient's mail server took it | delivered |
/// | `Bounce`: it refused, or couldn't be reached for long enough; `Reject`, `Rendering Failure`: SES itself did | failed |
/// | anything else: `Send`, `DeliveryDelay`, `Complaint`, `Open`, `Click`, `Subscription` | no report |
///
/// # Errors
/// Where it doesn't show the key, or is no event of SES.
pub(super) fn read(
    callback: &Callback<'_>,
    keys: &EventKeys,
) -> Result<CallbackContent, CallbackError> {
    keys.verify(callback)?;
    let event: Event = json::read(callback.body).ok_or(CallbackError::Unreadable)?;
    if event.source != SOURCE {
        return Err(CallbackError::Unreadable);
    }
    let outcome = outcome(&event.detail.event_type).zip(tags::read(&event.detail.mail.tags));
    Ok(outcome.into_iter().map(|(outcome, tag)| MessageReport { tag, outcome }).collect())
}

fn outcome(event_type: &str) -> Option<DeliveryOutcome> {
    match event_type {
        "Delivery" => Some(DeliveryOutcome::Delivered),
        "Bounce" | "Reject" | "Rendering Failure" | "RenderingFailure" => {
            Some(DeliveryOutcome::Failed)
        }
        _ => None,
    }
}

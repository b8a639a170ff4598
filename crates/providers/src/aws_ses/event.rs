//! An event of SES, as EventBridge hands it over: one in each call.

use std::collections::BTreeMap;

use countersign_contract::types::DeliveryOutcome;
use serde::Deserialize;

use super::tags;
use crate::json;
use crate::protocol::callback::Report;

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
    tags: BTreeMap<String, Vec<String>>,
}

/// What an event reports of a mail of ours, if anything; nothing at all where it is no event of SES.
///
/// | `eventType` | outcome |
/// |---|---|
/// | `Delivery`: the recipient's mail server took it | delivered |
/// | `Bounce`: it refused, or couldn't be reached for long enough; `Reject`, `Rendering Failure`: SES itself did | failed |
/// | anything else: `Send`, `DeliveryDelay`, `Complaint`, `Open`, `Click`, `Subscription` | no report |
pub(super) fn read(body: &[u8]) -> Option<Option<Report>> {
    let event: Event = json::read(body)?;
    if event.source != SOURCE {
        return None;
    }
    let outcome = match event.detail.event_type.as_str() {
        "Delivery" => DeliveryOutcome::Delivered,
        "Bounce" | "Reject" | "Rendering Failure" | "RenderingFailure" => DeliveryOutcome::Failed,
        _ => return Some(None),
    };
    Some(tags::read(&event.detail.mail.tags).map(|tag| Report { tag, outcome }))
}

//! What WATI reports later.
//!
//! WATI signs nothing: an operator registers a URL and that is all. So the URL shows a token. What names the message is
//! `localMessageId`, which the request gave; only the events of version 2 and the failure have it. They say nothing that a
//! replay could change.

use countersign_contract::callbacks::CallbackError;
use countersign_contract::types::DeliveryOutcome;
use serde_json::Value;

use crate::protocol::callback::{Callback, CallbackContent, MessageReport};
use crate::protocol::signatures::query::Token;
use crate::protocol::tag::Tag;

const TOKEN: &str = "token";

/// Reads one event.
///
/// # Errors
/// Where it doesn't show the token, or can't be read.
pub(super) fn read(
    callback: &Callback<'_>,
    token: &Token,
) -> Result<CallbackContent, CallbackError> {
    if !token.is_shown(callback.query, TOKEN) {
        return Err(CallbackError::Unauthenticated);
    }
    let body: Value = callback.json()?;
    let kind = body.get("eventType").and_then(Value::as_str).ok_or(CallbackError::Unreadable)?;
    // Messages that people sent from the dashboard have ids of WATI's own.
    let tag = body.get("localMessageId").and_then(Value::as_str).and_then(Tag::parse);
    let report = outcome(kind).zip(tag).map(|(outcome, tag)| MessageReport { tag, outcome });
    Ok(report.into_iter().collect())
}

fn outcome(kind: &str) -> Option<DeliveryOutcome> {
    // The variants for people without a number.
    let kind = kind.strip_suffix("_bsuid").unwrap_or(kind);
    match kind {
        "sentMessageDELIVERED_v2" | "sentMessageREAD_v2" | "sentMessageREPLIED_v2" => {
            Some(DeliveryOutcome::Delivered)
        }
        "templateMessageFailed" => Some(DeliveryOutcome::Failed),
        _ => None,
    }
}

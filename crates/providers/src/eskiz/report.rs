//! What Eskiz reports of a message.

use std::borrow::Cow;

use countersign_contract::callbacks::{CallbackError, MAX_REPORTS};
use countersign_contract::types::DeliveryOutcome;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use serde_json::Value;

use crate::json;
use crate::protocol::callback::{Callback, CallbackContent, MessageReport};
use crate::protocol::multipart;
use crate::protocol::signatures::signed_url::{self, UrlKey};

const STATUS: &str = "status";

/// Reads a report.
///
/// # Errors
/// Where its URL isn't one that Eskiz was given, or it holds no status.
pub(super) fn read(
    callback: &Callback<'_>,
    key: &UrlKey,
) -> Result<CallbackContent, CallbackError> {
    let query = callback.query.ok_or(CallbackError::Unauthenticated)?;
    let tag = signed_url::verify(key, query).ok_or(CallbackError::Unauthenticated)?;
    callback.require_post()?;
    let statuses = statuses(callback.headers, callback.body).ok_or(CallbackError::Unreadable)?;
    let outcomes = statuses.iter().filter_map(|status| outcome(status));
    Ok(outcomes.map(|outcome| MessageReport { tag: tag.clone(), outcome }).collect())
}

/// The `status` of each report in a body: the documentation shows JSON, and asks for forms
/// everywhere else.
fn statuses(headers: &HeaderMap, body: &[u8]) -> Option<Vec<String>> {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if let Some(boundary) = content_type.and_then(multipart::boundary) {
        let value = multipart::value(body, boundary, STATUS)?;
        return Some(vec![String::from_utf8_lossy(value).into_owned()]);
    }
    let body = json::unmarked(body);
    if !matches!(body.trim_ascii_start().first(), Some(b'{' | b'[')) {
        let mut fields = form_urlencoded::parse(body);
        let status = fields.find(|(name, _)| name == STATUS);
        return Some(vec![status.map(|(_, value)| Cow::into_owned(value))?]);
    }
    let status = |report: &Value| Some(report.get(STATUS)?.as_str()?.to_owned());
    match json::read(body)? {
        Value::Array(reports) => {
            Some(reports.iter().take(MAX_REPORTS).filter_map(status).collect())
        }
        report => Some(vec![status(&report)?]),
    }
}

/// What says "failed" wherever it stands in a word: those of SMPP (`UNDELIV`, `EXPIRED`, `REJECTD`), which each gateway
/// spells and shortens in its own way, and what gateways add.
const FAILED: [&str; 25] = [
    "ABORT",
    "BLACKLIST",
    "BOUNCE",
    "CANCEL",
    "DENIED",
    "DISCARD",
    "DROPPED",
    "ERROR",
    "EXPIR",
    "FAIL",
    "FORBID",
    "INVALID",
    "NOROUTE",
    "NOTDEL",
    "NOTSENT",
    "PROHIBIT",
    "REFUSE",
    "REJECT",
    "TIMEDOUT",
    "TIMEOUT",
    "UNDEL",
    "UNREACH",
    "UNROUT",
    "UNSENT",
    "UNSUCC",
];

/// What says so only at a word's beginning: within others it means something else, or nothing.
const FAILED_AT_ONCE: [&str; 16] = [
    "BANNED",
    "BARRED",
    "BLACK",
    "BLOCK",
    "DELETE",
    "DROP",
    "EXPD",
    "EXPRD",
    "NDELI",
    "NODELI",
    "NONDEL",
    "NOTACCEPT",
    "NOTREACH",
    "REJ",
    "SKIP",
    "UNDLV",
];

/// What takes back what else is said: nothing has failed, or not yet.
const NOT_FAILED: [&str; 3] = ["NOERROR", "WITHOUTERROR", "YET"];

/// What a status says in the end.
fn outcome(status: &str) -> Option<DeliveryOutcome> {
    let is_letter = |letter: &char| letter.is_ascii_alphanumeric();
    let word: String = status.to_ascii_uppercase().chars().filter(is_letter).collect();
    match word.as_str() {
        "DELIVRD" | "DELIVERED" => Some(DeliveryOutcome::Delivered),
        word if NOT_FAILED.iter().any(|part| word.contains(part)) => None,
        word if FAILED.iter().any(|part| word.contains(part))
            || FAILED_AT_ONCE.iter().any(|beginning| word.starts_with(beginning)) =>
        {
            Some(DeliveryOutcome::Failed)
        }
        _ => None,
    }
}

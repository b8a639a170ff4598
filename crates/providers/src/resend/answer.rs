//! What Resend answered.

use countersign_contract::Timestamp;
use countersign_contract::types::SendError;
use http::{Response, StatusCode};
use serde_json::{Map, Value};

use crate::protocol::answer;
use crate::protocol::provider::Accepted;

/// Reads an answer; `path` is where the settings stand.
///
/// # Errors
/// Why the message did not go out.
pub(super) fn read(
    response: &Response<&[u8]>,
    path: &str,
    now: Timestamp,
) -> Result<Accepted, SendError> {
    let body: Map<String, Value> = answer::json(response).unwrap_or_default();
    if !response.status().is_success() {
        return Err(error(response, &body, path, now));
    }
    if let Some(Value::String(id)) = body.get("id") {
        return Ok(answer::accepted(id));
    }
    let restated = answer::restated(response, body.get("statusCode"));
    Err(error(restated.as_ref().unwrap_or(response), &body, path, now))
}

/// What an error means.
fn error(
    response: &Response<&[u8]>,
    body: &Map<String, Value>,
    path: &str,
    now: Timestamp,
) -> SendError {
    let status = response.status();
    let refusal = match status {
        _ if status.is_client_error() || status.is_success() => refusal(response, body, path, now),
        // A 5xx means the same whatever it is called: the recipient's trouble has been reported as an
        // `application_error` of 500, and would be carried to the next provider.
        _ if status.is_server_error() && is_of_recipient(text(body, "message")) => {
            Some(SendError::RecipientRefused)
        }
        _ => None,
    };
    refusal.unwrap_or_else(|| answer::by_status(response, "Resend", now))
}

/// A field; it may be missing, `null` or no text at all.
fn text<'a>(body: &'a Map<String, Value>, field: &str) -> &'a str {
    body.get(field).and_then(Value::as_str).unwrap_or_default()
}

fn is_of_recipient(message: &str) -> bool {
    message.starts_with("Invalid `to` field")
}

/// Names that say no more than that the request isn't as Resend wants it, or that the operator has to ask Resend.
const OTHERS: [&str; 10] = [
    "email_above_quota",
    "invalid_access",
    "invalid_attachment",
    "invalid_idempotency_key",
    "invalid_idempotent_request",
    "invalid_parameter",
    "invalid_region",
    "missing_required_field",
    "missing_required_parameter",
    "security_error",
];

/// What the error's name means, or its message, which may stand without a name.
fn refusal(
    response: &Response<&[u8]>,
    body: &Map<String, Value>,
    path: &str,
    now: Timestamp,
) -> Option<SendError> {
    // Where either is missing what the other one says counts all the same.
    let (name, message) = (text(body, "name"), text(body, "message"));
    let status = response.status();
    let not_configured = |field: &str, text: &str| answer::not_configured(path, field, text);
    // The documentation itself has one name in two spellings.
    let name = name.to_ascii_lowercase();
    if is_of_recipient(message) {
        return Some(SendError::RecipientRefused);
    }
    // Seen under another name than `invalid_api_key`.
    if message.to_ascii_lowercase().contains("api key is invalid") {
        return Some(SendError::Unauthorised);
    }
    let unverified = "Resend sends from verified domains only, and without one to the account's own address only";
    // With 403 by the documentation.
    if message.contains("domain is not verified") {
        return Some(not_configured("from", unverified));
    }
    Some(match name.as_str() {
        "validation_error" if status == StatusCode::UNAUTHORIZED => SendError::Unauthorised,
        "validation_error" if status == StatusCode::FORBIDDEN => not_configured("from", unverified),
        "validation_error" | "" if names_field(message, "to") => SendError::RecipientRefused,
        "validation_error" | "" if names_field(message, "reply_to") => {
            not_configured("reply_to", "Resend refuses it")
        }
        "validation_error" | "" if names_field(message, "from") => {
            not_configured("from", "Resend refuses it")
        }
        "validation_error" => other(status, "validation_error"),
        "invalid_from_address" => not_configured("from", "Resend refuses it"),
        "missing_api_key" | "restricted_api_key" | "invalid_api_key" | "suspended_api_key"
        | "invalid_permission" => SendError::Unauthorised,
        "not_found" | "method_not_allowed" => {
            not_configured("url", &format!("Resend answered {}", status.as_u16()))
        }
        // The other request with this key may well be answered with a success.
        "concurrent_idempotent_requests" => SendError::Timeout,
        "resource_locked" => SendError::Unavailable,
        // Of a 5xx the status says as much.
        "application_error" | "internal_server_error" | "service_unavailable" => {
            SendError::Unavailable
        }
        "rate_limit_exceeded" => answer::throttled(response, now),
        "daily_quota_exceeded" | "monthly_quota_exceeded" => SendError::Throttled(None),
        name => other(status, OTHERS.into_iter().find(|known| *known == name)?),
    })
}

/// "Invalid `to` field. …", as Resend puts it.
fn names_field(message: &str, field: &str) -> bool {
    message.contains(&format!("`{field}`"))
}

fn other(status: StatusCode, name: &'static str) -> SendError {
    SendError::Other(format!("Resend answered {}, {name}", status.as_u16()))
}

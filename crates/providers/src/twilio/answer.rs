//! What Twilio answered.

use countersign_contract::Timestamp;
use countersign_contract::types::SendError;
use http::{Response, StatusCode};
use serde_json::Value;

use crate::protocol::answer;
use crate::protocol::provider::Accepted;

use super::codes::{Meaning, meaning};

/// Where the settings stand that an answer may blame.
pub(super) struct Settings<'a> {
    /// All of them: `senders.sms`.
    pub(super) path: &'a str,
    /// The one that says whom messages are from.
    pub(super) sender: &'static str,
}

/// Reads an answer.
///
/// # Errors
/// Why the message did not go out. Nothing of the body is repeated but Twilio's code.
pub(super) fn read(
    response: &Response<&[u8]>,
    settings: &Settings<'_>,
    now: Timestamp,
) -> Result<Accepted, SendError> {
    let body: Value = answer::json(response).unwrap_or_default();
    if !response.status().is_success() {
        return Err(error(response, &body, settings, now));
    }
    // A message or a call that was made: of an error `status` is a number.
    let (sid, status) = (text(&body, "sid"), text(&body, "status"));
    let message_id = sid.and_then(answer::message_id);
    match status {
        // Of messages and of calls, whichever it was: a call is never `undelivered`.
        Some("failed" | "undelivered" | "canceled" | "busy" | "no-answer") => {
            Err(refusal(response, number(&body, "error_code"), settings, now))
        }
        _ if message_id.is_some() => Ok(Accepted { message_id }),
        _ if sid.is_some() => Err(SendError::Unreadable),
        _ => {
            let restated = answer::restated(response, body.get("status"));
            Err(error(restated.as_ref().unwrap_or(response), &body, settings, now))
        }
    }
}

fn text<'a>(body: &'a Value, name: &str) -> Option<&'a str> {
    body.get(name)?.as_str()
}

fn number(body: &Value, name: &str) -> Option<u32> {
    answer::integer(body.get(name)?)?.try_into().ok()
}

/// What an error means.
fn error(
    response: &Response<&[u8]>,
    body: &Value,
    settings: &Settings<'_>,
    now: Timestamp,
) -> SendError {
    match number(body, "code") {
        None if response.status() == StatusCode::NOT_FOUND => {
            answer::not_configured(settings.path, "url", "Twilio answered 404")
        }
        None => answer::by_status(response, "Twilio", now),
        code => refusal(response, code, settings, now),
    }
}

fn refusal(
    response: &Response<&[u8]>,
    code: Option<u32>,
    settings: &Settings<'_>,
    now: Timestamp,
) -> SendError {
    let status = response.status().as_u16();
    let Some(code) = code else {
        return SendError::Other(format!("Twilio answered {status}: the message has failed"));
    };
    let said = format!("Twilio answered {status}, code {code}");
    let path = settings.path;
    let not_configured =
        |field: &str, why: &str| answer::not_configured(path, field, format_args!("{said}: {why}"));
    match meaning(code) {
        Some(Meaning::Account(why)) => not_configured("account_sid", why),
        Some(Meaning::Callbacks) => SendError::NotConfigured(format!(
            "{path}: {said}: the URL of our callbacks isn't one that it can call"
        )),
        Some(Meaning::Content(why)) => not_configured("content_sid", why),
        Some(Meaning::Other(why)) => SendError::Other(format!("{said}: {why}")),
        Some(Meaning::Recipient) => SendError::RecipientRefused,
        Some(Meaning::Sender(why)) => not_configured(settings.sender, why),
        Some(Meaning::Service(why)) => not_configured("messaging_service_sid", why),
        Some(Meaning::Template) => SendError::TemplateUnknown,
        Some(Meaning::Throttled) => answer::throttled(response, now),
        Some(Meaning::Timeout) => SendError::Timeout,
        Some(Meaning::Unauthorised) => SendError::Unauthorised,
        Some(Meaning::Unavailable) => match answer::by_status(response, "Twilio", now) {
            error @ SendError::Throttled(_) => error,
            _ => SendError::Unavailable,
        },
        None => match answer::by_status(response, "Twilio", now) {
            SendError::Other(_) => SendError::Other(said),
            // An error all the same.
            _ if response.status().is_success() => SendError::Other(said),
            error => error,
        },
    }
}

//! What Twilio answered.

use countersign_contract::Timestamp;
use countersign_contract::types::SendError;
use http::{Response, StatusCode};
use serde::Deserialize;

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

/// A message or a call that was made.
#[derive(Deserialize)]
struct Made {
    sid: String,
    status: Option<String>,
    #[serde(default, deserialize_with = "answer::code")]
    error_code: Option<u32>,
}

/// An error.
#[derive(Deserialize)]
struct Refused {
    #[serde(default, deserialize_with = "answer::code")]
    code: Option<u32>,
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
    if response.status().is_success() {
        let made: Made = answer::json(response).ok_or(SendError::Unreadable)?;
        let message_id = answer::message_id(&made.sid).ok_or(SendError::Unreadable)?;
        return match made.status.as_deref() {
            // Of messages and of calls, whichever it was: a call is never `undelivered`.
            Some("failed" | "undelivered" | "canceled" | "busy" | "no-answer") => {
                Err(refusal(response, made.error_code, settings, now))
            }
            _ => Ok(Accepted { message_id: Some(message_id) }),
        };
    }
    let code = answer::json::<Refused>(response).and_then(|refused| refused.code);
    Err(match code {
        None if response.status() == StatusCode::NOT_FOUND => {
            answer::not_configured(settings.path, "url", "Twilio answered 404")
        }
        None => answer::by_status(response, "Twilio", now),
        code => refusal(response, code, settings, now),
    })
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
            error => error,
        },
    }
}

//! What the Cloud API answered.

use countersign_contract::Timestamp;
use countersign_contract::types::SendError;
use http::{Response, StatusCode};
use serde_json::Value;

use crate::json;
use crate::protocol::answer;
use crate::protocol::provider::Accepted;

/// Reads an answer; `path` is where the settings stand.
///
/// # Errors
/// Why the message did not go out. Nothing of the body is repeated but the number of an error.
pub(super) fn read(
    response: &Response<&[u8]>,
    path: &str,
    now: Timestamp,
) -> Result<Accepted, SendError> {
    let status = response.status();
    let body = answer::json::<Value>(response);
    if status.is_success() {
        let message = body.as_ref().and_then(|body| json::list(body.get("messages")?).first());
        if let Some(id) = message.and_then(|message| message.get("id")?.as_str()) {
            return Ok(answer::accepted(id));
        }
    }
    let number = |pointer: &str| number(body.as_ref()?, pointer);
    Err(match number("/error/code") {
        Some(code) => {
            let subcode = number("/error/error_subcode");
            let throttled = || answer::throttled(response, now);
            error(code, subcode, path, throttled).unwrap_or_else(|| {
                match answer::by_status(response, "Meta", now) {
                    SendError::Other(text) => SendError::Other(format!("{text}, code {code}")),
                    // An error all the same.
                    _ if status.is_success() => {
                        SendError::Other(format!("Meta answered {}, code {code}", status.as_u16()))
                    }
                    known => known,
                }
            })
        }
        None if status == StatusCode::NOT_FOUND => {
            answer::not_configured(path, "url", "there is no Graph API there (404)")
        }
        None => answer::by_status(response, "Meta", now),
    })
}

/// A number of the body.
fn number(body: &Value, pointer: &str) -> Option<i64> {
    body.pointer(pointer).and_then(answer::integer)
}

/// Whether a refusal concerns this recipient alone: too many messages from the account to one
/// recipient.
pub(super) fn concerns_recipient(response: &Response<&[u8]>) -> bool {
    answer::json::<Value>(response).and_then(|body| number(&body, "/error/code"))
        == Some(TOO_MANY_TO_ONE)
}

const TOO_MANY_TO_ONE: i64 = 131_056;

/// What an error means whose code says more than the status.
fn error(
    code: i64,
    subcode: Option<i64>,
    path: &str,
    throttled: impl Fn() -> SendError,
) -> Option<SendError> {
    let (setting, what) = match code {
        0 | 3 | 10 | 102 | 190 | 200..=299 | 131_005 => return Some(SendError::Unauthorised),
        4 | 17 | 32 | 341 | 613 | 80_007 | 80_008 | 130_429 | 131_048 | 131_064 => {
            return Some(throttled());
        }
        // Towards this recipient: for how long isn't to keep all others waiting.
        TOO_MANY_TO_ONE => return Some(SendError::Throttled(None)),
        2 | 131_000 | 131_016 | 131_057 | 133_004 => return Some(SendError::Unavailable),
        130_472 | 130_497 | 131_021 | 131_026 | 131_030 | 131_049 | 131_050 => {
            return Some(SendError::RecipientRefused);
        }
        132_001 => return Some(SendError::TemplateUnknown),
        131_008 | 132_000 | 132_008 | 132_012 | 132_018 => {
            ("template", "the template wants other parameters than a code in text and button")
        }
        131_058 => ("template", "Meta's sample can't be sent from this number"),
        132_005 => ("template", "the template's text gets too long"),
        132_007 => ("template", "the template breaks a policy of Meta's"),
        132_015 => ("template", "the template is paused for its quality"),
        132_016 => ("template", "the template is disabled for its quality"),
        33 => NO_NUMBER,
        100 if subcode == Some(33) => NO_NUMBER,
        368 => ("phone_number_id", "its account is blocked for breaking a policy of Meta's"),
        131_031 => ("phone_number_id", "its account is locked"),
        131_037 => ("phone_number_id", "its display name isn't approved"),
        131_042 => ("phone_number_id", "its account can't pay"),
        131_045 => ("phone_number_id", "its certificate is wrong: register it again"),
        133_010 => ("phone_number_id", "it isn't registered with the Cloud API"),
        2500 => ("version", "the Graph API has no such path"),
        _ => return None,
    };
    Some(answer::not_configured(path, setting, format_args!("{what} (code {code})")))
}

const NO_NUMBER: (&str, &str) =
    ("phone_number_id", "there is no such id, or the token may not use it");

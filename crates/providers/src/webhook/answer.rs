//! What a webhook answered.

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
/// Why the message did not go out. Nothing of the body is repeated.
pub(super) fn read(
    response: &Response<&[u8]>,
    path: &str,
    now: Timestamp,
) -> Result<Accepted, SendError> {
    let status = response.status();
    let by_status = || answer::by_status(response, "the webhook", now);
    Err(match status {
        _ if status.is_success() => {
            let id = member(response.body(), "message_id");
            let message_id = id.and_then(|id| answer::message_id(&id));
            return Ok(Accepted { message_id });
        }
        StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => {
            refusal(response.body()).unwrap_or_else(by_status)
        }
        StatusCode::NOT_FOUND | StatusCode::GONE => {
            let status = status.as_u16();
            answer::not_configured(path, "url", format_args!("the webhook answered {status}"))
        }
        _ => by_status(),
    })
}

/// Why the receiver refuses the message, where it says so.
fn refusal(body: &[u8]) -> Option<SendError> {
    match member(body, "error")?.as_str() {
        "recipient_refused" => Some(SendError::RecipientRefused),
        "template_unknown" => Some(SendError::TemplateUnknown),
        _ => None,
    }
}

/// A text of the body, where that is a JSON object which has it.
fn member(body: &[u8], name: &str) -> Option<String> {
    match json::read::<Value>(body)?.get_mut(name)?.take() {
        Value::String(text) => Some(text),
        _ => None,
    }
}

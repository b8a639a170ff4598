//! What a webhook answered.

use http::{Response, StatusCode};
use serde_json::Value;

use crate::error::SendError;
use crate::message::Timestamp;
use crate::provider::Accepted;
use crate::retry_after;

const MAX_MESSAGE_ID_BYTES: usize = 128;

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
    let retry_after = || retry_after::seconds(response.headers(), now);
    Err(match status {
        _ if status.is_success() => {
            return Ok(Accepted { message_id: message_id(response.body()) });
        }
        StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => {
            refusal(response.body()).unwrap_or_else(|| other(status))
        }
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => SendError::Unauthorised,
        StatusCode::NOT_FOUND | StatusCode::GONE => {
            let text = format!("{path}.url: the webhook answered {}", status.as_u16());
            SendError::NotConfigured(text)
        }
        StatusCode::TOO_MANY_REQUESTS => SendError::Throttled(retry_after()),
        StatusCode::SERVICE_UNAVAILABLE => match retry_after() {
            Some(seconds) => SendError::Throttled(Some(seconds)),
            None => SendError::Unavailable,
        },
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY => SendError::Unavailable,
        _ if status.is_redirection() || status.is_server_error() => SendError::Unavailable,
        _ => other(status),
    })
}

fn other(status: StatusCode) -> SendError {
    SendError::Other(format!("the webhook answered {}", status.as_u16()))
}

/// The receiver's name for the message, where it gave one that may stand in logs.
fn message_id(body: &[u8]) -> Option<String> {
    let id = member(body, "message_id")?;
    let is_safe = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:@/+=".contains(&byte);
    let is_name = (1..=MAX_MESSAGE_ID_BYTES).contains(&id.len()) && id.bytes().all(is_safe);
    is_name.then_some(id)
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
    match serde_json::from_slice::<Value>(body).ok()?.get_mut(name)?.take() {
        Value::String(text) => Some(text),
        _ => None,
    }
}

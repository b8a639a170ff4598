//! What Eskiz answered.

use countersign_contract::types::SendError;
use countersign_contract::{Secret, Timestamp};
use http::{Response, StatusCode};
use serde_json::{Map, Value};

use super::token;
use crate::json;
use crate::protocol::answer;
use crate::protocol::provider::{Accepted, Progress, Session};

/// Reads the answer to a login.
///
/// # Errors
/// Why there is no token.
pub(super) fn login(
    response: &Response<&[u8]>,
    path: &str,
    session: &mut Session,
    now: Timestamp,
) -> Result<Progress, SendError> {
    if !response.status().is_success() {
        return Err(by_status(response, path, now));
    }
    let body: Map<String, Value> = answer::json(response).ok_or(SendError::Unreadable)?;
    match body.get("data").and_then(|data| data.get("token")).and_then(Value::as_str) {
        Some(text) if is_token(text) => {
            session.keep(Secret::new(text.to_owned()), token::good_until(text, now));
            Ok(Progress::Again)
        }
        Some(_) => Err(SendError::Unreadable),
        // It speaks, and gives nothing: the account is unknown or blocked.
        None if body.contains_key("message") => Err(SendError::Unauthorised),
        None => Err(SendError::Unreadable),
    }
}

/// Reads the answer to a message.
///
/// # Errors
/// Why the message did not go out.
pub(super) fn message(
    response: &Response<&[u8]>,
    path: &str,
    session: &mut Session,
    now: Timestamp,
) -> Result<Progress, SendError> {
    let status = response.status();
    let body = answer::json::<Map<String, Value>>(response).unwrap_or_default();
    if status.is_success() {
        if says(&body, &["error", "fail", "failed", "failure"]) {
            return Err(refusal(&body, path).unwrap_or_else(|| other(status)));
        }
        if let Some(step) = accepted(&body) {
            return Ok(step);
        }
    }
    let is_token_invalid = says(&body, &["token-invalid", "token_invalid"]);
    if status == StatusCode::UNAUTHORIZED || (!status.is_server_error() && is_token_invalid) {
        session.forget();
        return Ok(Progress::Again);
    }
    if status == StatusCode::FORBIDDEN {
        // Perhaps the token's fault: the next message finds out.
        session.forget();
    }
    let is_refusal = match status {
        StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => true,
        // Errors of fields are told without a status.
        _ => status.is_success() && !body.get("status").is_some_and(Value::is_string),
    };
    let refusal = is_refusal.then(|| refusal(&body, path)).flatten();
    Err(refusal.unwrap_or_else(|| by_status(response, path, now)))
}

/// Of characters that a header may hold.
fn is_token(text: &str) -> bool {
    (1..=token::MAX_BYTES).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// A success has an id, or says in a word that it is one.
fn accepted(body: &Map<String, Value>) -> Option<Progress> {
    let id = match body.get("id") {
        Some(Value::String(id)) if !id.is_empty() => answer::message_id(id),
        Some(Value::Number(id)) => answer::message_id(&id.to_string()),
        _ if says(body, &["success", "ok"]) => None,
        _ => return None,
    };
    Some(Progress::Accepted(Accepted { message_id: id }))
}

/// Whether the status is one of these words, in whatever letters: Eskiz has several spellings of most.
fn says(body: &Map<String, Value>, words: &[&str]) -> bool {
    let status = body.get("status").and_then(Value::as_str).unwrap_or_default();
    words.iter().any(|word| status.eq_ignore_ascii_case(word))
}

/// Words by which a refusal is known, in lower case. The first that is found counts.
const REASONS: [(&[&str], Reason); 4] = [
    (&["модерац", "moderat", "шаблон", "shablon", "template", "для тест", "тестов"], Reason::Text),
    (&["баланс", "balans", "balance", "недостаточно средств", "mablag"], Reason::Balance),
    (&["никнейм", "nickname", "отправител", "sender"], Reason::From),
    (
        &[
            "mobile_phone",
            "номер",
            "phone number",
            "raqam",
            "черном списке",
            "чёрном списке",
            "черный список",
            "чёрный список",
            "blacklist",
            "black list",
        ],
        Reason::Recipient,
    ),
];

#[derive(Clone, Copy)]
enum Reason {
    Balance,
    From,
    Recipient,
    Text,
}

impl Reason {
    fn into_error(self, path: &str) -> SendError {
        match self {
            Self::Balance => SendError::Other("Eskiz says that the balance is too low".to_owned()),
            Self::From => answer::not_configured(path, "from", "Eskiz refuses the sender's name"),
            Self::Recipient => SendError::RecipientRefused,
            Self::Text => SendError::TemplateUnknown,
        }
    }
}

/// Why Eskiz refuses a message: a sentence, or a list of sentences for each field, under either
/// name.
fn refusal(body: &Map<String, Value>, path: &str) -> Option<SendError> {
    let reason = |name: &str| {
        json::list(body.get(name)?).iter().find_map(|said| match said {
            Value::String(text) => by_words(text),
            Value::Object(fields) => by_field(fields),
            _ => None,
        })
    };
    Some(reason("errors").or_else(|| reason("message"))?.into_error(path))
}

fn by_words(text: &str) -> Option<Reason> {
    let text = text.to_lowercase();
    if text.starts_with("from ") {
        return Some(Reason::From);
    }
    let holds = |words: &[&str]| words.iter().any(|word| text.contains(word));
    REASONS.iter().find(|(words, _)| holds(words)).map(|(_, reason)| *reason)
}

fn by_field(fields: &Map<String, Value>) -> Option<Reason> {
    match (fields.len(), fields.contains_key("mobile_phone"), fields.contains_key("from")) {
        // With other fields it is the request that isn't as Eskiz wants it.
        (1, true, _) => Some(Reason::Recipient),
        (_, _, true) => Some(Reason::From),
        _ => None,
    }
}

fn by_status(response: &Response<&[u8]>, path: &str, now: Timestamp) -> SendError {
    match response.status() {
        status @ (StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED) => {
            let status = status.as_u16();
            answer::not_configured(path, "url", format_args!("Eskiz answered {status}"))
        }
        _ => answer::by_status(response, "Eskiz", now),
    }
}

fn other(status: StatusCode) -> SendError {
    SendError::Other(format!("Eskiz answered {} with an error", status.as_u16()))
}

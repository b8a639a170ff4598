//! What WATI answered.

use countersign_contract::Timestamp;
use countersign_contract::types::SendError;
use http::{Response, StatusCode};
use serde_json::Value;

use crate::json;
use crate::protocol::answer;
use crate::protocol::provider::Accepted;

/// Errors of one answer that are read at most.
const MAX_ERRORS: usize = 8;

/// Reads an answer; `path` is where the settings stand.
///
/// # Errors
/// Why the message did not go out. Nothing of the body is repeated but the number of an error.
pub(super) fn read(
    response: &Response<&[u8]>,
    path: &str,
    now: Timestamp,
) -> Result<Accepted, SendError> {
    let body: Value = answer::json(response).unwrap_or_default();
    if !response.status().is_success() {
        return Err(error(response, &body, path, now));
    }
    // Its errors hold their status as `code`.
    match answer::restated(response, body.get("code")) {
        Some(restated) if results(&body).is_empty() => Err(error(&restated, &body, path, now)),
        _ => success(&body, path),
    }
}

/// What an error means.
fn error(response: &Response<&[u8]>, body: &Value, path: &str, now: Timestamp) -> SendError {
    let status = response.status();
    let told =
        || listed(body, path).or_else(|| refusal(&[errors(body), remarks(body)].concat(), path));
    match status {
        StatusCode::BAD_REQUEST => {
            told().unwrap_or_else(|| match body.get("code").and_then(answer::integer) {
                Some(code) => SendError::Other(format!("WATI answered 400, code {code}")),
                None => answer::by_status(response, "WATI", now),
            })
        }
        StatusCode::NOT_FOUND => told()
            .unwrap_or_else(|| answer::not_configured(path, "url", "WATI has no API there (404)")),
        _ => match answer::by_status(response, "WATI", now) {
            // "The message may have been accepted", WATI says of every 5xx.
            error if status.is_server_error() && !error.is_uncertain() => SendError::Unreadable,
            error => error,
        },
    }
}

/// Whether the message was taken, under each name.
fn results(body: &Value) -> Vec<bool> {
    ["success", "result", "ok"].iter().filter_map(|name| word(body.get(name)?)).collect()
}

/// What the body of a 2xx means. WATI documents `success` and `recipients`; its help for the same path shows the `result`
/// and `receivers` of v2.
fn success(body: &Value, path: &str) -> Result<Accepted, SendError> {
    let results = results(body);
    let is_taken = !results.contains(&false);
    let recipients = recipients(body);
    let is_invalid = |recipient: &Value| {
        let valid = ["isValidWhatsAppNumber", "validWhatsAppNumber"];
        valid.iter().any(|name| recipient.get(name).and_then(Value::as_bool) == Some(false))
    };
    if is_invalid(body) || recipients.is_some_and(|all| all.iter().any(is_invalid)) {
        return Err(SendError::RecipientRefused);
    }
    if let Some(error) = listed(body, path) {
        return Err(error);
    }
    let (errors, remarks) = (errors(body), remarks(body));
    if !is_taken || !errors.is_empty() {
        let other = || SendError::Other("WATI refused the message".to_owned());
        return Err(refusal(&[errors, remarks].concat(), path).unwrap_or_else(other));
    }
    // A remark beside a success is one, unless it is known as a refusal: another channel would send
    // a second message.
    if let Some(error) = refusal(&remarks, path) {
        return Err(error);
    }
    if results.is_empty() {
        return Err(SendError::Unreadable);
    }
    // The one recipient that was asked for was left out.
    if recipients.is_some_and(<[Value]>::is_empty) {
        return Err(SendError::RecipientRefused);
    }
    let recipient = recipients.and_then(<[Value]>::first);
    let id = recipient
        .and_then(|recipient| {
            recipient.get("local_message_id").or_else(|| recipient.get("localMessageId"))
        })
        .or_else(|| body.get("broadcast_id"));
    Ok(Accepted { message_id: id.and_then(Value::as_str).and_then(answer::message_id) })
}

fn recipients(body: &Value) -> Option<&[Value]> {
    let list = body.get("recipients").or_else(|| body.get("receivers"))?;
    (!list.is_null()).then(|| json::list(list))
}

/// Whether the message was taken, as a truth or a word.
fn word(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(is_taken) => Some(*is_taken),
        Value::String(word) => match word.to_ascii_lowercase().as_str() {
            "true" | "success" | "ok" => Some(true),
            "false" | "error" | "fail" | "failed" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

/// What the lists in `errors` mean, of v1 and v2: numbers without WhatsApp, parameters that the
/// template doesn't have.
fn listed(body: &Value, path: &str) -> Option<SendError> {
    let lists = body.get("errors")?.as_object()?;
    let holds = |name: &str| {
        let mut named = lists.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        named.any(|(_, list)| is_something(list))
    };
    if holds("invalidWhatsappNumbers") {
        Some(SendError::RecipientRefused)
    } else if holds("invalidCustomParameters") {
        Some(no_parameter(path))
    } else {
        None
    }
}

/// Whether there is anything in what is documented as a list, and has been a text.
fn is_something(list: &Value) -> bool {
    match list {
        Value::Null | Value::Bool(false) => false,
        Value::Bool(true) => true,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.trim().is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(items) => !items.is_empty(),
    }
}

/// The words of all errors, in small letters. `errors` of v1 has an `error` beside its lists; some answers have a plain
/// list of texts there.
fn errors(body: &Value) -> Vec<String> {
    let of_message: Vec<_> = match body.get("errors") {
        Some(Value::Object(lists)) => {
            let is_error = |name: &str| {
                ["error", "message"].iter().any(|known| name.eq_ignore_ascii_case(known))
            };
            let named = lists.iter().filter(|(name, _)| is_error(name));
            named.flat_map(|(_, error)| json::list(error)).collect()
        }
        errors => errors.into_iter().flat_map(json::list).collect(),
    };
    let of_recipients = recipients(body)
        .into_iter()
        .flatten()
        .filter_map(|recipient| recipient.get("errors"))
        .flat_map(json::list);
    let error = body.get("error").into_iter().flat_map(json::list);
    words(error.chain(of_message).chain(of_recipients))
}

/// What else is said, in small letters: of a success too.
fn remarks(body: &Value) -> Vec<String> {
    words(["info", "message"].iter().filter_map(|name| body.get(name)).flat_map(json::list))
}

fn words<'a>(errors: impl Iterator<Item = &'a Value>) -> Vec<String> {
    errors
        .filter_map(|error| error.as_str().or_else(|| error.get("message")?.as_str()))
        .filter(|error| !error.is_empty())
        .take(MAX_ERRORS)
        .map(str::to_lowercase)
        .collect()
}

fn no_parameter(path: &str) -> SendError {
    let text = "WATI says that the template has no such parameter";
    SendError::NotConfigured(format!("{path}.parameter: {text}"))
}

/// What the words mean, where they are known.
fn refusal(errors: &[String], path: &str) -> Option<SendError> {
    let tells = |words: &[&str]| errors.iter().any(|error| words.iter().any(|w| error.contains(w)));
    let tells_of = |thing: &str, words: &[&str]| {
        let mut of_it = errors.iter().filter(|error| error.contains(thing));
        of_it.any(|error| words.iter().any(|word| error.contains(word)))
    };
    if tells(&["no valid receiver", "invalid whatsapp", "valid whatsapp number", "invalid phone"]) {
        Some(SendError::RecipientRefused)
    } else if tells(&["invalid template name"])
        || tells_of("template", &["not found", "not exist", "n't exist", "not approved"])
    {
        Some(SendError::TemplateUnknown)
    } else if tells(&["typos or blank"]) {
        Some(no_parameter(path))
    } else if tells_of("channel", &["not found", "not exist", "n't exist", "not valid", "invalid"])
    {
        let text = "WATI says that there is no such channel";
        Some(SendError::NotConfigured(format!("{path}.channel: {text}")))
    } else {
        None
    }
}

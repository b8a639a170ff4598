//! How the body of a request is read.

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, header};
use countersign_contract::callbacks::MAX_CALLBACK_BYTES;
use http_body_util::LengthLimitError;
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use crate::problem::{Problem, ProblemCode};

/// The longest body that is read: 16 KiB. The largest legal request is under 2 KiB.
pub const MAX_BODY_BYTES: usize = 16 * 1024;

/// Reads a body that has to be a JSON object of shape `T`.
pub(crate) async fn read<T: DeserializeOwned>(
    headers: &HeaderMap,
    body: Body,
) -> Result<T, Problem> {
    if !is_json(headers) {
        return Err(Problem::new(ProblemCode::UnsupportedMediaType));
    }
    parse(&bytes(headers, body, MAX_BODY_BYTES).await?)
}

/// Reads the body of a provider's callback as it comes.
pub(crate) async fn callback(headers: &HeaderMap, body: Body) -> Result<Bytes, Problem> {
    bytes(headers, body, MAX_CALLBACK_BYTES).await.map_err(|problem| match problem.code {
        ProblemCode::BodyTooLarge => {
            problem.detail("The callback's body is longer than 262144 bytes.")
        }
        _ => problem,
    })
}

/// As [`read`], but an empty body stands for an empty object.
pub(crate) async fn read_optional<T: DeserializeOwned + Default>(
    headers: &HeaderMap,
    body: Body,
) -> Result<T, Problem> {
    let bytes = bytes(headers, body, MAX_BODY_BYTES).await?;
    if without_mark(&bytes).is_empty() {
        return Ok(T::default());
    }
    if !is_json(headers) {
        return Err(Problem::new(ProblemCode::UnsupportedMediaType));
    }
    parse(&bytes)
}

fn is_json(headers: &HeaderMap) -> bool {
    let essence = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .unwrap_or_default()
        .trim();
    let Some((kind, subtype)) = essence.split_once('/') else {
        return false;
    };
    let subtype = subtype.to_ascii_lowercase();
    kind.eq_ignore_ascii_case("application") && (subtype == "json" || subtype.ends_with("+json"))
}

async fn bytes(headers: &HeaderMap, body: Body, most: usize) -> Result<Bytes, Problem> {
    // Read as if it were not encoded, it would be refused for the wrong reason.
    let is_plain = |coding: &HeaderValue| coding.as_bytes().eq_ignore_ascii_case(b"identity");
    if !headers.get_all(header::CONTENT_ENCODING).iter().all(is_plain) {
        let text = "The request body must not have a Content-Encoding.";
        return Err(Problem::new(ProblemCode::UnsupportedMediaType).detail(text));
    }
    let announced = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.parse::<u64>().ok());
    if announced.is_some_and(|length| length > most as u64) {
        return Err(Problem::new(ProblemCode::BodyTooLarge));
    }
    axum::body::to_bytes(body, most).await.map_err(|error| {
        if error.into_inner().is::<LengthLimitError>() {
            Problem::new(ProblemCode::BodyTooLarge)
        } else {
            Problem::request("The request body ended early.")
        }
    })
}

/// Some clients write it ahead of UTF-8. RFC 8259, section 8.1, allows to ignore it.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes)
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let bytes = without_mark(bytes);
    // serde would take an array for a struct as well.
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        return Err(Problem::request("The request body must be a JSON object."));
    }
    serde_json::from_slice(bytes).map_err(|_| explain::<T>(bytes))
}

/// Reads what can't be read once more, slowly, to find out where it goes wrong. Never repeats a value: it may be
/// a code.
fn explain<T: DeserializeOwned>(bytes: &[u8]) -> Problem {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    match serde_path_to_error::deserialize::<_, T>(&mut deserializer) {
        Ok(_) => Problem::request("There is more after the JSON object."),
        Err(error) => told(error),
    }
}

/// The problem that an error makes, without the value. Settings have `countersign_settings::problem::expected` for it;
/// here a caller is told a field and a code, never what serde expected.
fn told(error: serde_path_to_error::Error<serde_json::Error>) -> Problem {
    let path = error.path().to_string();
    let error = error.into_inner();
    let text = error.to_string();
    let name = |prefix: &str| {
        let (name, _) = text.strip_prefix(prefix)?.split_once('`')?;
        // It was chosen by the caller.
        Some(name.chars().take(64).collect::<String>())
    };
    if error.classify() != Category::Data {
        let problem = Problem::request(format!(
            "The request body is not valid JSON in UTF-8, or is nested too deeply: line {}, column {}.",
            error.line(),
            error.column()
        ));
        return if is_field(&path) { problem.field(path) } else { problem };
    }
    if let Some(field) = name("missing field `") {
        return Problem::request("This field is required.").field(field);
    }
    if let Some(field) = name("unknown field `") {
        return Problem::request("This field is unknown.").field(field);
    }
    if let Some(field) = name("duplicate field `") {
        return Problem::request("This field appears twice.").field(field);
    }
    if path == "channel" && text.starts_with("unknown variant") {
        return Problem::new(ProblemCode::InvalidChannel).field("channel");
    }
    if is_field(&path) {
        return Problem::request("This field has the wrong type.").field(path);
    }
    Problem::request("The request body has the wrong shape.")
}

/// Whether a path names a field of ours, rather than the document (`.`) or something unknown (`?`).
fn is_field(path: &str) -> bool {
    !path.is_empty() && path.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

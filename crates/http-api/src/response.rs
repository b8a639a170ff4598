//! How responses are written.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use serde::Serialize;

/// An answer in JSON.
pub(crate) fn answer(status: StatusCode, value: &impl Serialize) -> Response {
    written(status, "application/json", json(value))
}

/// A refusal, as RFC 9457 has it.
pub(crate) fn problem(status: StatusCode, value: &impl Serialize) -> Response {
    written(status, "application/problem+json", json(value))
}

/// An answer without content.
pub(crate) fn nothing() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

/// What every response says: no cache keeps it, and no browser takes it for anything else than it
/// says.
pub(crate) fn guard(headers: &mut HeaderMap) {
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
}

fn written(status: StatusCode, content_type: &'static str, body: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// Writes `value` as JSON.
fn json(value: &impl Serialize) -> Vec<u8> {
    // Longer than every answer with an id, a purpose and a masked recipient of usual length.
    let mut bytes = Vec::with_capacity(512);
    if serde_json::to_writer(&mut bytes, value).is_err() {
        // Only a failing Serialize or a map with keys that are no strings could do this; no type here has one.
        bytes.clear();
        bytes.extend_from_slice(b"{}");
    }
    bytes
}

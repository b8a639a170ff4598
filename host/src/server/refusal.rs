//! The problems (RFC 9457) that the server answers by itself, in the form of `countersign-http-api`.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;

/// Too much at once: nothing was done.
pub(super) fn overloaded() -> Response {
    let mut response = problem(
        StatusCode::SERVICE_UNAVAILABLE,
        r#"{"type":"/problems/overloaded","title":"Overloaded","status":503,"code":"overloaded","detail":"Too much at once: nothing was done, try again.","retry_after":1}"#,
    );
    let headers = response.headers_mut();
    headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    response
}

/// The body took longer than a request may. Nothing was done.
pub(super) fn slow_body() -> Response {
    problem(
        StatusCode::REQUEST_TIMEOUT,
        r#"{"type":"/problems/slow_body","title":"Slow body","status":408,"code":"slow_body","detail":"The request's body did not arrive in time: nothing was done."}"#,
    )
}

/// The request took longer than it may. What it did by then is done.
pub(super) fn timeout() -> Response {
    problem(
        StatusCode::GATEWAY_TIMEOUT,
        r#"{"type":"/problems/timeout","title":"Time-out","status":504,"code":"timeout","detail":"The request took too long; a message may be on its way, or an attempt counted."}"#,
    )
}

/// Something broke.
pub(super) fn internal() -> Response {
    problem(
        StatusCode::INTERNAL_SERVER_ERROR,
        r#"{"type":"/problems/internal","title":"Internal error","status":500,"code":"internal","detail":"Something broke. The log says what."}"#,
    )
}

fn problem(status: StatusCode, body: &'static str) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    let json = HeaderValue::from_static("application/problem+json");
    headers.insert(header::CONTENT_TYPE, json);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

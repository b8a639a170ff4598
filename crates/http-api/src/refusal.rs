//! The problems that the owner of the connection answers by itself, out of the same table as all others.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::problem::{Problem, ProblemCode};

/// Something broke.
#[must_use]
pub fn internal() -> Response {
    Problem::new(ProblemCode::Internal).into_response()
}

/// The request is not HTTP as its standards have it, or its head is too long (431). Nothing was
/// done.
#[must_use]
pub fn malformed(status: StatusCode) -> Response {
    let problem = match status {
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE | StatusCode::URI_TOO_LONG => {
            Problem::new(ProblemCode::HeadTooLarge)
        }
        _ => Problem::request("The request is not valid HTTP/1.1 (RFC 9112)."),
    };
    problem.into_response()
}

/// The settings can't be used. Which ones, and why, is for the log of the environment that answers this.
#[must_use]
pub fn misconfigured() -> Response {
    Problem::new(ProblemCode::Misconfigured).into_response()
}

/// Too much at once: nothing was done.
#[must_use]
pub fn overloaded() -> Response {
    Problem::from(crate::otp::Failure::Overloaded).into_response()
}

/// The body took longer than a request may. Nothing was done.
#[must_use]
pub fn slow_body() -> Response {
    Problem::new(ProblemCode::SlowBody).into_response()
}

/// The request line and headers took longer than they may. Nothing was done.
#[must_use]
pub fn slow_head() -> Response {
    Problem::new(ProblemCode::SlowHead).into_response()
}

/// The request took longer than it may. What it did by then is done.
#[must_use]
pub fn timeout() -> Response {
    Problem::new(ProblemCode::Timeout).into_response()
}

//! The problems that whoever owns the connection answers by itself, out of the same table as all others.

use axum::response::{IntoResponse, Response};

use crate::problem::{Fault, Problem};

/// Something broke.
#[must_use]
pub fn internal() -> Response {
    Problem::new(Fault::Internal).into_response()
}

/// The settings can't be used. Which ones, and why, is for the log of whoever answers this.
#[must_use]
pub fn misconfigured() -> Response {
    Problem::new(Fault::Misconfigured).into_response()
}

/// Too much at once: nothing was done.
#[must_use]
pub fn overloaded() -> Response {
    Problem::from(crate::otp::Failure::Overloaded).into_response()
}

/// The body took longer than a request may. Nothing was done.
#[must_use]
pub fn slow_body() -> Response {
    Problem::new(Fault::SlowBody).into_response()
}

/// The request took longer than it may. What it did by then is done.
#[must_use]
pub fn timeout() -> Response {
    Problem::new(Fault::Timeout).into_response()
}

//! What is traced: one span per request, one event per outcome. The span says whose request it is, the event what
//! became of it; no line says a thing twice.
//!
//! No field ever holds a code, a key or a full recipient. A span names the route's template, not the path. An id
//! is logged only once the engine has vouched for it: until then it is whatever the caller put into the path,
//! perhaps a phone number.

use std::future::Future;

use axum::http::Method;
use axum::response::{IntoResponse, Response};
use tracing::field::Empty;
use tracing::{Instrument, Span};

use crate::otp::{DeliveryOutcome, Error, Failure, SendError, StoreError};
use crate::problem::{Fault, Problem};
use crate::upkeep::Swept;

/// Runs `work` in the span of one request, and turns its problem into a response.
pub(crate) async fn request(
    method: &Method,
    route: &'static str,
    work: impl Future<Output = Result<Response, Problem>>,
) -> Response {
    let span = tracing::info_span!(
        "http.request",
        method = method_name(method),
        route,
        status = Empty,
        caller = Empty,
    );
    async {
        let response = work.await.unwrap_or_else(|problem| {
            // Refusals that the engine never saw have no other line; at `info` they would let anybody fill a log.
            tracing::debug!(outcome = problem.code.as_str(), "refused");
            problem.into_response()
        });
        Span::current().record("status", response.status().as_u16());
        response
    }
    .instrument(span)
    .await
}

/// Notes that the engine did what was asked.
pub(crate) fn done(verb: &'static str, challenge: &str, masked_recipient: &str) {
    tracing::info!(challenge, to = masked_recipient, outcome = "ok", "{verb}");
}

/// Notes that the engine did what was asked, where it tells nothing about the challenge.
pub(crate) fn done_quietly(verb: &'static str, challenge: Option<&str>) {
    tracing::info!(challenge, outcome = "ok", "{verb}");
}

/// Notes what a step of sweeping did.
pub(crate) fn swept(swept: &Swept) {
    let Swept { examined, removed, more } = *swept;
    tracing::info!(examined, removed, more, outcome = "ok", "sweep");
}

/// Notes that a provider was heard, who can be named now that its signature was right.
pub(crate) fn received(provider: &str, reports: usize) {
    tracing::info!(provider, reports, outcome = "ok", "callback");
}

/// Notes that a provider reported on more messages than anybody reads, and makes it a problem.
pub(crate) fn too_many_reports(provider: &str, reports: usize) -> Problem {
    tracing::error!(provider, reports, "a callback has too many reports");
    Problem::new(Fault::Internal)
}

/// Notes what a provider reported of a challenge.
pub(crate) fn noted(challenge: &str, outcome: DeliveryOutcome) {
    tracing::debug!(challenge, ?outcome, "record_delivery");
}

/// Notes that a report is on nothing that there is, which is nobody's mistake: challenges are forgotten.
pub(crate) fn not_noted(error: Error) {
    let outcome = Problem::from(error).code.as_str();
    tracing::debug!(outcome, "record_delivery");
}

/// Notes a failure of the engine, private text included, and makes it a problem.
pub(crate) fn failed(verb: &'static str, id: Option<&str>, failure: Failure) -> Problem {
    let challenge = id.filter(|_| is_vouched_for(&failure));
    let cause = private_text(&failure);
    let problem = Problem::from(failure);
    let outcome = problem.code.as_str();
    if problem.code == Fault::Overloaded || !problem.code.status().is_server_error() {
        tracing::info!(challenge, outcome, "{verb}");
    } else {
        tracing::error!(challenge, outcome, cause, "{verb}");
    }
    problem
}

/// Whether the engine looked into the store for this answer: it never does for an id that it did not make.
const fn is_vouched_for(failure: &Failure) -> bool {
    matches!(
        failure,
        Failure::Refused(
            Error::DeliveryFailed(_)
                | Error::Disabled
                | Error::Exhausted(_)
                | Error::Expired
                | Error::Locked(_)
                | Error::Mismatch(_)
                | Error::ReferenceMismatch(_)
                | Error::Revoked
                | Error::StoreUnavailable(_)
                | Error::Throttled(_)
        )
    )
}

/// What an operator may know and a caller may not.
fn private_text(failure: &Failure) -> Option<String> {
    let Failure::Refused(error) = failure else {
        return None;
    };
    Some(match error {
        Error::DeliveryFailed(SendError::NotConfigured(text) | SendError::Other(text))
        | Error::Misconfigured(text)
        | Error::StoreUnavailable(StoreError::Other(text)) => text.clone(),
        Error::DeliveryFailed(cause) => format!("{cause:?}"),
        Error::StoreUnavailable(cause) => format!("{cause:?}"),
        Error::InvalidArgument(fault) if fault.field == "tenant" => fault.reason.clone(),
        _ => return None,
    })
}

/// The method, unless the caller made it up.
fn method_name(method: &Method) -> &'static str {
    match method.as_str() {
        "CONNECT" => "CONNECT",
        "DELETE" => "DELETE",
        "GET" => "GET",
        "HEAD" => "HEAD",
        "OPTIONS" => "OPTIONS",
        "PATCH" => "PATCH",
        "POST" => "POST",
        "PUT" => "PUT",
        "TRACE" => "TRACE",
        _ => "other",
    }
}

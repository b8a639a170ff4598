//! What is traced: one span per request, and one event when it is answered. The span says whose
//! request it is, the event what became of it, its status and, where the environment said when it
//! began, how long it took.
//!
//! No field ever holds a code, a key or a full recipient. A span names the route's template, not the path. An id
//! is logged only once the engine has vouched for it: until then it is whatever the caller put into the path,
//! perhaps a phone number.

use std::future::Future;
use std::pin::{Pin, pin};

use axum::http::Method;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use countersign_contract::otp::Error;
use countersign_contract::types::{DeliveryOutcome, SendError, StoreError};
use countersign_contract::upkeep::Swept;
use tracing::Instrument;
use tracing::field::{Empty, display};

use crate::RequestStart;
use crate::log_line::{self, LogLine};
use crate::otp::Failure;
use crate::problem::{Problem, ProblemCode};
use crate::response::guard;

/// What is known of a request before it is worked on.
#[derive(Clone, Copy)]
pub(crate) struct Arrived {
    method: &'static str,
    start: Option<RequestStart>,
}

impl From<&Parts> for Arrived {
    fn from(parts: &Parts) -> Self {
        Self { method: method_name(&parts.method), start: parts.extensions.get().copied() }
    }
}

/// A response, and what its line in the log says.
pub(crate) struct Done {
    response: Response,
    line: Option<LogLine>,
}

impl Done {
    /// What its line in the log says.
    pub(crate) const fn line(&self) -> Option<&LogLine> {
        self.line.as_ref()
    }
}

impl From<Response> for Done {
    fn from(response: Response) -> Self {
        Self { response, line: None }
    }
}

/// Runs `work` in the span of one request, turns its problem into a response, and logs what became
/// of it.
pub(crate) async fn request<T: Into<Done>>(
    arrived: Arrived,
    route: &'static str,
    work: impl Future<Output = Result<T, Problem>> + Send,
) -> Response {
    let work = pin!(async { work.await.map(Into::into) });
    observed(arrived, route, work).await
}

/// What a request does, whichever it is: what is around it is compiled once, not for each route.
type Work<'a> = Pin<&'a mut (dyn Future<Output = Result<Done, Problem>> + Send)>;

async fn observed(arrived: Arrived, route: &'static str, work: Work<'_>) -> Response {
    let Arrived { method, start } = arrived;
    let span = tracing::info_span!("http.request", request = Empty, method, route, caller = Empty);
    if let Some(start) = start {
        span.record("request", display(start));
    }
    async {
        let (Done { mut response, line }, outcome) = match work.await {
            Ok(done) => (done, "ok"),
            Err(mut problem) => {
                let (line, outcome) = (problem.log_line.take(), problem.code.as_str());
                let response = problem.into_response();
                (Done { response, line: line.map(|line| *line) }, outcome)
            }
        };
        guard(response.headers_mut());
        let duration_ms = start.map(RequestStart::milliseconds);
        log_line::write(line, outcome, response.status().as_u16(), duration_ms);
        response
    }
    .instrument(span)
    .await
}

/// The engine did what was asked.
pub(crate) fn done(
    response: Response,
    verb: &'static str,
    challenge: String,
    masked_recipient: String,
) -> Done {
    let (challenge, to) = (Some(challenge), Some(masked_recipient));
    Done { response, line: Some(LogLine { verb, challenge, to, ..LogLine::default() }) }
}

/// The engine did what was asked, where it tells nothing about the challenge.
pub(crate) fn done_quietly(
    response: Response,
    verb: &'static str,
    challenge: Option<String>,
) -> Done {
    Done { response, line: Some(LogLine { verb, challenge, ..LogLine::default() }) }
}

/// What a step of sweeping did.
pub(crate) fn swept(response: Response, swept: Swept) -> Done {
    let line = LogLine { verb: "sweep", swept: Some(swept), ..LogLine::default() };
    Done { response, line: Some(line) }
}

/// A provider was heard, who can be named now that its signature was right.
pub(crate) fn received(response: Response, provider: String, reports: usize) -> Done {
    let (provider, reports) = (Some(provider), Some(reports));
    Done {
        response,
        line: Some(LogLine { verb: "callback", provider, reports, ..LogLine::default() }),
    }
}

/// Notes that a provider reported on more messages than one callback may, and makes it a problem.
pub(crate) fn too_many_reports(provider: &str, reports: usize) -> Problem {
    tracing::error!(provider, reports, "a callback has too many reports");
    Problem::new(ProblemCode::Internal)
}

/// Notes what a provider reported of a challenge.
pub(crate) fn noted(challenge: &str, outcome: DeliveryOutcome) {
    tracing::debug!(challenge, ?outcome, "record_delivery");
}

/// Notes that a report is on nothing that there is, which is no mistake: challenges are forgotten.
pub(crate) fn not_noted(error: Error) {
    let outcome = Problem::from(error).code.as_str();
    tracing::debug!(outcome, "record_delivery");
}

/// A failure of the engine as a problem, private text included.
pub(crate) fn failed(verb: &'static str, id: Option<&str>, failure: Failure) -> Problem {
    let challenge = id.filter(|_| is_vouched_for(&failure)).map(ToOwned::to_owned);
    let cause = private_text(&failure);
    let is_error = !is_a_state(&failure);
    let mut problem = Problem::from(failure);
    let is_error = is_error && problem.code.status().is_server_error();
    let line = LogLine { verb, challenge, cause, is_error, ..LogLine::default() };
    problem.log_line = Some(Box::new(line));
    problem
}

/// Whether it is a state that its owner logs once when it begins and once when it ends, rather than the fault of
/// one request.
const fn is_a_state(failure: &Failure) -> bool {
    use StoreError::{Timeout, Unavailable};
    matches!(
        failure,
        Failure::Overloaded | Failure::Refused(Error::StoreUnavailable(Timeout | Unavailable))
    )
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
        Error::InvalidArgument(fault) if fault.field == "tenant" => fault.reason.to_string(),
        _ => return None,
    })
}

/// The method, unless the caller made it up.
pub(crate) fn method_name(method: &Method) -> &'static str {
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

//! What providers report. No API key: the provider's own signature vouches for it, and the implementer of
//! [`Callbacks`] checks that.

use axum::body::Body;
use axum::extract::Request;
use axum::http::{Method, header};
use axum::response::Response;
use countersign_contract::callbacks::{CallbackError, DeliveryReport, MAX_REPORTS};
use countersign_contract::names::is_name;
use countersign_contract::otp::Error;

use crate::callbacks::{CallbackAnswer, CallbackRequest, Callbacks, Received};
use crate::otp::{Failure, Otp};
use crate::problem::{Problem, ProblemCode};
use crate::{body, trace};

pub(crate) const ONE: &str = "/v1/callbacks/{provider}";

/// The longest name of a provider.
pub(crate) const MAX_PROVIDER_BYTES: usize = 64;

/// Takes a report (POST), or answers a provider's handshake (GET), which changes nothing.
pub(crate) async fn receive<O: Otp, C: Callbacks>(
    otp: &O,
    callbacks: &C,
    name: Option<String>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let arrived = trace::Arrived::from(&parts);
    let method = parts.method;
    trace::request(arrived, ONE, async {
        let provider = provider(name)?;
        if !callbacks.may_know(&provider) {
            return Err(Problem::new(ProblemCode::UnknownProvider));
        }
        let body = body::callback(&parts.headers, body).await?;
        let reports = method == Method::POST;
        let request = CallbackRequest {
            method: if reports { Method::POST } else { Method::GET },
            query: parts.uri.query().map(ToOwned::to_owned),
            headers: parts.headers,
            body,
        };
        let received = callbacks.receive(provider.clone(), request).await;
        let Received { reports: told, answer } = received?;
        let told = if reports { told } else { Vec::new() };
        if told.len() > MAX_REPORTS {
            return Err(trace::too_many_reports(&provider, told.len()));
        }
        let count = told.len();
        for report in told {
            note(otp, report).await?;
        }
        Ok(trace::received(response(answer), provider, count))
    })
    .await
}

/// Has the engine note one report. What a provider can do nothing about is no failure: it would only repeat itself.
async fn note<O: Otp>(otp: &O, report: DeliveryReport) -> Result<(), Problem> {
    let DeliveryReport { tenant, id, send_number, outcome } = report;
    match otp.record_delivery(tenant, id.clone(), send_number, outcome).await {
        Ok(()) => {
            trace::noted(&id, outcome);
            Ok(())
        }
        Err(Failure::Refused(
            error @ (Error::InvalidArgument(_) | Error::NotFound | Error::UnknownPurpose),
        )) => {
            trace::not_noted(error);
            Ok(())
        }
        Err(failure) => Err(trace::failed("record_delivery", Some(&id), failure)),
    }
}

/// The name in the path. What can't be a provider's name is unknown.
fn provider(name: Option<String>) -> Result<String, Problem> {
    name.filter(|name| is_name(name, MAX_PROVIDER_BYTES))
        .ok_or_else(|| Problem::new(ProblemCode::UnknownProvider))
}

/// The answer as the provider wants it.
fn response(answer: CallbackAnswer) -> Response {
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = answer.status;
    let headers = response.headers_mut();
    if let Some(content_type) = answer.content_type {
        headers.insert(header::CONTENT_TYPE, content_type);
    }
    response
}

impl From<CallbackError> for Problem {
    fn from(error: CallbackError) -> Self {
        match error {
            CallbackError::Unauthenticated => Self::new(ProblemCode::CallbackUnauthenticated),
            CallbackError::UnknownProvider => Self::new(ProblemCode::UnknownProvider),
            CallbackError::Unreadable => {
                Self::request("The callback is not what the provider documents.")
            }
            CallbackError::Unsupported => Self::new(ProblemCode::CallbackUnsupported),
        }
    }
}

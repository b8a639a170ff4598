//! What providers report, as the HTTP surface wants it: one call of the import each.

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use countersign_http_api::callbacks::{
    CallbackAnswer, CallbackError, CallbackRequest, Callbacks, DeliveryReport, Received,
};
use countersign_http_api::otp::DeliveryOutcome;

use crate::bindings::countersign::otp::{callbacks, types};

/// The imported callbacks of the sender.
#[derive(Clone, Copy)]
pub(crate) struct SenderCallbacks;

impl Callbacks for SenderCallbacks {
    async fn receive(
        &self,
        provider: String,
        request: CallbackRequest,
    ) -> Result<Received, CallbackError> {
        callbacks::receive(&provider, &request.into()).map(Into::into).map_err(Into::into)
    }
}

impl From<CallbackRequest> for callbacks::CallbackRequest {
    fn from(request: CallbackRequest) -> Self {
        let CallbackRequest { method, query, headers, body } = request;
        let method = match method {
            Method::POST => callbacks::CallbackMethod::Post,
            _ => callbacks::CallbackMethod::Get,
        };
        Self { method, query, headers: pairs(&headers), body: body.into() }
    }
}

fn pairs(headers: &HeaderMap) -> Vec<(String, Vec<u8>)> {
    let pair = |(name, value): (&axum::http::HeaderName, &HeaderValue)| {
        (name.as_str().to_owned(), value.as_bytes().to_vec())
    };
    headers.iter().map(pair).collect()
}

impl From<callbacks::Received> for Received {
    fn from(received: callbacks::Received) -> Self {
        Self {
            reports: received.reports.into_iter().map(Into::into).collect(),
            answer: received.answer.into(),
        }
    }
}

impl From<callbacks::DeliveryReport> for DeliveryReport {
    fn from(report: callbacks::DeliveryReport) -> Self {
        Self {
            tenant: report.tenant,
            id: report.id,
            send_number: report.send_number,
            outcome: match report.outcome {
                types::DeliveryOutcome::Delivered => DeliveryOutcome::Delivered,
                types::DeliveryOutcome::Failed => DeliveryOutcome::Failed,
            },
        }
    }
}

impl From<callbacks::CallbackAnswer> for CallbackAnswer {
    fn from(answer: callbacks::CallbackAnswer) -> Self {
        Self {
            // What is no status or no type is the sender's mistake, and nothing that the provider could mend.
            status: StatusCode::from_u16(answer.status).unwrap_or_default(),
            content_type: answer.content_type.and_then(|text| HeaderValue::try_from(text).ok()),
            body: Bytes::from(answer.body),
        }
    }
}

impl From<callbacks::CallbackError> for CallbackError {
    fn from(error: callbacks::CallbackError) -> Self {
        match error {
            callbacks::CallbackError::Unauthenticated => Self::Unauthenticated,
            callbacks::CallbackError::UnknownProvider => Self::UnknownProvider,
            callbacks::CallbackError::Unreadable => Self::Unreadable,
            callbacks::CallbackError::Unsupported => Self::Unsupported,
        }
    }
}

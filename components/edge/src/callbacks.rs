//! What providers report, as the HTTP surface wants it: one call of the import each.

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use countersign_contract::Translate;
use countersign_contract::callbacks::CallbackError;
use countersign_http_api::callbacks::{CallbackAnswer, CallbackRequest, Callbacks, Received};

use crate::bindings::countersign::otp::callbacks;

countersign_contract::callbacks!(crate::bindings::countersign::otp::callbacks);

/// The imported callbacks of the sender.
#[derive(Clone, Copy)]
pub(crate) struct SenderCallbacks;

impl Callbacks for SenderCallbacks {
    async fn receive(
        &self,
        provider: String,
        request: CallbackRequest,
    ) -> Result<Received, CallbackError> {
        callbacks::receive(&provider, &request.into()).map(Into::into).map_err(Translate::translate)
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
        Self { reports: received.reports.translate(), answer: received.answer.into() }
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

//! What providers report of their messages: held to their signatures, and taken apart.

use axum::body::Bytes;
use axum::http::{HeaderValue, StatusCode};
use countersign_contract::callbacks::CallbackError;
use countersign_http_api::callbacks::{self, CallbackAnswer, CallbackRequest, Callbacks};
use countersign_providers::{Callback, CallbackContent};

use super::{Router, now};

impl Callbacks for Router {
    fn may_know(&self, provider: &str) -> bool {
        self.senders().routes().any(|route| route.name() == provider)
    }

    async fn receive(
        &self,
        provider: String,
        request: CallbackRequest,
    ) -> Result<callbacks::Received, CallbackError> {
        let callback = Callback {
            method: &request.method,
            // The senders know it better.
            url: "",
            query: request.query.as_deref(),
            headers: &request.headers,
            body: &request.body,
        };
        self.senders().receive(&provider, &callback, now()).map(answered)
    }
}

fn answered(received: CallbackContent) -> callbacks::Received {
    let has_words = !received.answer.is_empty();
    callbacks::Received {
        reports: received.reports.into_iter().map(Into::into).collect(),
        answer: CallbackAnswer {
            status: StatusCode::OK,
            content_type: has_words.then(|| HeaderValue::from_static("text/plain; charset=utf-8")),
            body: Bytes::from(received.answer),
        },
    }
}

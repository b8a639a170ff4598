//! What providers report of their messages: held to their signatures, and taken apart.

use axum::body::Bytes;
use axum::http::{HeaderValue, StatusCode};
use countersign_http_api::callbacks::{
    self, CallbackAnswer, CallbackRequest, Callbacks, DeliveryReport,
};
use countersign_http_api::otp::DeliveryOutcome;
use countersign_providers::{Callback, CallbackError, Outcome, Received, Report, Tag};

use super::{Router, now};

impl Callbacks for Router {
    fn may_know(&self, provider: &str) -> bool {
        self.senders().routes().any(|route| route.name() == provider)
    }

    async fn receive(
        &self,
        provider: String,
        request: CallbackRequest,
    ) -> Result<callbacks::Received, callbacks::CallbackError> {
        let callback = Callback {
            method: &request.method,
            // The senders know it better.
            url: "",
            query: request.query.as_deref(),
            headers: &request.headers,
            body: &request.body,
        };
        match self.senders().receive(&provider, &callback, now()) {
            None => Err(callbacks::CallbackError::UnknownProvider),
            Some(Ok(received)) => Ok(answered(received)),
            Some(Err(error)) => Err(match error {
                CallbackError::Unauthenticated => callbacks::CallbackError::Unauthenticated,
                CallbackError::Unreadable => callbacks::CallbackError::Unreadable,
                CallbackError::Unsupported => callbacks::CallbackError::Unsupported,
            }),
        }
    }
}

fn answered(received: Received) -> callbacks::Received {
    let has_words = !received.answer.is_empty();
    callbacks::Received {
        reports: received.reports.into_iter().map(report).collect(),
        answer: CallbackAnswer {
            status: StatusCode::OK,
            content_type: has_words.then(|| HeaderValue::from_static("text/plain; charset=utf-8")),
            body: Bytes::from(received.answer),
        },
    }
}

fn report(report: Report) -> DeliveryReport {
    let Tag { tenant, challenge_id, send_number } = report.tag;
    let outcome = match report.outcome {
        Outcome::Delivered => DeliveryOutcome::Delivered,
        Outcome::Failed => DeliveryOutcome::Failed,
    };
    DeliveryReport { tenant, id: challenge_id, send_number, outcome }
}

//! What providers report of their messages: held to their signatures, and taken apart.

use countersign_contract::Translate;
use countersign_contract::callbacks::DeliveryReport;
use countersign_providers::{Callback, CallbackContent};
use http::{HeaderMap, HeaderName, HeaderValue, Method};

use crate::bindings::exports::countersign::otp::callbacks::{
    self, CallbackAnswer, CallbackMethod, CallbackRequest, Guest,
};
use crate::guest::{Component, Ways, now, ways};

impl Guest for Component {
    fn receive(
        provider: String,
        request: CallbackRequest,
    ) -> Result<callbacks::Received, callbacks::CallbackError> {
        let Ok(Ways::Providers(senders)) = ways() else {
            return Err(callbacks::CallbackError::UnknownProvider);
        };
        let callback = Callback {
            method: &method(request.method),
            // The senders know it better.
            url: "",
            query: request.query.as_deref(),
            headers: &headers(request.headers),
            body: &request.body,
        };
        senders.receive(&provider, &callback, now()).map(answered).map_err(Translate::translate)
    }
}

const fn method(method: CallbackMethod) -> Method {
    match method {
        CallbackMethod::Get => Method::GET,
        CallbackMethod::Post => Method::POST,
    }
}

fn headers(pairs: Vec<(String, Vec<u8>)>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        // What is no header isn't one that a provider looks for.
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            headers.append(name, value);
        }
    }
    headers
}

fn answered(received: CallbackContent) -> callbacks::Received {
    let has_words = !received.answer.is_empty();
    callbacks::Received {
        reports: received
            .reports
            .into_iter()
            .map(|report| DeliveryReport::from(report).translate())
            .collect(),
        answer: CallbackAnswer {
            status: 200,
            content_type: has_words.then(|| "text/plain; charset=utf-8".to_owned()),
            body: received.answer.into_bytes(),
        },
    }
}

//! What providers say about messages that they took: `wit/callbacks.wit`, in plain Rust.

use std::fmt;
use std::future::Future;

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use countersign_contract::callbacks::{CallbackError, DeliveryReport};

/// Reads what providers send. Implemented where the providers' secrets are.
///
/// Every client can send anything here: an implementation checks the provider's own signature before it uses any part
/// of a request.
pub trait Callbacks: Clone + Send + Sync + 'static {
    /// Whether there may be a provider of this name: asked before the body is read, so that requests
    /// for unknown ones cost no memory. Implementations that would have to ask elsewhere say yes;
    /// [`receive`](Self::receive) decides.
    fn may_know(&self, provider: &str) -> bool {
        let _ = provider;
        true
    }

    /// Reads what was sent to the callbacks of `provider`, a name as `docs/senders.md` has it: `sms-eskiz`.
    fn receive(
        &self,
        provider: String,
        request: CallbackRequest,
    ) -> impl Future<Output = Result<Received, CallbackError>> + Send;
}

/// What was sent. Secret as a whole: its `Debug` shows nothing of the query, the headers and the body.
#[derive(Clone, Eq, PartialEq)]
pub struct CallbackRequest {
    /// POST, or GET for a provider's handshake.
    pub method: Method,
    /// The query as it came, without its question mark.
    pub query: Option<String>,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as it came: at most [`MAX_CALLBACK_BYTES`](countersign_contract::callbacks::MAX_CALLBACK_BYTES).
    pub body: Bytes,
}

impl fmt::Debug for CallbackRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("CallbackRequest");
        shown.field("method", &self.method).field("body_bytes", &self.body.len());
        shown.finish_non_exhaustive()
    }
}

/// A request that the provider's signature vouches for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Received {
    /// What it reports: at most [`MAX_REPORTS`](countersign_contract::callbacks::MAX_REPORTS); of a handshake nothing counts. Messages that aren't ours are left out.
    pub reports: Vec<DeliveryReport>,
    /// What to answer once the reports are noted.
    pub answer: CallbackAnswer,
}

/// What a provider wants to be answered.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CallbackAnswer {
    /// The status.
    pub status: StatusCode,
    /// The type of the body, where there is one.
    pub content_type: Option<HeaderValue>,
    /// The body.
    pub body: Bytes,
}

/// No sender has callbacks.
#[derive(Clone, Copy, Debug)]
pub struct NoCallbacks;

impl Callbacks for NoCallbacks {
    fn may_know(&self, _: &str) -> bool {
        false
    }

    async fn receive(&self, _: String, _: CallbackRequest) -> Result<Received, CallbackError> {
        Err(CallbackError::UnknownProvider)
    }
}

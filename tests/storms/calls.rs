//! What clients ask for: over a client library, or on a socket that they drop.

use std::net::SocketAddr;

use countersign_tests::client::{Answer, Client};
use countersign_tests::raw;
use hyper::Method;
use serde_json::{Value, json};

/// One request.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    method: Method,
    path: String,
    body: Option<Value>,
}

impl Call {
    fn post(path: impl Into<String>, body: Value) -> Self {
        Self { method: Method::POST, path: path.into(), body: Some(body) }
    }

    pub(crate) fn issue(purpose: &str, to: &str) -> Self {
        Self::post("/v1/challenges", json!({ "purpose": purpose, "channel": "sms", "to": to }))
    }

    pub(crate) fn verify(id: &str, code: &str) -> Self {
        Self::post(format!("/v1/challenges/{id}/verify"), json!({ "code": code }))
    }

    pub(crate) fn verify_by_recipient(purpose: &str, to: &str, code: &str) -> Self {
        Self::post("/v1/verify", json!({ "purpose": purpose, "to": to, "code": code }))
    }

    pub(crate) fn resend(id: &str) -> Self {
        Self::post(format!("/v1/challenges/{id}/resend"), json!({}))
    }

    pub(crate) fn revoke(id: &str) -> Self {
        Self { method: Method::DELETE, path: format!("/v1/challenges/{id}"), body: None }
    }

    pub(crate) fn status(purpose: &str, to: &str) -> Self {
        Self::post("/v1/status", json!({ "purpose": purpose, "to": to }))
    }

    pub(crate) fn unlock(purpose: &str, to: &str) -> Self {
        Self::post("/v1/unlock", json!({ "purpose": purpose, "to": to }))
    }

    /// Asks, and waits for the answer.
    pub(crate) async fn ask(self, client: Client) -> Answer {
        let body = self.body.map(|body| body.to_string());
        client.send(self.method, &self.path, body.as_deref()).await
    }

    /// Asks, and hangs up once `share` of 256 of the request is on its way.
    pub(crate) async fn ask_and_hang_up(self, address: SocketAddr, share: u8) {
        let body = self.body.map(|body| body.to_string()).unwrap_or_default();
        let request = format!(
            "{} {} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            self.method,
            self.path,
            body.len(),
        );
        // A share of 255 is all of it.
        let length = (request.len() * (usize::from(share) + 1)).div_ceil(256);
        raw::hang_up(address, &request.as_bytes()[..length.min(request.len())]).await;
    }
}

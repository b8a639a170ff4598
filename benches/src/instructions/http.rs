//! Requests to the router, with an engine that answers at once, and the line of the log that each writes.

use std::time::Instant;

use anyhow::{Result, ensure};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{Method, StatusCode, header};
use countersign_http_api::callbacks::NoCallbacks;
use countersign_http_api::keys::ApiKeys;
use countersign_http_api::{RequestStart, router};
use tower::ServiceExt;

use super::script::Meter;
use super::verb::Verb;
use crate::engines::constant::Constant;
use crate::server::Always;

const ID: &str =
    "/v1/challenges/plain.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
const PERSON: &str = r#"{"purpose":"plain","to":"+6281200000001","channel":"sms"}"#;
const ADDRESSEE: &str = r#"{"purpose":"plain","to":"+6281200000001"}"#;
/// Bytes of an answer, at most.
const LONGEST: usize = 16 * 1024;

/// Sends that many requests of each kind.
pub(super) fn send(count: usize, meter: &mut impl Meter) -> Result<()> {
    let router = router(Constant, Always, NoCallbacks, ApiKeys::open());
    let verify = format!("{ID}/verify");
    let resend = format!("{ID}/resend");
    for (verb, method, path, body, expected) in [
        (Verb::Issue, Method::POST, "/v1/challenges", PERSON, StatusCode::CREATED),
        (
            Verb::Wrong,
            Method::POST,
            &verify,
            r#"{"code":"000000"}"#,
            StatusCode::UNPROCESSABLE_ENTITY,
        ),
        (Verb::Resend, Method::POST, &resend, "", StatusCode::OK),
        (Verb::StatusById, Method::GET, ID, "", StatusCode::OK),
        (Verb::StatusByRecipient, Method::POST, "/v1/status", ADDRESSEE, StatusCode::OK),
        (Verb::Revoke, Method::DELETE, ID, "", StatusCode::NO_CONTENT),
        (Verb::Unlock, Method::POST, "/v1/unlock", ADDRESSEE, StatusCode::NO_CONTENT),
    ] {
        let requests = (0..count).map(|number| request(number, &method, path, body));
        let requests = requests.collect::<Result<Vec<_>>>()?;
        meter.count(verb, answer_all(&router, requests, expected))?;
    }
    Ok(())
}

async fn answer_all(router: &Router, requests: Vec<Request>, expected: StatusCode) -> Result<()> {
    for request in requests {
        let response = router.clone().oneshot(request).await?;
        let status = response.status();
        let body = to_bytes(response.into_body(), LONGEST).await?;
        ensure!(status == expected, "{status}: {}", String::from_utf8_lossy(&body));
    }
    Ok(())
}

fn request(number: usize, method: &Method, path: &str, body: &'static str) -> Result<Request> {
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(body))?;
    let number = u64::try_from(number)?;
    request.extensions_mut().insert(RequestStart { number, at: Instant::now() });
    Ok(request)
}

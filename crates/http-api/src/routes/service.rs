//! What concerns the service itself. None of it needs a key; with one `/readyz` says more.

use std::sync::LazyLock;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use miniz_oxide::inflate::decompress_to_vec;

use super::api::Api;
use crate::health::Health;
use crate::otp::Otp;
use crate::problem::{Problem, ProblemCode};
use crate::response::answer;
use crate::trace;
use crate::wire::answers::{Liveness, ReadinessView};

pub(crate) const HEALTHZ: &str = "/healthz";
pub(crate) const READYZ: &str = "/readyz";
pub(crate) const OPENAPI: &str = "/openapi.json";

/// An OpenAPI document, packed by `build.rs` and unpacked once: all answers share it, so that clients that don't read
/// theirs hold no copies. Nothing where it can't be unpacked.
pub(super) type Document = LazyLock<Option<Bytes>>;

/// The committed document; a test holds it to the code.
pub(super) static DOCUMENT: Document =
    LazyLock::new(|| unpacked(include_bytes!(concat!(env!("OUT_DIR"), "/openapi.json.deflate"))));
/// The same where a store is swept.
pub(super) static SWEEPING_DOCUMENT: Document = LazyLock::new(|| {
    unpacked(include_bytes!(concat!(env!("OUT_DIR"), "/openapi-edge.json.deflate")))
});

fn unpacked(document: &[u8]) -> Option<Bytes> {
    decompress_to_vec(document).ok().map(Bytes::from)
}

pub(crate) async fn healthz(request: Request) -> Response {
    let (parts, _) = request.into_parts();
    trace::request((&parts).into(), HEALTHZ, async { Ok(answer(StatusCode::OK, &Liveness::OK)) })
        .await
}

pub(crate) async fn readyz<O: Otp, H: Health>(api: &Api<O, H>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    trace::request((&parts).into(), READYZ, async {
        let readiness = api.health.ready().await;
        let status =
            if readiness.is_ready() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        let known = api.keys.caller(&parts.headers).is_ok();
        let shown = if known { readiness } else { readiness.without_details() };
        Ok(answer(status, &ReadinessView::from(&shown)))
    })
    .await
}

pub(crate) async fn openapi(request: Request, document: &'static Document) -> Response {
    let (parts, _) = request.into_parts();
    trace::request((&parts).into(), OPENAPI, async {
        let text = document.as_ref().ok_or(Problem::new(ProblemCode::Internal))?;
        let mut response = Response::new(Body::from(text.clone()));
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Ok(response)
    })
    .await
}

//! What concerns the service itself. None of it needs a key; with one `/readyz` says more.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use miniz_oxide::inflate::decompress_to_vec;

use super::{Api, answer};
use crate::health::Health;
use crate::otp::Otp;
use crate::problem::{Fault, Problem};
use crate::trace;
use crate::wire::{Liveness, ReadinessView};

pub(crate) const HEALTHZ: &str = "/healthz";
pub(crate) const READYZ: &str = "/readyz";
pub(crate) const OPENAPI: &str = "/openapi.json";

/// The committed document, as `build.rs` has packed it; a test holds it to the code.
pub(super) const DOCUMENT: &[u8] =
    include_bytes!(concat!(env!("OUT_DIR"), "/openapi.json.deflate"));
/// The same where a store is swept.
pub(super) const SWEEPING_DOCUMENT: &[u8] =
    include_bytes!(concat!(env!("OUT_DIR"), "/openapi-edge.json.deflate"));

pub(crate) async fn healthz(request: Request) -> Response {
    let (parts, _) = request.into_parts();
    trace::request((&parts).into(), HEALTHZ, async { Ok(answer(StatusCode::OK, &Liveness::OK)) })
        .await
}

pub(crate) async fn readyz<O: Otp, H: Health>(
    State(api): State<Arc<Api<O, H>>>,
    request: Request,
) -> Response {
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

pub(crate) async fn openapi(request: Request, document: &'static [u8]) -> Response {
    let (parts, _) = request.into_parts();
    trace::request((&parts).into(), OPENAPI, async {
        let text = decompress_to_vec(document).map_err(|_| Problem::new(Fault::Internal))?;
        let mut response = Response::new(Body::from(text));
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Ok(response)
    })
    .await
}

//! The routes. Which methods a path has stands here; what each does stands in the modules.

mod callbacks;
mod challenges;
mod recipients;
mod service;
mod sweep;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts};
use axum::response::Response;
use axum::routing::{get, post};
use serde::Serialize;

use crate::ClientAddress;
use crate::callbacks::Callbacks;
use crate::health::Health;
use crate::keys::{ApiKeys, Caller};
use crate::otp::Otp;
use crate::problem::{Fault, Problem};
use crate::upkeep::Upkeep;

#[cfg(test)]
pub(crate) use callbacks::MAX_PROVIDER_BYTES;

/// What every handler reaches.
pub(crate) struct Api<O, H> {
    pub(crate) otp: O,
    pub(crate) health: H,
    pub(crate) keys: ApiKeys,
}

/// Every route but that for sweeping, served by `otp` and `health` to callers with one of the `keys`. `/healthz`, `/readyz`
/// and `/openapi.json` need no key, and neither do providers, whom `callbacks` knows.
pub fn router<O: Otp, H: Health, C: Callbacks>(
    otp: O,
    health: H,
    callbacks: C,
    keys: ApiKeys,
) -> Router {
    routes(otp, health, callbacks, keys, &service::DOCUMENT, Router::new())
}

/// As [`router`], with the route by which a store is swept that doesn't forget by itself. `/openapi.json` describes it
/// too.
pub fn sweeping_router<O: Otp, H: Health, C: Callbacks, U: Upkeep>(
    otp: O,
    health: H,
    callbacks: C,
    upkeep: U,
    keys: ApiKeys,
) -> Router {
    let broom = Arc::new(sweep::Broom { upkeep, keys: keys.clone() });
    let sweeping = Router::new().route(sweep::SWEEP, post(sweep::sweep::<U>).with_state(broom));
    routes(otp, health, callbacks, keys, &service::SWEEPING_DOCUMENT, sweeping)
}

fn routes<O: Otp, H: Health, C: Callbacks>(
    otp: O,
    health: H,
    callbacks: C,
    keys: ApiKeys,
    document: &'static service::Document,
    more: Router<Arc<Api<O, H>>>,
) -> Router {
    let desk = Arc::new(callbacks::Desk { otp: otp.clone(), callbacks });
    let receive = get(callbacks::receive::<O, C>).post(callbacks::receive::<O, C>);
    more.route(callbacks::ONE, receive.with_state(desk))
        .route(challenges::ALL, post(challenges::issue::<O, H>))
        .route(challenges::ONE, get(challenges::status::<O, H>).delete(challenges::revoke::<O, H>))
        .route(challenges::VERIFY, post(challenges::verify::<O, H>))
        .route(challenges::RESEND, post(challenges::resend::<O, H>))
        .route(recipients::VERIFY, post(recipients::verify::<O, H>))
        .route(recipients::STATUS, post(recipients::status::<O, H>))
        .route(recipients::UNLOCK, post(recipients::unlock::<O, H>))
        .route(service::HEALTHZ, get(service::healthz))
        .route(service::READYZ, get(service::readyz::<O, H>))
        .route(service::OPENAPI, get(move |request| service::openapi(request, document)))
        .fallback(route_not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .with_state(Arc::new(Api { otp, health, keys }))
}

async fn route_not_found(request: Request) -> Response {
    let (parts, _) = request.into_parts();
    crate::trace::request((&parts).into(), "none", async {
        Err::<Response, _>(Problem::new(Fault::RouteNotFound))
    })
    .await
}

async fn method_not_allowed(request: Request) -> Response {
    let (parts, _) = request.into_parts();
    crate::trace::request((&parts).into(), "none", async {
        Err::<Response, _>(Problem::new(Fault::MethodNotAllowed))
    })
    .await
}

/// Finds out who calls, and tells the request's span.
fn caller<'a>(keys: &'a ApiKeys, parts: &Parts) -> Result<&'a Caller, Problem> {
    let caller = keys.caller(&parts.headers)?;
    tracing::Span::current().record("caller", caller.name());
    Ok(caller)
}

/// The longest id that the contract knows, in bytes.
pub(crate) const MAX_ID_BYTES: usize = 136;

/// The id in the path. What the contract says can't be an id is no challenge's, without asking the engine.
fn id(path: Result<Path<String>, PathRejection>) -> Result<String, Problem> {
    path.ok()
        .map(|Path(id)| id)
        .filter(|id| {
            (1..=MAX_ID_BYTES).contains(&id.len())
                && id
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
        })
        .ok_or_else(|| Problem::new(Fault::ChallengeNotFound).by_id())
}

/// The address of the person's device: as the caller says, else as the environment saw it.
fn client_ip(said: Option<String>, parts: &Parts) -> Option<String> {
    said.or_else(|| {
        let ClientAddress(address) = parts.extensions.get()?;
        Some(address.to_string())
    })
}

/// What every response says: no cache keeps it, and no browser takes it for anything else than it
/// says.
pub(crate) fn guard(headers: &mut HeaderMap) {
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
}

/// An answer in JSON.
fn answer(status: StatusCode, value: &impl Serialize) -> Response {
    let mut response = Response::new(Body::from(crate::body::json(value)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// An answer without content.
fn nothing() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

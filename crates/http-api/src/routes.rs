//! The routes. Which methods a path has stands here; what each does stands in the modules.

mod api;
mod callbacks;
mod challenges;
mod recipients;
mod request;
mod service;
mod sweep;

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use axum::routing::{get, post};

use self::api::Api;
use crate::callbacks::Callbacks;
use crate::health::Health;
use crate::keys::ApiKeys;
use crate::otp::Otp;
use crate::problem::{Problem, ProblemCode};
use crate::upkeep::Upkeep;

#[cfg(test)]
pub(crate) use self::{callbacks::MAX_PROVIDER_BYTES, request::MAX_ID_BYTES};

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
    let api = Arc::new(sweep::SweepApi { upkeep, keys: keys.clone() });
    let sweeping = Router::new().route(sweep::SWEEP, post(sweep::sweep::<U>).with_state(api));
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
    let api = Arc::new(callbacks::CallbackApi { otp: otp.clone(), callbacks });
    let receive = get(callbacks::receive::<O, C>).post(callbacks::receive::<O, C>);
    more.route(callbacks::ONE, receive.with_state(api))
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
        Err::<Response, _>(Problem::new(ProblemCode::RouteNotFound))
    })
    .await
}

async fn method_not_allowed(request: Request) -> Response {
    let (parts, _) = request.into_parts();
    crate::trace::request((&parts).into(), "none", async {
        Err::<Response, _>(Problem::new(ProblemCode::MethodNotAllowed))
    })
    .await
}

//! The routes. Which methods a path has stands here; what each does stands in the modules.
//!
//! A path is looked up in a short table for each request, and nothing is made in advance: `axum`'s own routes took an instance
//! of the edge longer to set up than it takes to answer.

mod api;
mod callbacks;
mod challenges;
mod operators;
mod recipients;
mod request;
mod service;
mod sweep;

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use percent_encoding::percent_decode_str;

use self::api::Api;
use crate::callbacks::Callbacks;
use crate::census::{Census, Uncounted};
use crate::health::Health;
use crate::keys::ApiKeys;
use crate::otp::Otp;
use crate::problem::{Problem, ProblemCode};
use crate::trace;
use crate::upkeep::{Forgetful, Upkeep};

#[cfg(test)]
pub(crate) use self::{callbacks::MAX_PROVIDER_BYTES, request::MAX_ID_BYTES};

/// Every path, with its methods as `Allow` tells them. What stands in braces is one segment.
pub(crate) const PATHS: [(&str, &str); 15] = [
    (callbacks::ONE, "GET,HEAD,POST"),
    (challenges::ALL, "POST"),
    (challenges::VERIFY, "POST"),
    (challenges::RESEND, "POST"),
    // No id: before the path of one.
    (operators::LIST, "POST"),
    (operators::COUNT, "POST"),
    (challenges::ONE, "GET,HEAD,DELETE"),
    (recipients::VERIFY, "POST"),
    (recipients::STATUS, "POST"),
    (operators::SHOW, "POST"),
    (operators::UNLOCK, "POST"),
    (sweep::SWEEP, "POST"),
    (service::HEALTHZ, "GET,HEAD"),
    (service::READYZ, "GET,HEAD"),
    (service::OPENAPI, "GET,HEAD"),
];

/// Every route, served by `otp` and `health` to callers with one of the `keys`. `/healthz`, `/readyz` and `/openapi.json`
/// need no key, and neither do providers, whom `callbacks` knows.
pub fn router<O: Otp, H: Health, C: Callbacks>(
    otp: O,
    health: H,
    callbacks: C,
    keys: ApiKeys,
) -> Router {
    Surface::<O, H, C> {
        api: Api { otp, health, keys },
        callbacks,
        upkeep: None,
        census: None,
        document: &service::DOCUMENT,
    }
    .into_router()
}

/// The HTTP surface over one engine.
pub struct Surface<O, H, C, U = Forgetful, K = Uncounted> {
    api: Api<O, H>,
    callbacks: C,
    upkeep: Option<U>,
    census: Option<K>,
    document: &'static service::Document,
}

impl<O: Otp, H: Health, C: Callbacks, K: Census> Surface<O, H, C, Forgetful, K> {
    /// As [`router`], with the route by which challenges are counted.
    pub fn counting(otp: O, health: H, callbacks: C, census: K, keys: ApiKeys) -> Self {
        Self {
            api: Api { otp, health, keys },
            callbacks,
            upkeep: None,
            census: Some(census),
            document: &service::DOCUMENT,
        }
    }
}

impl<O: Otp, H: Health, C: Callbacks, U: Upkeep> Surface<O, H, C, U, Uncounted> {
    /// As [`router`], with the route by which a store is swept that doesn't forget by itself. `/openapi.json` describes it
    /// too.
    pub fn sweeping(otp: O, health: H, callbacks: C, upkeep: U, keys: ApiKeys) -> Self {
        Self {
            api: Api { otp, health, keys },
            callbacks,
            upkeep: Some(upkeep),
            census: None,
            document: &service::SWEEPING_DOCUMENT,
        }
    }
}

impl<O: Otp, H: Health, C: Callbacks, U: Upkeep, K: Census> Surface<O, H, C, U, K> {
    /// For a server that wants a router, which also takes the body from an answer to `HEAD`.
    pub fn into_router(self) -> Router {
        let surface = Arc::new(self);
        Router::new().fallback(move |request: Request| {
            let surface = Arc::clone(&surface);
            async move { surface.answer(request).await }
        })
    }

    /// Answers one request. `HEAD` is answered as `GET`: the body is the caller's to leave out.
    pub async fn answer(&self, request: Request) -> Response {
        let Self { api, callbacks, upkeep, census, document } = self;
        let Some((path, allowed, name)) = find(request.uri().path()) else {
            return refused(request, ProblemCode::RouteNotFound).await;
        };
        let name = percent_decode_str(name).decode_utf8().ok().map(Into::into);
        let method = match trace::method_name(request.method()) {
            "HEAD" => "GET",
            method => method,
        };
        match (path, method) {
            (callbacks::ONE, "GET" | "POST") => {
                callbacks::receive(&api.otp, callbacks, name, request).await
            }
            (challenges::ALL, "POST") => challenges::issue(api, request).await,
            (challenges::ONE, "GET") => challenges::status(api, name, request).await,
            (challenges::ONE, "DELETE") => challenges::revoke(api, name, request).await,
            (challenges::VERIFY, "POST") => challenges::verify(api, name, request).await,
            (challenges::RESEND, "POST") => challenges::resend(api, name, request).await,
            (recipients::VERIFY, "POST") => recipients::verify(api, request).await,
            (recipients::STATUS, "POST") => recipients::status(api, request).await,
            (operators::LIST, "POST") => operators::list(api, request).await,
            (operators::SHOW, "POST") => operators::show(api, request).await,
            (operators::UNLOCK, "POST") => operators::unlock(api, request).await,
            (service::HEALTHZ, "GET") => service::healthz(request).await,
            (service::READYZ, "GET") => service::readyz(api, request).await,
            (service::OPENAPI, "GET") => service::openapi(request, document).await,
            (sweep::SWEEP, method) => match upkeep {
                Some(upkeep) if method == "POST" => sweep::sweep(upkeep, &api.keys, request).await,
                Some(_) => method_not_allowed(request, allowed).await,
                None => refused(request, ProblemCode::RouteNotFound).await,
            },
            (operators::COUNT, method) => match census {
                Some(census) if method == "POST" => {
                    operators::count(census, &api.keys, request).await
                }
                Some(_) => method_not_allowed(request, allowed).await,
                None => refused(request, ProblemCode::RouteNotFound).await,
            },
            _ => method_not_allowed(request, allowed).await,
        }
    }
}

/// The path's template, its methods, and what stands in the place of the braces, as it came.
fn find(path: &str) -> Option<(&'static str, &'static str, &str)> {
    PATHS.iter().find_map(|&(template, allowed)| Some((template, allowed, fit(template, path)?)))
}

/// An empty segment fits, unless it is the last.
fn fit<'a>(template: &str, path: &'a str) -> Option<&'a str> {
    let Some((before, name)) = template.split_once('{') else {
        return (template == path).then_some("");
    };
    let (_, after) = name.split_once('}')?;
    let name = path.strip_prefix(before)?.strip_suffix(after)?;
    let is_last = after.is_empty();
    (!name.contains('/') && (!is_last || !name.is_empty())).then_some(name)
}

async fn refused(request: Request, code: ProblemCode) -> Response {
    let (parts, _) = request.into_parts();
    let refusal = async { Err::<Response, _>(Problem::new(code)) };
    trace::request((&parts).into(), "none", refusal).await
}

async fn method_not_allowed(request: Request, allowed: &'static str) -> Response {
    let mut response = refused(request, ProblemCode::MethodNotAllowed).await;
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(allowed));
    response
}

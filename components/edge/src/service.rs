//! The HTTP surface over this composition: set up once per instance, from the settings.

use std::future::Future;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use axum::BoxError;
use axum::body::{Body, Bytes, HttpBody};
use axum::http::{self, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use countersign_http_api::keys::{ApiKey, ApiKeys};
use countersign_http_api::{ClientAddress, Surface, refusal};
use http_body_util::{BodyExt, Full};

use crate::bindings::countersign::otp::{configuration, otp, senders};
use crate::callbacks::SenderCallbacks;
use crate::engine::Engine;
use crate::upkeep::StoreUpkeep;
use crate::{address, leftover, log, patience};

/// What becomes of a request.
pub struct Answered {
    /// The answer, with its body in one piece.
    pub response: Response<Full<Bytes>>,
    /// The rest of the request's body, where it was answered before its end: to be [read](leftover::discard).
    pub rest: Option<Body>,
}

/// Answers one request. A caller without a key is refused before the body is waited for.
///
/// The body is waited for during `pauses` pauses; the calls of the engine have deadlines of their own.
pub async fn answer<B, P: Future>(
    request: http::Request<B>,
    pauses: u32,
    pause: impl Fn() -> P,
) -> Answered
where
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    log::begin();
    let (head, body) = request.into_parts();
    let is_head = head.method == Method::HEAD;
    let (body, leftover) = leftover::watch(&head.method, Body::new(body));
    let mut request = http::Request::from_parts(head, body);
    let response = match surface() {
        Err(problems) => {
            drop(request);
            misconfigured(&problems)
        }
        Ok(surface) => {
            let header = surface.client_address_header.as_deref();
            let address = header.and_then(|name| address::client(request.headers(), name));
            if let Some(address) = address {
                request.extensions_mut().insert(ClientAddress(address));
            }
            let answer = patience::unless(pauses, pause, surface.routes.answer(request)).await;
            answer.unwrap_or_else(refusal::slow_body)
        }
    };
    let rest = leftover.take();
    Answered { response: whole(response, is_head).await, rest }
}

/// What a request meets.
struct Configured {
    routes: Surface<Engine, StoreUpkeep, SenderCallbacks, StoreUpkeep>,
    client_address_header: Option<String>,
}

/// The routes, once the settings can be used. Settings that can't are read again for each request: a source that was
/// out of reach may be back.
fn surface() -> Result<&'static Configured, Vec<String>> {
    static SURFACE: OnceLock<Configured> = OnceLock::new();
    if let Some(surface) = SURFACE.get() {
        return Ok(surface);
    }
    let configured = configuration::load()?;
    let keys = api_keys(configured.api_keys)?;
    let mut problems = senders::check();
    problems.extend(configured.purposes.iter().flat_map(unprepared));
    // What is wrong with the keys is wrong for every purpose.
    problems.dedup();
    if !problems.is_empty() {
        return Err(problems);
    }
    let engine = Engine { purposes: Arc::new(configured.purposes) };
    let purposes = engine.purposes.len();
    let routes = Surface::sweeping(engine, StoreUpkeep, SenderCallbacks, StoreUpkeep, keys);
    for warning in &configured.warnings {
        tracing::warn!(warning, "the settings may be a mistake");
    }
    tracing::info!(purposes, "ready");
    let client_address_header = configured.client_address_header;
    Ok(SURFACE.get_or_init(|| Configured { routes, client_address_header }))
}

fn api_keys(keys: Option<Vec<configuration::ApiKey>>) -> Result<ApiKeys, Vec<String>> {
    let Some(keys) = keys else { return Ok(ApiKeys::open()) };
    let keys = keys.into_iter().map(|key| {
        let sha256 = key.sha256.try_into().map_err(|_| format!("api_keys: {}", key.name))?;
        Ok(ApiKey { name: key.name, tenant: key.tenant, sha256, operator: key.operator })
    });
    let keys = keys.collect::<Result<Vec<_>, String>>().map_err(|problem| vec![problem])?;
    ApiKeys::new(keys).map_err(|problem| vec![problem.to_string()])
}

/// What the engine has against a purpose, each with the variable that it stands in.
fn unprepared(name: &configuration::PurposeName) -> Vec<String> {
    let problem = match otp::prepare(&name.tenant, &name.purpose) {
        Ok(()) => return Vec::new(),
        Err(otp::Error::Misconfigured(text)) => text,
        Err(_) => "the engine refuses it".to_owned(),
    };
    if let Some(rule) = problem.strip_prefix("keys: ") {
        return vec![format!("keys_ring: {rule}")];
    }
    let policy = format!("policy of {}/{}: ", name.tenant, name.purpose);
    let faults = problem.strip_prefix(&policy).unwrap_or(&problem);
    let fault = |line: &str| format!("policies: {}/{}: {line}", name.tenant, name.purpose);
    faults.lines().map(fault).collect()
}

/// Refuses the request. An instance logs the same problems once.
fn misconfigured(problems: &[String]) -> Response {
    static LOGGED: Mutex<Vec<String>> = Mutex::new(Vec::new());
    let mut logged = LOGGED.lock().unwrap_or_else(PoisonError::into_inner);
    if *logged != problems {
        for problem in problems {
            tracing::error!(problem, "the settings can't be used");
        }
        *logged = problems.to_vec();
    }
    refusal::misconfigured()
}

/// The answer with its body in one piece and its length announced, so that it leaves in one segment. An answer to HEAD has
/// no length: it would have to be that of the body which is left out (RFC 9110, 8.6).
async fn whole(response: Response, is_head: bool) -> Response<Full<Bytes>> {
    let (mut parts, body) = response.into_parts();
    // Every body of the HTTP surface is in memory already: it can't fail.
    let bytes = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    if is_head {
        return Response::from_parts(parts, Full::default());
    }
    if parts.status != StatusCode::NO_CONTENT {
        parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(bytes.len()));
    }
    Response::from_parts(parts, Full::new(bytes))
}

//! What every request passes on its way to the router: whose it is, whether there is room, how long it may take.
//!
//! `futures-util` catches panics here rather than `tower-http`'s layer, which wraps the same call: the layer's handler is
//! given the panic alone, while our line of the log has the request's number and duration.

use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use countersign_http_api::{ClientAddress, RequestStart, refusal};
use futures_util::FutureExt;
use tokio::sync::{Semaphore, SemaphorePermit};
use tower::ServiceExt;

use super::arrival::Arrival;
use super::client_address::ClientAddresses;
use super::malformed;
use super::shares::{Share, Shares};
use super::shed::Shed;
use crate::config::ServerSettings;

/// Answered however much there is to do: an overloaded process is alive, and restarting it would make it worse.
pub(super) const ALWAYS: [&str; 2] = ["/healthz", "/readyz"];

/// Where providers report. Every client can send anything there, and its body is read before its
/// signature is checked.
const CALLBACKS: &str = "/v1/callbacks/";

/// Callbacks worked on at once: 16 MiB of bodies. They have room of their own, so that callers lose
/// none to them.
const MAX_CALLBACKS: usize = 64;

/// Those of one client, so that bodies which never come hold no room of the providers' reports.
const MAX_CALLBACKS_OF_ONE: usize = 16;

/// The way to the router.
pub(super) struct Gate {
    router: Router,
    addresses: ClientAddresses,
    room: Semaphore,
    callbacks: Shares,
    timeout: Duration,
    shed: Arc<Shed>,
    /// The number of the first request: a random one, since the number of a process may be the same
    /// after a restart.
    first: u64,
    begun: AtomicU64,
}

impl Gate {
    /// Lets requests to `router` as `settings` say.
    pub(super) fn new(router: Router, settings: &ServerSettings, shed: Arc<Shed>) -> Self {
        Self {
            router,
            addresses: ClientAddresses::new(settings),
            room: Semaphore::new(settings.max_concurrent_requests as usize),
            callbacks: Shares::new(MAX_CALLBACKS, MAX_CALLBACKS_OF_ONE),
            timeout: settings.request_timeout(),
            shed,
            first: getrandom::u64().unwrap_or_default(),
            begun: AtomicU64::new(0),
        }
    }

    /// Answers `request`, that came from `peer`.
    pub(super) async fn pass(&self, request: Request<Body>, peer: IpAddr) -> Response {
        let arrival = Arrival::default();
        let request = request.map(|body| arrival.watch(body));
        let mut response = self.answer(request, &arrival, peer).await;
        if !arrival.is_over() {
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }

    async fn answer(
        &self,
        mut request: Request<Body>,
        arrival: &Arrival,
        peer: IpAddr,
    ) -> Response {
        let address = self.addresses.of(request.headers(), peer);
        let path = request.uri().path();
        let is_callback = path.starts_with(CALLBACKS);
        let Some(_room) = self.room(path, is_callback, address) else {
            return refusal::overloaded();
        };
        if malformed::is_odd(&request) {
            let mut response = refusal::malformed(StatusCode::BAD_REQUEST);
            // Where it ends is a matter of opinion: nothing after it is read.
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            return response;
        }
        let number = self.first.wrapping_add(self.begun.fetch_add(1, Ordering::Relaxed));
        let start = RequestStart { number, at: Instant::now() };
        request.extensions_mut().insert(ClientAddress(address));
        request.extensions_mut().insert(start);
        // What unwinds is dropped with the request: nothing that it left half done is looked at again.
        let work = AssertUnwindSafe(self.router.clone().oneshot(request)).catch_unwind();
        let response = match tokio::time::timeout(self.timeout, work).await {
            Ok(Ok(Ok(response))) => response,
            Ok(Err(_)) => unanswered(start, "a request broke off", refusal::internal()),
            // The client's doing, and no call of the engine began.
            Err(_) if arrival.is_awaited() => refusal::slow_body(),
            Err(_) => unanswered(start, "a request took too long", refusal::timeout()),
        };
        if response.status() == StatusCode::UNAUTHORIZED && !is_callback {
            self.shed.unauthorized.add(address);
        }
        response
    }

    /// Room for a request; nothing, and counted, where there is none.
    fn room(&self, path: &str, is_callback: bool, client: IpAddr) -> Option<Room<'_>> {
        let (room, shed) = if ALWAYS.contains(&path) {
            return Some(Room::Always);
        } else if is_callback {
            (self.callbacks.take(client).map(Room::Callback), &self.shed.callbacks)
        } else {
            (self.room.try_acquire().ok().map(Room::Request), &self.shed.requests)
        };
        if room.is_none() {
            shed.add();
        }
        room
    }
}

/// What a request holds while it is worked on.
enum Room<'a> {
    Always,
    Callback(#[expect(dead_code, reason = "held")] Share<'a>),
    Request(#[expect(dead_code, reason = "held")] SemaphorePermit<'a>),
}

/// Logs a request whose own line was never written.
fn unanswered(start: RequestStart, message: &'static str, response: Response) -> Response {
    let (status, duration_ms) = (response.status().as_u16(), start.milliseconds());
    tracing::warn!(request = %start, status, duration_ms, "{message}");
    response
}

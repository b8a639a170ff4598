//! One connection: HTTP/1.1 with keep-alive, on a socket with a bounded patience.
//!
//! hyper-util's `GracefulShutdown` would not do for its end: it closes resting connections at once, where a request may
//! be on its way (here after 300 ms), and sees only what hyper holds, while one that rests is a bare socket of ours.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use countersign_http_api::refusal;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::gate::{ALWAYS, Gate};
use super::heads::Framing;
use super::lingering;
use super::patience::{Limits, Patience};
use super::phase::Phase;
use super::seats::Seat;
use super::shed::Shed;
use crate::config::ServerSettings;

/// What the head of a request may hold, in bytes.
const MAX_HEAD_BYTES: usize = 16 * 1024;

/// How long a resting connection is kept at shutdown. A request may be on its way on it: it is answered, with
/// `connection: close`. Closing at once would lose it, and proxies don't repeat a POST.
const LINGER: Duration = Duration::from_millis(300);

/// How long a connection has to rest until what hyper keeps for it is given up.
const RESTS_AFTER: Duration = Duration::from_millis(250);

/// How the connections of a server are served.
pub(super) struct Connections {
    gate: Arc<Gate>,
    http: http1::Builder,
    limits: Limits,
    /// How long a connection may rest.
    idle: Duration,
    closing: watch::Receiver<bool>,
}

impl Connections {
    /// Serves through `gate`, until `closing` turns true.
    pub(super) fn new(
        gate: Gate,
        settings: &ServerSettings,
        closing: watch::Receiver<bool>,
        shed: Arc<Shed>,
    ) -> Self {
        let mut http = http1::Builder::new();
        // hyper's time-out begins when it starts to wait for a head. `Patience` has the one for a head that has begun, and
        // `serve` the one for resting: hyper's own must not ring before them, since it ends the connection without a word.
        http.timer(TokioTimer::new())
            .header_read_timeout(settings.idle_timeout() + settings.header_timeout())
            .max_buf_size(MAX_HEAD_BYTES)
            .keep_alive(true);
        let (head, write) = (settings.header_timeout(), settings.write_timeout());
        let (gate, idle) = (Arc::new(gate), settings.idle_timeout());
        Self { gate, http, limits: Limits { head, write, shed }, idle, closing }
    }

    /// Serves the requests of one connection, until another one needs its place.
    ///
    /// While it rests it is a socket and no more: what hyper keeps for a connection are buffers of 16 KiB, and most
    /// connections rest most of the time.
    pub(super) fn serve(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
        phase: Phase,
        seat: Seat,
    ) -> impl Future<Output = ()> + Send + 'static {
        let gate = Arc::clone(&self.gate);
        let mut io = Patience::new(stream, phase.clone(), self.limits.clone());
        let mut closing = self.closing.clone();
        let (goodbye, ending) = (self.closing.clone(), self.closing.clone());
        let (http, idle) = (self.http.clone(), self.idle);
        let mut patience = self.limits.head;
        let requests = phase.clone();
        let mut service = service_fn(move |request: Request<Incoming>| {
            let gate = Arc::clone(&gate);
            let busy = requests.busy(Framing::of(&request));
            let goodbye = goodbye.clone();
            async move {
                let mut response = gate.pass(request.map(Body::new), peer.ip()).await;
                drop(busy);
                if *goodbye.borrow() {
                    let headers = response.headers_mut();
                    headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
                }
                whole(response).await
            }
        });
        async move {
            let mut lingered = pin!(async {
                let _ = closing.wait_for(|closing| *closing).await;
                tokio::time::sleep(LINGER).await;
            });
            loop {
                tokio::select! {
                    // What is there counts, however late this task finds out.
                    biased;
                    has_more = io.has_more() => if !has_more { return },
                    () = seat.lost() => return,
                    () = lingered.as_mut() => return,
                    () = tokio::time::sleep(patience) => return,
                }
                let mut connection = Box::new(http.serve_connection(TokioIo::new(io), service));
                let ended = tokio::select! {
                    ended = until_rest(connection.as_mut(), &phase) => ended,
                    () = seat.lost() => return,
                    () = lingered.as_mut() => {
                        Pin::new(connection.as_mut()).graceful_shutdown();
                        Some(connection.as_mut().await)
                    }
                };
                let parts = connection.into_parts();
                if let Some(ended) = ended {
                    if let Err(error) = ended {
                        tracing::debug!(%error, "a connection ended early");
                    }
                    // A shutdown waits for this.
                    let at_most = if *ending.borrow() { LINGER } else { lingering::LINGERS };
                    tokio::select! {
                        () = close(parts.io.into_inner(), at_most) => {}
                        () = seat.lost() => {}
                    }
                    return;
                }
                (io, service) = (parts.io.into_inner(), parts.service);
                io.put_back(&parts.read_buf);
                patience = idle;
            }
        }
    }

    /// Tells the first request that there are too many connections, and closes. A question after
    /// our health is answered all the same.
    pub(super) fn refuse(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
        phase: Phase,
        seat: Seat,
    ) -> impl Future<Output = ()> + Send + 'static {
        let gate = Arc::clone(&self.gate);
        let patience = self.limits.head + self.limits.write;
        let io = Patience::new(stream, phase.clone(), self.limits.clone());
        let service = service_fn(move |request: Request<Incoming>| {
            let gate = Arc::clone(&gate);
            let busy = phase.busy(Framing::of(&request));
            async move {
                let response = if ALWAYS.contains(&request.uri().path()) {
                    gate.pass(request.map(Body::new), peer.ip()).await
                } else {
                    refusal::overloaded()
                };
                drop(busy);
                whole(response).await
            }
        });
        let mut http = self.http.clone();
        let mut connection =
            Box::new(http.keep_alive(false).serve_connection(TokioIo::new(io), service));
        async move {
            let work = async {
                if tokio::time::timeout(patience, connection.as_mut()).await.is_ok() {
                    close(connection.into_parts().io.into_inner(), lingering::LINGERS).await;
                }
            };
            tokio::select! {
                () = work => {}
                () = seat.lost() => {}
            }
        }
    }
}

/// Ends a connection such that its client can read the last answer.
async fn close(io: Patience, at_most: Duration) {
    lingering::close(io.into_stream().await, at_most).await;
}

/// Drives a connection to its end, or until it has rested for a while: nothing then.
async fn until_rest<C: Future + Unpin>(mut connection: C, phase: &Phase) -> Option<C::Output> {
    let mut timer = pin!(None);
    poll_fn(|context| {
        if let Poll::Ready(ended) = Pin::new(&mut connection).poll(context) {
            return Poll::Ready(Some(ended));
        }
        if !phase.is_settled() {
            timer.set(None);
            return Poll::Pending;
        }
        if timer.is_none() {
            timer.set(Some(tokio::time::sleep(RESTS_AFTER)));
        }
        match timer.as_mut().as_pin_mut().map(|timer| timer.poll(context)) {
            Some(Poll::Ready(())) => Poll::Ready(None),
            _ => Poll::Pending,
        }
    })
    .await
}

/// A response whose body is in memory, as all of ours are, so that hyper writes all of it or is still at it.
async fn whole(response: Response) -> Result<hyper::Response<Full<Bytes>>, axum::Error> {
    let (parts, body) = response.into_parts();
    let body = body.collect().await?.to_bytes();
    Ok(hyper::Response::from_parts(parts, Full::new(body)))
}

//! One connection: HTTP/1.1 with keep-alive, on a socket with a bounded patience.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, header};
use countersign_http_api::refusal;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::gate::{ALWAYS, Gate};
use super::heads::Framing;
use super::patience::{Limits, Patience, Phase};
use super::seats::Seat;
use super::shed::Shed;
use crate::config::ServerSettings;

/// What the head of a request may hold, in bytes.
const MAX_HEAD_BYTES: usize = 16 * 1024;

/// How long a resting connection is kept at shutdown. A request may be on its way on it: it is answered, with
/// `connection: close`. Closing at once would lose it, and proxies don't repeat a POST.
const LINGER: Duration = Duration::from_millis(300);

/// How the connections of a server are served.
pub(super) struct Connections {
    gate: Arc<Gate>,
    http: http1::Builder,
    limits: Limits,
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
        // hyper's time-out begins when it starts to wait for a head, and so is the one for resting as well;
        // `Patience` has the one for a head that has begun.
        http.timer(TokioTimer::new())
            .header_read_timeout(settings.idle_timeout())
            .max_buf_size(MAX_HEAD_BYTES)
            .keep_alive(true);
        let (head, write) = (settings.header_timeout(), settings.write_timeout());
        Self { gate: Arc::new(gate), http, limits: Limits { head, write, shed }, closing }
    }

    /// Serves the requests of one connection, until another one needs its place.
    pub(super) fn serve(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
        phase: Phase,
        seat: Seat,
    ) -> impl Future<Output = ()> + Send + 'static {
        let gate = Arc::clone(&self.gate);
        let io = Patience::new(stream, phase.clone(), self.limits.clone());
        let mut closing = self.closing.clone();
        let goodbye = self.closing.clone();
        let service = service_fn(move |request: Request<Incoming>| {
            let gate = Arc::clone(&gate);
            let busy = phase.busy(Framing::of(&request));
            let goodbye = goodbye.clone();
            async move {
                let mut response = gate.pass(request.map(Body::new), peer.ip()).await;
                drop(busy);
                if *goodbye.borrow() {
                    let headers = response.headers_mut();
                    headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
                }
                Ok::<_, std::convert::Infallible>(response)
            }
        });
        let connection = self.http.serve_connection(TokioIo::new(io), service);
        async move {
            let mut connection = pin!(connection);
            let lingered = async {
                let _ = closing.wait_for(|closing| *closing).await;
                tokio::time::sleep(LINGER).await;
            };
            let ended = tokio::select! {
                ended = connection.as_mut() => ended,
                () = seat.lost() => Ok(()),
                () = lingered => {
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            };
            if let Err(error) = ended {
                tracing::debug!(%error, "a connection ended early");
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
                Ok::<_, std::convert::Infallible>(response)
            }
        });
        let mut http = self.http.clone();
        let connection = http.keep_alive(false).serve_connection(TokioIo::new(io), service);
        async move {
            tokio::select! {
                _ = tokio::time::timeout(patience, connection) => {}
                () = seat.lost() => {}
            }
        }
    }
}

//! An operator's webhook: takes signed messages over HTTP, and writes them where the sender `file` would.

use std::convert::Infallible;
use std::fs::{File, OpenOptions};
use std::io::{Error, Result, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use http_body_util::{BodyExt, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{HeaderMap, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use standardwebhooks::Webhook;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// What messages to a receiver are signed with.
pub const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// A running receiver, gone with the test.
pub struct Receiver {
    address: SocketAddr,
    state: Arc<State>,
    task: JoinHandle<()>,
}

struct State {
    outbox: File,
    webhook: Webhook,
    forged: AtomicU32,
    received: AtomicU32,
    any_time: AtomicBool,
    delay_ms: AtomicU64,
    status: AtomicU32,
}

impl Receiver {
    /// Starts one on a free port, which appends what it takes to `outbox`.
    ///
    /// # Errors
    ///
    /// Where the file can't be opened or no port is free.
    pub async fn start(outbox: &Path) -> Result<Self> {
        let outbox = OpenOptions::new().append(true).create(true).open(outbox)?;
        let webhook = Webhook::new(SECRET).map_err(Error::other)?;
        let state = Arc::new(State {
            outbox,
            webhook,
            forged: AtomicU32::new(0),
            received: AtomicU32::new(0),
            any_time: AtomicBool::new(false),
            delay_ms: AtomicU64::new(0),
            status: AtomicU32::new(204),
        });
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let task = tokio::spawn(serve(listener, Arc::clone(&state)));
        Ok(Self { address, state, task })
    }

    /// Where it is, without a path: `http://127.0.0.1:1234`.
    #[must_use]
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Messages that it refused: without a good signature.
    #[must_use]
    pub fn forged(&self) -> u32 {
        self.state.forged.load(Ordering::Relaxed)
    }

    /// Requests that have come in, whatever became of them.
    #[must_use]
    pub fn received(&self) -> u32 {
        self.state.received.load(Ordering::Relaxed)
    }

    /// Takes messages however long ago they were signed: of an app whose clock a test holds.
    pub fn at_any_time(&self) {
        self.state.any_time.store(true, Ordering::Relaxed);
    }

    /// Has every answer take so long from now on.
    pub fn answer_after(&self, delay: Duration) {
        let delay = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
        self.state.delay_ms.store(delay, Ordering::Relaxed);
    }

    /// Has every good message answered with `status` from now on; it is taken only where that is a success.
    pub fn answer_with(&self, status: u16) {
        self.state.status.store(status.into(), Ordering::Relaxed);
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(listener: TcpListener, state: Arc<State>) {
    while let Ok((stream, _)) = listener.accept().await {
        let state = Arc::clone(&state);
        tokio::spawn(async move {
            let answer = service_fn(|request| {
                let state = Arc::clone(&state);
                async move { Ok::<_, Infallible>(state.answer(request).await) }
            });
            let http = hyper::server::conn::http1::Builder::new();
            // A client that goes away is no business of the receiver's.
            let _ = http.serve_connection(TokioIo::new(stream), answer).await;
        });
    }
}

impl State {
    async fn answer(&self, request: Request<Incoming>) -> Response<Empty<Bytes>> {
        self.received.fetch_add(1, Ordering::Relaxed);
        let status = self.taken(request).await.unwrap_or_else(|| {
            self.forged.fetch_add(1, Ordering::Relaxed);
            StatusCode::UNAUTHORIZED
        });
        tokio::time::sleep(Duration::from_millis(self.delay_ms.load(Ordering::Relaxed))).await;
        let mut response = Response::new(Empty::new());
        *response.status_mut() = status;
        response
    }

    fn signed_at_any_time(&self, body: &[u8], headers: &HeaderMap) -> Option<()> {
        let header = |name: &str| headers.get(name)?.to_str().ok();
        let time = header("webhook-timestamp")?.parse().ok()?;
        let expected = self.webhook.sign(header("webhook-id")?, time, body).ok()?;
        (header("webhook-signature")? == expected).then_some(())
    }

    /// What a message with a good signature is answered; nothing where it has none.
    async fn taken(&self, request: Request<Incoming>) -> Option<StatusCode> {
        let (head, body) = request.into_parts();
        let body = body.collect().await.ok()?.to_bytes();
        if self.any_time.load(Ordering::Relaxed) {
            self.signed_at_any_time(&body, &head.headers)?;
        } else {
            self.webhook.verify(&body, &head.headers).ok()?;
        }
        let message: Value = serde_json::from_slice(&body).ok()?;
        let status = u16::try_from(self.status.load(Ordering::Relaxed)).ok()?;
        let status = StatusCode::from_u16(status).ok()?;
        if status.is_success() {
            let line = format!("{}\n", message.get("data")?);
            (&self.outbox).write_all(line.as_bytes()).ok()?;
        }
        Some(status)
    }
}

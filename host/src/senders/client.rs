//! Calls to providers over HTTP: one client for all of them. Connections are kept, certificates verified always,
//! redirects followed never, and every wait has an end.

use std::path::Path;
use std::pin::Pin;
use std::time::Duration;

use axum::body::Bytes;
use countersign_providers::{MAX_RESPONSE_BYTES, TransportError};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::{Request, Response, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::ClientConfig;
use tokio::time::{Instant, timeout, timeout_at};
use tower::timeout::Timeout;
use tower::util::MapFuture;

use crate::tls;

/// Until there is a connection: name, address and TLS together.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// Until the head of the answer is there, connecting included.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// For the body of an answer.
const BODY_TIMEOUT: Duration = Duration::from_secs(3);
/// For which an unused connection is kept: less than servers commonly keep theirs.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);
/// Unused connections to one host.
const MAX_IDLE: usize = 32;
/// Of the head of an answer.
const MAX_HEAD_BYTES: usize = 32 * 1024;

/// Why the client can't be made.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The file of further authorities can't be used.
    #[error("{path} {reason}")]
    Authorities {
        /// The file.
        path: String,
        /// Why.
        reason: String,
    },
    /// The TLS library refuses its own defaults.
    #[error("TLS can't be set up: {0}")]
    Tls(#[from] rustls::Error),
}

/// Calls providers.
#[derive(Clone)]
pub struct HttpClient {
    client: Client<Connector, Full<Bytes>>,
}

type Connecting = Pin<Box<dyn Future<Output = ConnectResult> + Send>>;
type ConnectResult = Result<
    <HttpsConnector<HttpConnector> as tower::Service<Uri>>::Response,
    Box<dyn std::error::Error + Send + Sync>,
>;
type Patient = Timeout<HttpsConnector<HttpConnector>>;
type Connector = MapFuture<Patient, fn(<Patient as tower::Service<Uri>>::Future) -> Connecting>;

impl HttpClient {
    /// A client that trusts the public authorities, and those in `authorities` (PEM) as well.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn new(authorities: Option<&Path>) -> Result<Self, ClientError> {
        let mut http = HttpConnector::new();
        http.enforce_http(false);
        http.set_nodelay(true);
        let https = HttpsConnectorBuilder::new()
            .with_tls_config(config(authorities)?)
            // `http:` is for loopback only, which the settings saw to.
            .https_or_http()
            .enable_http1()
            .wrap_connector(http);
        let connector: Connector =
            MapFuture::new(Timeout::new(https, CONNECT_TIMEOUT), |connecting| Box::pin(connecting));
        let client = Client::builder(TokioExecutor::new())
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_max_idle_per_host(MAX_IDLE)
            .pool_timer(TokioTimer::new())
            .http1_max_buf_size(MAX_HEAD_BYTES)
            .build(connector);
        Ok(Self { client })
    }

    /// Calls, and reads the answer; of its body what came, where it is cut short. Everything within `patience`.
    ///
    /// # Errors
    /// [`TransportError`] where there is no answer.
    pub async fn call(
        &self,
        request: Request<Vec<u8>>,
        patience: Duration,
    ) -> Result<Response<Vec<u8>>, TransportError> {
        let request = request.map(|body| Full::new(Bytes::from(body)));
        let end = Instant::now() + patience;
        let head_timeout = HEAD_TIMEOUT.min(patience);
        let answer = match timeout(head_timeout, self.client.request(request)).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) if error.is_connect() => return Err(TransportError::Unreachable),
            Ok(Err(_)) => return Err(TransportError::Broken),
            Err(_) => return Err(TransportError::TimedOut),
        };
        let (head, body) = answer.into_parts();
        let mut bytes = Vec::new();
        // What came until then is what there is.
        let body_end = end.min(Instant::now() + BODY_TIMEOUT);
        let _ = timeout_at(body_end, read(body, &mut bytes)).await;
        Ok(Response::from_parts(head, bytes))
    }
}

/// Reads a body as far as it comes, at most [`MAX_RESPONSE_BYTES`].
async fn read(mut body: Incoming, bytes: &mut Vec<u8>) {
    while let Some(Ok(frame)) = body.frame().await {
        let Ok(data) = frame.into_data() else { continue };
        let room = MAX_RESPONSE_BYTES.saturating_sub(bytes.len());
        bytes.extend_from_slice(data.get(..room).unwrap_or(&data));
        if bytes.len() >= MAX_RESPONSE_BYTES {
            return;
        }
    }
}

/// What connections to providers are encrypted with.
pub(super) fn config(authorities: Option<&Path>) -> Result<ClientConfig, ClientError> {
    let mut roots = tls::public_authorities();
    if let Some(path) = authorities {
        tls::add_authorities(&mut roots, path).map_err(|reason| ClientError::Authorities {
            path: path.display().to_string(),
            reason,
        })?;
    }
    Ok(tls::client_config(roots, None)?)
}

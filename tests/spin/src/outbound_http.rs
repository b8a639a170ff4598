//! Outgoing HTTP for the guest: only to allowed hosts, over pooled connections, within the guest's time-outs.
//! Without TLS: tests talk to loopback.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::Uri;
use http::header::HOST;
use http::uri::Scheme;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep, timeout};
use tower::util::BoxCloneSyncService;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks};

use crate::allowed_hosts::AllowedHosts;

/// Spin's, for each of the three.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(600);

type Connector = BoxCloneSyncService<Uri, TokioIo<TcpStream>, Error>;

tokio::task_local! {
    /// How long a new connection may take: the client's pool knows no time-out of a single request.
    static CONNECT_TIMEOUT: Duration;
}

/// The connections of one stand-in, shared by all its instances.
#[derive(Clone)]
pub(crate) struct OutboundHttp {
    client: Client<Connector, WasiBody>,
    allowed: AllowedHosts,
}

/// What one request is answered with: the response, and what is left to be done on its connection, which is
/// nothing here.
type Answer = Result<(http::Response<WasiBody>, Rest), Error>;
type Rest = Box<dyn Future<Output = Result<(), Error>> + Send>;

impl OutboundHttp {
    pub(crate) fn new(allowed: AllowedHosts) -> Self {
        let connector = BoxCloneSyncService::new(tower::service_fn(connect));
        Self { client: Client::builder(TokioExecutor::new()).build(connector), allowed }
    }

    async fn send(self, mut request: http::Request<WasiBody>, options: RequestOptions) -> Answer {
        let has_host = request.uri().host().is_some_and(|host| !host.is_empty());
        if !has_host || !self.allowed.allow(&request.uri().to_string(), "https") {
            return Err(Error::HttpRequestDenied);
        }
        if request.uri().scheme() != Some(&Scheme::HTTP) {
            eprintln!("outgoing HTTP: the stand-in speaks no TLS");
            return Err(Error::TlsProtocolError);
        }
        // The client writes it, from the address.
        request.headers_mut().remove(HOST);
        let connect = options.connect_timeout.unwrap_or(DEFAULT_TIMEOUT);
        let first_byte = options.first_byte_timeout.unwrap_or(DEFAULT_TIMEOUT);
        let between_bytes = options.between_bytes_timeout.unwrap_or(DEFAULT_TIMEOUT);
        let answer = CONNECT_TIMEOUT.scope(connect, self.client.request(request));
        let response = timeout(first_byte, answer)
            .await
            .map_err(|_| Error::ConnectionReadTimeout)?
            .map_err(|error| cause(&error))?;
        let response = response
            .map(|body| PatientBody { body: Some(body), between_bytes, waiting: None })
            .map(BodyExt::boxed_unsync);
        Ok((response, Box::new(std::future::ready(Ok(())))))
    }
}

impl WasiHttpHooks for OutboundHttp {
    fn send_request(
        &mut self,
        request: http::Request<WasiBody>,
        options: Option<RequestOptions>,
        // How the guest fares with the response doesn't matter here.
        _fared: Rest,
    ) -> Box<dyn Future<Output = Answer> + Send> {
        Box::new(self.clone().send(request, options.unwrap_or_default()))
    }
}

async fn connect(uri: Uri) -> Result<TokioIo<TcpStream>, Error> {
    let limit = CONNECT_TIMEOUT.try_with(|limit| *limit).unwrap_or(DEFAULT_TIMEOUT);
    let host = uri.host().ok_or(Error::HttpRequestUriInvalid)?;
    let address = (host.trim_matches(['[', ']']), uri.port_u16().unwrap_or(80));
    let unknown =
        |_| Error::DnsError { rcode: Some("address not available".into()), info_code: Some(0) };
    let addresses: Vec<_> = tokio::net::lookup_host(address).await.map_err(unknown)?.collect();
    let stream = timeout(limit, TcpStream::connect(addresses.as_slice())).await;
    let stream = stream.map_err(|_| Error::ConnectionTimeout)?;
    stream.map(TokioIo::new).map_err(|_| Error::ConnectionRefused)
}

/// What Spin makes of a client's error: our own, where it holds one, and `HTTP-protocol-error` otherwise.
fn cause(error: &hyper_util::client::legacy::Error) -> Error {
    let ours = std::error::Error::source(error).and_then(|cause| cause.downcast_ref::<Error>());
    match ours {
        Some(Error::ConnectionRefused) => Error::ConnectionRefused,
        Some(Error::ConnectionTimeout) => Error::ConnectionTimeout,
        Some(Error::DnsError { rcode, info_code }) => {
            Error::DnsError { rcode: rcode.clone(), info_code: *info_code }
        }
        Some(Error::HttpRequestUriInvalid) => Error::HttpRequestUriInvalid,
        _ => Error::HttpProtocolError,
    }
}

/// A response's body that fails where its bytes come too slowly, and lets go of the connection then.
struct PatientBody {
    body: Option<Incoming>,
    between_bytes: Duration,
    waiting: Option<Pin<Box<Sleep>>>,
}

impl Body for PatientBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let Some(body) = self.body.as_mut() else { return Poll::Ready(None) };
        if let Poll::Ready(frame) = Pin::new(body).poll_frame(context) {
            self.waiting = None;
            return Poll::Ready(frame.map(|frame| frame.map_err(|_| Error::HttpProtocolError)));
        }
        let limit = self.between_bytes;
        let waiting = self.waiting.get_or_insert_with(|| Box::pin(sleep(limit)));
        if waiting.as_mut().poll(context).is_pending() {
            return Poll::Pending;
        }
        self.body = None;
        Poll::Ready(Some(Err(Error::ConnectionReadTimeout)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Incoming::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map(Incoming::size_hint).unwrap_or_default()
    }
}

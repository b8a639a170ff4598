//! The HTTP server: a task for each connection, and what Spin answers by itself.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Empty, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use tokio::net::TcpListener;
use wasmtime_wasi_http::handler::ProxyHandler;
use wasmtime_wasi_http::{Error, WasiBody};

use crate::headers;
use crate::instances::Instances;
use crate::routes::{self, Route};

/// Paths that Spin answers itself.
const WELL_KNOWN: &str = "/.well-known/spin/";

/// What answers requests.
pub(crate) struct Server {
    pub(crate) instances: ProxyHandler<Instances>,
    pub(crate) routes: Vec<Route>,
}

impl Server {
    /// Takes connections until its task is ended.
    pub(crate) async fn serve(self: Arc<Self>, listener: TcpListener) {
        loop {
            match listener.accept().await {
                // Without TCP_NODELAY, as Spin has it: what an answer in two pieces costs must show.
                Ok((stream, client)) => {
                    let server = Arc::clone(&self);
                    tokio::spawn(server.serve_connection(TokioIo::new(stream), client));
                }
                Err(error) => eprintln!("no connection could be accepted: {error}"),
            }
        }
    }

    async fn serve_connection(
        self: Arc<Self>,
        stream: TokioIo<tokio::net::TcpStream>,
        client: SocketAddr,
    ) {
        let builder = Builder::new(TokioExecutor::new());
        let service = service_fn(|request| Arc::clone(&self).answer(request, client));
        // A client that goes away, or speaks no HTTP, concerns no test.
        let _ = builder.serve_connection(stream, service).await;
    }

    async fn answer(
        self: Arc<Self>,
        mut request: Request<Incoming>,
        client: SocketAddr,
    ) -> Result<Response<WasiBody>, String> {
        let path = request.uri().path().to_owned();
        if let Some(name) = path.strip_prefix(WELL_KNOWN) {
            return Ok(match name {
                "health" => plain(StatusCode::OK, "OK"),
                _ => empty(StatusCode::NOT_FOUND),
            });
        }
        let Some(matched) = routes::find(&self.routes, &path) else {
            return Ok(empty(StatusCode::NOT_FOUND));
        };
        headers::complete_address(&mut request)?;
        if let Err(reason) = headers::add_own(&mut request, &matched, client) {
            return Ok(failed(&reason));
        }
        let request = request.map(|body| body.map_err(Error::from).boxed_unsync());
        let answer = self.instances.handle((), request).await;
        Ok(answer.unwrap_or_else(|error| failed(&format!("{error:?}"))))
    }
}

/// No free instance, a trap, a panic, an error code from the guest: all the same to the client.
fn failed(reason: &str) -> Response<WasiBody> {
    eprintln!("Error processing request: {reason}");
    empty(StatusCode::INTERNAL_SERVER_ERROR)
}

fn empty(status: StatusCode) -> Response<WasiBody> {
    respond(status, Empty::new().map_err(Error::from).boxed_unsync())
}

fn plain(status: StatusCode, text: &'static str) -> Response<WasiBody> {
    let body = Full::new(Bytes::from_static(text.as_bytes()));
    respond(status, body.map_err(Error::from).boxed_unsync())
}

fn respond(status: StatusCode, body: WasiBody) -> Response<WasiBody> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response
}

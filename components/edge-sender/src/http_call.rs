//! Calls over `wasi:http`, synchronously: each wait is for the call or for the deadline, whichever comes first.
//!
//! Certificates are the host's to verify, and redirects are not followed. What an error of the host says beside
//! its kind is dropped: it isn't meant for operators.

use std::time::Duration;

use countersign_providers::{MAX_RESPONSE_BYTES, TransportError};
use http::uri::Scheme as UriScheme;
use http::{HeaderName, HeaderValue, Request, Response};

use crate::bindings::wasi::clocks::monotonic_clock::{now, subscribe_instant};
use crate::bindings::wasi::http::outgoing_handler::handle;
use crate::bindings::wasi::http::types::{
    ErrorCode, Fields, FutureIncomingResponse, IncomingResponse, Method, OutgoingBody,
    OutgoingRequest, RequestOptions, Scheme,
};
use crate::bindings::wasi::io::poll::{Pollable, poll};
use crate::bindings::wasi::io::streams::{OutputStream, StreamError};

const NANOSECONDS: u64 = 1_000_000_000;
/// Until there is a connection.
const CONNECT_SECONDS: u64 = 3;
/// Until the whole head of the answer is there, connecting included.
const FIRST_BYTE_SECONDS: u64 = 8;
/// Between two pieces of the answer's body.
const BETWEEN_BYTES_SECONDS: u64 = 5;
/// Of a body at once.
const CHUNK_BYTES: usize = 16 * 1024;

/// When everything has to be over.
pub(crate) struct Deadline {
    /// By the monotonic clock, in nanoseconds.
    at: u64,
    event: Pollable,
}

impl Deadline {
    /// So many seconds from now.
    pub(crate) fn after_seconds(seconds: u64) -> Self {
        let at = now().saturating_add(seconds * NANOSECONDS);
        Self { at, event: subscribe_instant(at) }
    }

    /// What is left.
    pub(crate) fn patience(&self) -> Duration {
        Duration::from_nanos(self.at.saturating_sub(now()))
    }

    /// Calls, and reads the answer; of its body what came, where it is cut short.
    ///
    /// # Errors
    /// [`TransportError`] where there is no answer.
    pub(crate) fn call(
        &self,
        request: Request<Vec<u8>>,
    ) -> Result<Response<Vec<u8>>, TransportError> {
        let (head, body) = request.into_parts();
        let outgoing = outgoing(&head).ok_or(TransportError::Unreachable)?;
        let upload = Upload::open(&outgoing, &body).ok_or(TransportError::Unreachable)?;
        let answer = handle(outgoing, Some(options())).map_err(|code| failure(&code))?;
        upload.finish(self);
        self.answer(&answer)
    }

    fn answer(&self, answer: &FutureIncomingResponse) -> Result<Response<Vec<u8>>, TransportError> {
        if !self.wait_for(&answer.subscribe()) {
            return Err(TransportError::TimedOut);
        }
        let Some(Ok(answer)) = answer.get() else { return Err(TransportError::Broken) };
        let answer = answer.map_err(|code| failure(&code))?;
        let mut response = Response::builder().status(answer.status());
        for (name, value) in answer.headers().entries() {
            // What is no header isn't one that a provider looks for.
            if let (Ok(name), Ok(value)) =
                (HeaderName::try_from(name), HeaderValue::try_from(value))
            {
                response = response.header(name, value);
            }
        }
        response.body(self.body(&answer)).map_err(|_| TransportError::Broken)
    }

    /// The body as far as it comes, at most [`MAX_RESPONSE_BYTES`].
    fn body(&self, answer: &IncomingResponse) -> Vec<u8> {
        let mut bytes = Vec::new();
        let Ok(body) = answer.consume() else { return bytes };
        let Ok(stream) = body.stream() else { return bytes };
        while bytes.len() < MAX_RESPONSE_BYTES {
            let room = (MAX_RESPONSE_BYTES - bytes.len()).min(CHUNK_BYTES);
            match stream.read(room as u64) {
                Ok(chunk) if chunk.is_empty() => {
                    if !self.wait_for(&stream.subscribe()) {
                        break;
                    }
                }
                Ok(chunk) => bytes.extend_from_slice(&chunk),
                Err(StreamError::Closed | StreamError::LastOperationFailed(_)) => break,
            }
        }
        bytes
    }

    /// Waits until `event` is ready; not, where the deadline is first.
    fn wait_for(&self, event: &Pollable) -> bool {
        poll(&[event, &self.event]).contains(&0)
    }
}

/// A request's body on its way. What the host takes at once is handed over before the call begins, so that it
/// leaves together with the head; the rest follows while the call is under way.
struct Upload<'a> {
    // Before the body that it belongs to: dropped in this order.
    stream: OutputStream,
    body: OutgoingBody,
    rest: &'a [u8],
}

impl<'a> Upload<'a> {
    fn open(request: &OutgoingRequest, bytes: &'a [u8]) -> Option<Self> {
        let body = request.body().ok()?;
        let stream = body.write().ok()?;
        let mut upload = Self { stream, body, rest: bytes };
        upload.write().ok()?;
        Some(upload)
    }

    /// Writes what the host takes without waiting.
    fn write(&mut self) -> Result<(), StreamError> {
        while !self.rest.is_empty() {
            let room = usize::try_from(self.stream.check_write()?).unwrap_or(usize::MAX);
            let Some((chunk, rest)) = self.rest.split_at_checked(room.min(self.rest.len())) else {
                break;
            };
            if chunk.is_empty() {
                break;
            }
            self.stream.write(chunk)?;
            self.rest = rest;
        }
        Ok(())
    }

    /// Writes the rest. A receiver that doesn't want it has answered, or not: the call tells.
    fn finish(mut self, deadline: &Deadline) {
        while !self.rest.is_empty() {
            if !deadline.wait_for(&self.stream.subscribe()) || self.write().is_err() {
                return;
            }
        }
        let Self { stream, body, .. } = self;
        drop(stream);
        // It fails where the call has; the call tells why.
        let _ = OutgoingBody::finish(body, None);
    }
}

fn outgoing(head: &http::request::Parts) -> Option<OutgoingRequest> {
    let fields = Fields::new();
    for (name, value) in &head.headers {
        fields.append(name.as_str(), value.as_bytes()).ok()?;
    }
    let request = OutgoingRequest::new(fields);
    let method = match head.method {
        http::Method::GET => Method::Get,
        http::Method::POST => Method::Post,
        ref other => Method::Other(other.as_str().to_owned()),
    };
    let is_plain = head.uri.scheme() == Some(&UriScheme::HTTP);
    let scheme = if is_plain { Scheme::Http } else { Scheme::Https };
    // Its text begins with a slash, also where the URL had none.
    let path = head.uri.path_and_query().map(ToString::to_string);
    request.set_method(&method).ok()?;
    request.set_scheme(Some(&scheme)).ok()?;
    request.set_authority(head.uri.authority().map(http::uri::Authority::as_str)).ok()?;
    request.set_path_with_query(path.as_deref()).ok()?;
    Some(request)
}

/// The time-outs, as far as the host has them: the deadline holds in any case.
fn options() -> RequestOptions {
    let options = RequestOptions::new();
    let _ = options.set_connect_timeout(Some(CONNECT_SECONDS * NANOSECONDS));
    let _ = options.set_first_byte_timeout(Some(FIRST_BYTE_SECONDS * NANOSECONDS));
    let _ = options.set_between_bytes_timeout(Some(BETWEEN_BYTES_SECONDS * NANOSECONDS));
    options
}

/// Which kind of failure the host tells. A connection that took too long never carried the message: that isn't a
/// time-out in the contract's sense. Whatever isn't known to come before a connection may come after the message left.
fn failure(code: &ErrorCode) -> TransportError {
    match code {
        ErrorCode::HttpRequestDenied => TransportError::Denied,
        ErrorCode::DestinationIpProhibited => TransportError::Prohibited,
        ErrorCode::ConnectionReadTimeout
        | ErrorCode::ConnectionWriteTimeout
        | ErrorCode::HttpResponseTimeout => TransportError::TimedOut,
        ErrorCode::ConfigurationError
        | ErrorCode::ConnectionLimitReached
        | ErrorCode::ConnectionRefused
        | ErrorCode::ConnectionTimeout
        | ErrorCode::DestinationIpUnroutable
        | ErrorCode::DestinationNotFound
        | ErrorCode::DestinationUnavailable
        | ErrorCode::DnsError(_)
        | ErrorCode::DnsTimeout
        | ErrorCode::HttpRequestUriInvalid
        | ErrorCode::HttpRequestUriTooLong
        | ErrorCode::TlsAlertReceived(_)
        | ErrorCode::TlsCertificateError
        | ErrorCode::TlsProtocolError => TransportError::Unreachable,
        _ => TransportError::Broken,
    }
}

//! A request's body, which waits by itself, for as long as there is [`Patience`]. After that it is pending without end:
//! who polled it gives it up, or is patient anew.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame};

use crate::bindings::wasi::http::types::{IncomingBody, IncomingRequest};
use crate::bindings::wasi::io::streams::{InputStream, StreamError};
use crate::patience::Patience;

/// What is read at once, at most.
const CHUNK_BYTES: u64 = 16 * 1024;

/// The body of a request.
pub(crate) struct Incoming {
    /// Nothing once it is read to its end. Before the body that it belongs to: dropped in this order.
    stream: Option<InputStream>,
    _body: Option<IncomingBody>,
    patience: Patience,
}

impl Incoming {
    pub(crate) fn of(request: &IncomingRequest, patience: &Patience) -> Self {
        // Each can be taken once, and fails after that. Here is the only place that takes them.
        let body = request.consume().ok();
        let stream = body.as_ref().and_then(|body| body.stream().ok());
        Self { stream, _body: body, patience: patience.clone() }
    }
}

impl Body for Incoming {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        while let Some(stream) = &self.stream {
            match stream.read(CHUNK_BYTES) {
                Ok(bytes) if bytes.is_empty() => {
                    if !self.patience.wait_for(&stream.subscribe()) {
                        return Poll::Pending;
                    }
                }
                Ok(bytes) => return Poll::Ready(Some(Ok(Frame::data(bytes.into())))),
                Err(StreamError::Closed) => self.stream = None,
                Err(StreamError::LastOperationFailed(_)) => {
                    self.stream = None;
                    return Poll::Ready(Some(Err(Cut)));
                }
            }
        }
        Poll::Ready(None)
    }

    fn is_end_stream(&self) -> bool {
        self.stream.is_none()
    }
}

/// The body ended before its end.
#[derive(Debug)]
pub(crate) struct Cut;

impl fmt::Display for Cut {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the body was cut short")
    }
}

impl std::error::Error for Cut {}

//! What has arrived of a request's body. It tells a slow client from a slow service, and whether the connection can
//! carry another request: after a body that was not read to its end it can't. hyper closes such a connection, but its answer
//! doesn't always say so, and the client's next request is lost.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use axum::body::Body;
use hyper::body::{Body as HttpBody, Bytes, Frame, SizeHint};

/// What has arrived of a body.
#[derive(Clone, Default)]
pub(super) struct Arrival(Arc<Seen>);

#[derive(Default)]
struct Seen {
    is_awaited: AtomicBool,
    is_over: AtomicBool,
}

impl Arrival {
    /// The same body, watched.
    pub(super) fn watch(&self, body: Body) -> Body {
        self.0.is_over.store(body.is_end_stream(), Ordering::Relaxed);
        Body::new(Watched { body, arrival: self.clone() })
    }

    /// Whether it is the client that everything waits for.
    pub(super) fn is_awaited(&self) -> bool {
        self.0.is_awaited.load(Ordering::Relaxed)
    }

    /// Whether the body was read to its end.
    pub(super) fn is_over(&self) -> bool {
        self.0.is_over.load(Ordering::Relaxed)
    }
}

struct Watched {
    body: Body,
    arrival: Arrival,
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        let is_over = matches!(frame, Poll::Ready(None)) || self.body.is_end_stream();
        self.arrival.0.is_awaited.store(frame.is_pending(), Ordering::Relaxed);
        self.arrival.0.is_over.store(is_over, Ordering::Relaxed);
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

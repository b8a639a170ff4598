//! Whether a request's body was read to its end. Where it wasn't, the connection can't carry another request: an answer
//! that does not say so has its client send one that is lost.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};

/// A body that notes when its end was read.
pub(super) struct Watched {
    body: Incoming,
    is_read: IsRead,
}

/// Whether it was.
#[derive(Clone)]
pub(super) struct IsRead(Arc<AtomicBool>);

impl IsRead {
    pub(super) fn get(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl Watched {
    pub(super) fn new(body: Incoming) -> (Self, IsRead) {
        let is_read = IsRead(Arc::new(AtomicBool::new(body.is_end_stream())));
        (Self { body, is_read: is_read.clone() }, is_read)
    }
}

impl Body for Watched {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        if frame.is_none() || self.body.is_end_stream() {
            self.is_read.0.store(true, Ordering::Relaxed);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

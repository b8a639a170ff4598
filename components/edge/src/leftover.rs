//! The rest of a request's body that was answered before its end.
//!
//! Spin's server resets a connection whose request was not read to its end, and a reset loses the answer that the
//! client has not read yet. So the rest is read and dropped for a while (RFC 9112, section 9.6).

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::Method;
use http_body::{Frame, SizeHint};
use http_body_util::BodyExt;

/// How long it is waited for: so many pauses.
pub const PAUSES: (u32, Duration) = (4, Duration::from_millis(250));

/// The most that is read of it: 1 MiB.
const MAX_BYTES: usize = 1024 * 1024;

/// Where the rest of a body lies once the body was dropped.
pub struct Leftover(Arc<Mutex<Option<Body>>>);

struct Watched {
    body: Body,
    leftover: Arc<Mutex<Option<Body>>>,
}

/// The same body, and what will be left of it: of a `GET` nothing, since it has none.
pub fn watch(method: &Method, body: Body) -> (Body, Leftover) {
    let leftover = Arc::default();
    if matches!(*method, Method::GET | Method::HEAD) {
        return (body, Leftover(leftover));
    }
    let watched = Watched { body, leftover: Arc::clone(&leftover) };
    (Body::new(watched), Leftover(leftover))
}

impl Leftover {
    /// What is left, if anything is.
    #[must_use]
    pub fn take(&self) -> Option<Body> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Reads and drops `body`: to its end, or a mebibyte of it.
pub async fn discard(mut body: Body) {
    let mut left = MAX_BYTES;
    while let Some(Ok(frame)) = body.frame().await {
        let length = frame.data_ref().map_or(0, Bytes::len);
        let Some(less) = left.checked_sub(length) else { return };
        left = less;
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if !http_body::Body::is_end_stream(&self.body) {
            let rest = std::mem::take(&mut self.body);
            *self.leftover.lock().unwrap_or_else(PoisonError::into_inner) = Some(rest);
        }
    }
}

impl http_body::Body for Watched {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    fn now<T>(work: impl Future<Output = T>) -> T {
        work.now_or_never().expect("it waits")
    }

    #[test]
    fn what_was_not_read_is_left() {
        let (body, leftover) = watch(&Method::POST, Body::from("code"));
        assert!(leftover.take().is_none());
        drop(body);
        let rest = leftover.take().unwrap();
        assert_eq!(now(rest.collect()).unwrap().to_bytes(), "code");
    }

    #[test]
    fn nothing_is_left_of_a_body_that_was_read() {
        let (body, leftover) = watch(&Method::POST, Body::from("code"));
        now(body.collect()).unwrap();
        assert!(leftover.take().is_none());
    }

    #[test]
    fn a_get_leaves_nothing() {
        let (body, leftover) = watch(&Method::GET, Body::from("code"));
        drop(body);
        assert!(leftover.take().is_none());
    }

    #[test]
    fn only_so_much_is_read_of_it() {
        let (body, leftover) = watch(&Method::POST, Body::from(vec![0; MAX_BYTES + 1]));
        now(discard(body));
        assert!(leftover.take().is_none());
    }
}

//! Bodies are waited for with a deadline, and read with a bound.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use axum::body::Bytes;
use countersign_http_api::MAX_BODY_BYTES;
use http_body_util::BodyExt;

/// What `work` comes to, unless `deadline` ends first. The deadline is made, and so begins, only where the work has to
/// wait at all.
pub async fn unless<T, D: Future>(
    deadline: impl FnOnce() -> D,
    work: impl Future<Output = T>,
) -> Option<T> {
    let mut work = pin!(work);
    if let Poll::Ready(value) = poll_fn(|context| Poll::Ready(work.as_mut().poll(context))).await {
        return Some(value);
    }
    let mut deadline = pin!(deadline());
    poll_fn(|context| match work.as_mut().poll(context) {
        Poll::Ready(value) => Poll::Ready(Some(value)),
        Poll::Pending => deadline.as_mut().poll(context).map(|_| None),
    })
    .await
}

/// The body, or as much of it as shows that it is longer than the HTTP surface takes. Nothing, where it broke off.
pub async fn read<B>(mut body: B) -> Option<Bytes>
where
    B: axum::body::HttpBody + Unpin,
    B::Data: AsRef<[u8]>,
{
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame.ok()?.into_data() {
            bytes.extend_from_slice(data.as_ref());
        }
        if bytes.len() > MAX_BODY_BYTES {
            break;
        }
    }
    Some(bytes.into())
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};
    use std::task::{Context, Waker};

    use axum::body::Body;

    use super::*;

    fn now<T>(work: impl Future<Output = T>) -> Option<T> {
        match pin!(work).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(value) => Some(value),
            Poll::Pending => None,
        }
    }

    #[test]
    fn work_that_need_not_wait_begins_no_deadline() {
        let deadline = || -> std::future::Ready<()> { panic!("it began") };
        assert_eq!(now(unless(deadline, ready(7))), Some(Some(7)));
    }

    #[test]
    fn the_deadline_ends_what_takes_longer() {
        assert_eq!(now(unless(|| ready(()), pending::<u8>())), Some(None));
        assert_eq!(now(unless(pending::<()>, pending::<u8>())), None);
    }

    fn body(chunks: Vec<Result<Vec<u8>, std::io::Error>>) -> Body {
        Body::from_stream(futures_util::stream::iter(chunks))
    }

    #[test]
    fn a_body_is_read_as_far_as_it_may_be_long() {
        let chunks = vec![b'x'; 3 * MAX_BODY_BYTES];
        let long = body(chunks.chunks(1_000).map(|chunk| Ok(chunk.to_vec())).collect());
        let read_of_it = now(read(long)).flatten().unwrap();
        assert!((MAX_BODY_BYTES + 1..=MAX_BODY_BYTES + 1_000).contains(&read_of_it.len()));
        assert_eq!(now(read(Body::from("abc"))).flatten().unwrap(), "abc");
    }

    #[test]
    fn a_body_that_breaks_off_is_none() {
        let broken = body(vec![Ok(b"abc".to_vec()), Err(std::io::Error::other("gone"))]);
        assert_eq!(now(read(broken)).unwrap(), None);
    }
}

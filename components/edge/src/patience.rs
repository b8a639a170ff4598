//! What has to wait is waited for with a deadline.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

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

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};
    use std::task::{Context, Waker};

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
}

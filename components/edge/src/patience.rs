//! What has to wait is waited for with a deadline.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

/// How long a request's body is waited for: so many pauses.
pub const BODY_PAUSES: (u32, Duration) = (10, Duration::from_secs(1));

/// What `work` comes to, unless it has to wait for longer than `pauses` pauses, one after the other. The first begins only where the
/// work has to wait at all.
///
/// A call of the engine freezes the instance, for seconds where the store is slow. What the work waits for may have come
/// meanwhile, and the end of a pause is told first: so a freeze costs one pause, however long it was, and the time is
/// the instance's own.
pub async fn unless<T, P: Future>(
    pauses: u32,
    pause: impl Fn() -> P,
    work: impl Future<Output = T>,
) -> Option<T> {
    let mut work = pin!(work);
    if let Poll::Ready(value) = poll_fn(|context| Poll::Ready(work.as_mut().poll(context))).await {
        return Some(value);
    }
    for _ in 0..pauses {
        let mut pause = pin!(pause());
        let ended = poll_fn(|context| match work.as_mut().poll(context) {
            Poll::Ready(value) => Poll::Ready(Some(value)),
            Poll::Pending => pause.as_mut().poll(context).map(|_| None),
        });
        if let Some(value) = ended.await {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::future::{pending, ready};

    use futures_util::FutureExt as _;

    use super::*;

    #[test]
    fn work_that_need_not_wait_begins_no_pause() {
        let pause = || -> std::future::Ready<()> { panic!("it began") };
        assert_eq!(unless(10, pause, ready(7)).now_or_never(), Some(Some(7)));
    }

    #[test]
    fn what_takes_longer_than_all_pauses_is_given_up() {
        let pauses = Cell::new(0);
        let pause = || {
            pauses.set(pauses.get() + 1);
            ready(())
        };
        assert_eq!(unless(10, pause, pending::<u8>()).now_or_never(), Some(None));
        assert_eq!(pauses.get(), 10);
        assert_eq!(unless(10, pending::<()>, pending::<u8>()).now_or_never(), None);
    }

    /// The runtime tells of one thing at a time: of the pause's end first, then of what the work waited for.
    #[test]
    fn what_came_while_the_instance_was_frozen_is_not_given_up() {
        let mut polls = 0;
        let work = poll_fn(|_| {
            polls += 1;
            if polls < 3 { Poll::Pending } else { Poll::Ready(7) }
        });
        assert_eq!(unless(10, || ready(()), work).now_or_never(), Some(Some(7)));
    }
}

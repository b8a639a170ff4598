//! Calls that are finished although their caller has gone.
//!
//! A client that hangs up drops the future of its request. A call of the engine that was dropped in the middle
//! would leave what it counted unsettled: a lease that isn't given back, a failure that isn't taken back.
//!
//! A task for every call would do the same for 0.3 µs more CPU (70 ns against 390 where the call doesn't wait, 120
//! against 420 where it waits once), and would have to pass panics on; a task is made here only for a client that left.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Runs a future in place; where this is dropped before the future is done, the runtime goes on with it.
pub(super) fn finish_anyway<F>(future: F) -> FinishAnyway<F>
where
    F: Future<Output: Send + 'static> + Send + 'static,
{
    FinishAnyway(Some(Box::pin(future)))
}

/// See [`finish_anyway`].
pub(super) struct FinishAnyway<F: Future<Output: Send + 'static> + Send + 'static>(
    Option<Pin<Box<F>>>,
);

impl<F: Future<Output: Send + 'static> + Send + 'static> Future for FinishAnyway<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let Some(future) = &mut self.0 else { return Poll::Pending };
        let poll = future.as_mut().poll(context);
        if poll.is_ready() {
            self.0 = None;
        }
        poll
    }
}

impl<F: Future<Output: Send + 'static> + Send + 'static> Drop for FinishAnyway<F> {
    fn drop(&mut self) {
        if let Some(future) = self.0.take()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            runtime.spawn(future);
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn a_call_goes_on_when_its_caller_has_gone() {
        let (go, wait) = oneshot::channel::<()>();
        let (done, finished) = oneshot::channel();
        let mut call = Box::pin(finish_anyway(async move {
            wait.await.unwrap();
            done.send(7).unwrap();
        }));
        let poll = call.as_mut().poll(&mut Context::from_waker(std::task::Waker::noop()));
        assert!(poll.is_pending());
        drop(call);
        go.send(()).unwrap();
        assert_eq!(finished.await, Ok(7));
    }
}

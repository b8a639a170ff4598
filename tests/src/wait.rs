//! Waiting for what really happens, with a deadline.

use std::time::Duration;

use tokio::time::{Instant, interval};

/// How often a condition is looked at.
const LOOK: Duration = Duration::from_millis(5);
/// How often a condition is asked for, which costs another process something.
const ASK: Duration = Duration::from_millis(20);

/// Looks at a condition until it brings something; nothing where it doesn't within `deadline`.
pub async fn until<T>(deadline: Duration, mut condition: impl FnMut() -> Option<T>) -> Option<T> {
    repeated(LOOK, deadline, async || condition()).await
}

/// As [`until`], for a condition that has to be asked for.
pub async fn until_async<T>(
    deadline: Duration,
    condition: impl AsyncFnMut() -> Option<T>,
) -> Option<T> {
    repeated(ASK, deadline, condition).await
}

async fn repeated<T>(
    pause: Duration,
    deadline: Duration,
    mut condition: impl AsyncFnMut() -> Option<T>,
) -> Option<T> {
    let end = Instant::now() + deadline;
    let mut ticks = interval(pause);
    loop {
        ticks.tick().await;
        if let Some(result) = condition().await {
            return Some(result);
        }
        if Instant::now() >= end {
            return None;
        }
    }
}

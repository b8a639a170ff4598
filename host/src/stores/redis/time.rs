//! The server's clock, compared with ours over the connection that is there anyway.

use std::convert::Infallible;
use std::future::pending;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{Cmd, Value};
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

use crate::stores::clock::Clock;
use crate::stores::skew::{MAX_ROUND_TRIP, Skew, SkewWatch};

/// How often.
const EVERY: Duration = Duration::from_secs(60);

/// What the server's clock said.
pub(super) enum ClockAnswer {
    /// Milliseconds since 1970.
    Time(u64),
    /// Not this time.
    Nothing,
    /// It never will on this connection: why.
    Refused(String),
}

/// Compares now, and each minute for as long as the connection lives.
pub(super) async fn compare(
    connection: &MultiplexedConnection,
    clock: &Clock,
    watch: &SkewWatch,
) -> Infallible {
    repeat(EVERY, || ask(connection.clone()), clock, watch).await
}

async fn repeat<F: Future<Output = ClockAnswer>>(
    every: Duration,
    ask: impl Fn() -> F,
    clock: &Clock,
    watch: &SkewWatch,
) -> Infallible {
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let asked = Instant::now();
        match timeout(MAX_ROUND_TRIP, ask()).await {
            Ok(ClockAnswer::Time(theirs)) => {
                if let Some(skew) = Skew::between(clock(), theirs, asked.elapsed()) {
                    watch.measured(skew);
                }
            }
            Ok(ClockAnswer::Refused(reason)) => {
                watch.refused(&reason);
                return pending().await;
            }
            // What took so long would say little. A lost connection is noticed elsewhere.
            Ok(ClockAnswer::Nothing) | Err(_) => {}
        }
    }
}

async fn ask(mut connection: MultiplexedConnection) -> ClockAnswer {
    let mut time = Cmd::new();
    time.arg("TIME");
    match connection.send_packed_command(&time).await {
        Ok(answer) => read(&answer),
        Err(_) => ClockAnswer::Nothing,
    }
}

/// Reads the answer to `TIME`.
pub(super) fn read(answer: &Value) -> ClockAnswer {
    match answer {
        Value::Array(parts) => time(parts).map_or(ClockAnswer::Nothing, ClockAnswer::Time),
        Value::ServerError(error) if matches!(error.code(), "NOPERM" | "ERR") => {
            ClockAnswer::Refused(error.code().to_owned())
        }
        _ => ClockAnswer::Nothing,
    }
}

/// Seconds and microseconds, as text.
fn time(parts: &[Value]) -> Option<u64> {
    let [seconds, micros] = parts else { return None };
    let number = |value: &Value| match value {
        Value::BulkString(text) => std::str::from_utf8(text).ok()?.parse::<u64>().ok(),
        _ => None,
    };
    number(seconds)?.checked_mul(1_000)?.checked_add(number(micros)? / 1_000)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::sync::Arc;

    use super::*;

    /// What is known after `patience`, and how often the server was asked, where each answer takes so long and the next
    /// question follows after 20 ms.
    async fn after(patience: Duration, takes: Duration, theirs: u64) -> (Option<i64>, u32) {
        let (watch, asked) = (SkewWatch::default(), Cell::new(0));
        let clock: Clock = Arc::new(|| 1_000_000);
        let ask = || {
            asked.set(asked.get() + 1);
            async move {
                tokio::time::sleep(takes).await;
                ClockAnswer::Time(theirs)
            }
        };
        let every = Duration::from_millis(20);
        let _ = timeout(patience, repeat(every, ask, &clock, &watch)).await;
        (watch.latest().map(Skew::seconds), asked.get())
    }

    #[tokio::test]
    async fn the_clock_is_asked_at_once_and_again() {
        let (skew, asked) = after(Duration::from_millis(500), Duration::ZERO, 987_000).await;
        assert!(skew == Some(13) && (3..=26).contains(&asked), "{skew:?} {asked}");
    }

    #[tokio::test]
    async fn an_answer_that_takes_too_long_says_nothing_and_holds_up_no_later_one() {
        let takes = MAX_ROUND_TRIP + Duration::from_secs(1);
        let (skew, asked) = after(MAX_ROUND_TRIP * 3 / 2, takes, 0).await;
        assert_eq!((skew, asked), (None, 2));
    }

    #[tokio::test]
    async fn a_server_that_refuses_is_not_asked_again() {
        let (watch, asked) = (SkewWatch::default(), Cell::new(0));
        let ask = || {
            asked.set(asked.get() + 1);
            std::future::ready(ClockAnswer::Refused("NOPERM".to_owned()))
        };
        let clock: Clock = Arc::new(|| 0);
        let repeated = repeat(Duration::from_millis(1), ask, &clock, &watch);
        let _ = timeout(Duration::from_millis(50), repeated).await;
        assert_eq!((watch.latest(), asked.get()), (None, 1));
    }

    #[test]
    fn seconds_and_microseconds_are_read() {
        let text = |text: &str| Value::BulkString(text.into());
        let read = |parts: &[&str]| time(&parts.iter().map(|part| text(part)).collect::<Vec<_>>());
        assert_eq!(read(&["1700000000", "123456"]), Some(1_700_000_000_123));
        assert_eq!(read(&["1700000000"]), None);
        assert_eq!(read(&["x", "1"]), None);
        assert_eq!(read(&["18446744073709551615", "1"]), None);
    }
}

//! The time of day that the guest sees: the system's, or one that a test sets.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use wasmtime_wasi::HostWallClock;

/// A wall clock that tests can move. Clones are one clock; monotonic time is never touched, so that time-outs
/// stay real.
#[derive(Clone, Debug)]
pub struct Clock(Arc<Mutex<Time>>);

#[derive(Clone, Copy, Debug)]
enum Time {
    /// The system's time, and so much more.
    Running { ahead: Duration },
    /// Always the same, until it is moved.
    Stopped { at: Duration },
}

impl Clock {
    /// The system's clock. It runs on after [`advance`](Self::advance).
    #[must_use]
    pub fn system() -> Self {
        Self(Arc::new(Mutex::new(Time::Running { ahead: Duration::ZERO })))
    }

    /// A clock that stands still at a time since 1970.
    #[must_use]
    pub fn stopped_at(since_epoch: Duration) -> Self {
        Self(Arc::new(Mutex::new(Time::Stopped { at: since_epoch })))
    }

    /// Stops the clock at a time since 1970, which may be in its past.
    pub fn set(&self, since_epoch: Duration) {
        *self.time() = Time::Stopped { at: since_epoch };
    }

    /// Moves the clock on.
    pub fn advance(&self, by: Duration) {
        match &mut *self.time() {
            Time::Running { ahead: moved } | Time::Stopped { at: moved } => {
                *moved = moved.saturating_add(by);
            }
        }
    }

    /// What the clock shows, since 1970.
    #[must_use]
    pub fn now(&self) -> Duration {
        match *self.time() {
            Time::Running { ahead } => system_time().saturating_add(ahead),
            Time::Stopped { at } => at,
        }
    }

    fn time(&self) -> std::sync::MutexGuard<'_, Time> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl HostWallClock for Clock {
    fn resolution(&self) -> Duration {
        Duration::from_nanos(1)
    }

    fn now(&self) -> Duration {
        Self::now(self)
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place here that reads the clock")]
fn system_time() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn a_stopped_clock_moves_only_when_told() {
        let clock = Clock::stopped_at(HOUR);
        let same = clock.clone();
        assert_eq!(clock.now(), HOUR);
        clock.advance(HOUR);
        assert_eq!(same.now(), 2 * HOUR);
        clock.set(Duration::ZERO);
        assert_eq!(same.now(), Duration::ZERO);
    }

    #[test]
    fn a_running_clock_runs_ahead() {
        let (clock, system) = (Clock::system(), Clock::system());
        clock.advance(HOUR);
        assert!(clock.now() >= system.now() + HOUR - Duration::from_secs(1));
    }
}

//! How long to wait before the next try to connect.

use std::time::Duration;

/// Pauses that double, up to a limit. Each is shortened at random, by up to a half: processes that lost one server at the
/// same moment don't come back to it at the same moment.
#[derive(Clone, Debug)]
pub(super) struct Backoff {
    next: Duration,
    longest: Duration,
}

impl Backoff {
    /// The first pause is at most `first`, no pause is over `longest`.
    pub(super) const fn new(first: Duration, longest: Duration) -> Self {
        Self { next: first, longest }
    }

    /// The next pause.
    pub(super) fn pause(&mut self) -> Duration {
        let whole = self.next;
        self.next = (whole * 2).min(self.longest);
        // Without random numbers the pause is whole.
        let share = getrandom::u32().map_or(1.0, |number| f64::from(number) / f64::from(u32::MAX));
        whole.mul_f64(0.5 + share / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_limit_and_are_at_least_half_of_that() {
        let millis = Duration::from_millis;
        let mut backoff = Backoff::new(millis(20), millis(100));
        for whole in [20, 40, 80, 100, 100].map(millis) {
            let pause = backoff.pause();
            assert!(pause >= whole / 2 && pause <= whole, "{pause:?} of {whole:?}");
        }
    }

    #[test]
    fn two_processes_wait_for_different_times() {
        let pause = || Backoff::new(Duration::from_secs(1), Duration::from_secs(1)).pause();
        let pauses: std::collections::HashSet<_> = (0..20).map(|_| pause()).collect();
        assert!(pauses.len() > 10, "{pauses:?}");
    }
}

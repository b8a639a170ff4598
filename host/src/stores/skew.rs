//! How far this machine's clock is from the store's.
//!
//! Expiry, cooldowns and locks are told by each host's own clock: hosts whose clocks differ disagree about them.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::findings::{Check, Findings};

/// From here on an operator is warned …
const WARNED: u64 = 2_000;
/// … and from here on the host is degraded.
const DEGRADED: u64 = 10_000;
/// How long a question may take whose answer says something.
pub(super) const MAX_ROUND_TRIP: Duration = Duration::from_secs(1);

/// By how many milliseconds this machine's clock is ahead of the store's; negative where it is behind.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Skew(i64);

impl Skew {
    /// From what the store's clock said in between a question and its answer, which came when our clock said `ours`.
    /// Nothing where the `round_trip` was too long. Both clocks in milliseconds since 1970.
    pub(super) fn between(ours: u64, theirs: u64, round_trip: Duration) -> Option<Self> {
        if round_trip > MAX_ROUND_TRIP {
            return None;
        }
        // On average the store looked at its clock halfway.
        let half = i64::try_from(round_trip.as_millis() / 2).ok()?;
        let ahead = i64::try_from(ours).ok()?.checked_sub(i64::try_from(theirs).ok()?)?;
        ahead.checked_sub(half).map(Self)
    }

    /// In seconds, to the nearest.
    #[must_use]
    pub fn seconds(self) -> i64 {
        (self.0 + 500 * self.0.signum()) / 1_000
    }

    /// Whether it is so much that the host is degraded.
    #[must_use]
    pub fn is_degrading(self) -> bool {
        self.level() == Level::Degraded
    }

    fn level(self) -> Level {
        match self.0.unsigned_abs() {
            DEGRADED.. => Level::Degraded,
            WARNED.. => Level::Warned,
            _ => Level::Fine,
        }
    }
}

#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
enum Level {
    #[default]
    Fine,
    Warned,
    Degraded,
}

/// Tells `countersign doctor` of a measurement that was made just now.
pub(super) fn tell(measured: Option<Skew>, findings: &mut Findings) {
    let check = Check::StoreClock;
    let Some(skew) = measured else {
        return findings.skipped(check, "the answer took too long to compare clocks");
    };
    let found = format!(
        "this machine is {} ms {} the store",
        skew.0.unsigned_abs(),
        match skew.0 {
            ..0 => "behind",
            _ => "ahead of",
        }
    );
    let mend = "set both clocks by NTP: codes expire and locks end too early or too late";
    match skew.level() {
        Level::Fine => findings.ok(check, found),
        Level::Warned => findings.warning(check, found, mend),
        Level::Degraded => findings.failed(check, found, mend),
    }
}

/// The last measurement. Each change of its level is logged once.
#[derive(Default)]
pub(super) struct SkewWatch(Mutex<Seen>);

#[derive(Default)]
struct Seen {
    latest: Option<Skew>,
    level: Level,
    is_refused: bool,
}

impl SkewWatch {
    /// Takes note of a measurement.
    pub(super) fn measured(&self, skew: Skew) {
        let level = skew.level();
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (seen.latest, seen.is_refused) = (Some(skew), false);
        let before = std::mem::replace(&mut seen.level, level);
        drop(seen);
        let skew_ms = skew.0;
        match level {
            _ if level == before => {}
            Level::Fine => {
                tracing::info!(skew_ms, "this machine's clock and the store's agree again")
            }
            Level::Warned => tracing::warn!(
                skew_ms,
                "this machine's clock and the store's differ: codes expire and locks end too early or too late"
            ),
            Level::Degraded => tracing::warn!(
                skew_ms,
                "this machine's clock and the store's differ by ten seconds or more: readiness is degraded until \
                 they are set"
            ),
        }
    }

    /// Takes note that the store doesn't tell the time. It is logged once.
    pub(super) fn refused(&self, reason: &str) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (seen.latest, seen.level) = (None, Level::Fine);
        if std::mem::replace(&mut seen.is_refused, true) {
            return;
        }
        drop(seen);
        tracing::warn!(reason, "clocks can't be compared: allow the store's user the command TIME");
    }

    /// The last measurement.
    pub(super) fn latest(&self) -> Option<Skew> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).latest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_the_round_trip_counts_and_a_long_one_says_nothing() {
        let between = |ours, theirs, millis| {
            Skew::between(ours, theirs, Duration::from_millis(millis)).map(|skew| skew.0)
        };
        assert_eq!(between(1_000_000, 1_000_000, 0), Some(0));
        assert_eq!(between(1_000_600, 1_000_000, 400), Some(400));
        assert_eq!(between(1_000_000, 1_012_000, 200), Some(-12_100));
        assert_eq!(between(1_001_000, 1_000_500, 1_000), Some(0));
        assert_eq!(between(1_001_000, 1_000_500, 1_001), None);
        assert_eq!(between(u64::MAX, 0, 0), None);
        assert_eq!(
            [-29_998, -500, -499, 499, 500].map(|millis| Skew(millis).seconds()),
            [-30, -1, 0, 0, 1]
        );
    }

    #[test]
    fn a_skew_degrades_from_ten_seconds_on_whichever_clock_is_ahead() {
        for (millis, level) in [
            (0, Level::Fine),
            (1_999, Level::Fine),
            (-2_000, Level::Warned),
            (9_999, Level::Warned),
            (10_000, Level::Degraded),
            (-10_000, Level::Degraded),
            (i64::MIN, Level::Degraded),
        ] {
            assert_eq!(Skew(millis).level(), level, "{millis}");
        }
        assert_eq!(Skew(-12_900).seconds(), -13);
    }
}

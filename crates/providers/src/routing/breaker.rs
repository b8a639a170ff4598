//! A provider that keeps failing is left alone for a while: the breaker.
//!
//! Closed, it lets every message pass. Where [`FAILURES`] messages in a row failed it opens, and for [`OPEN_SECONDS`]
//! nothing passes; a provider that says how long it wants to be left alone opens it at once, for that long. Then it
//! is half open: one message at a time passes, which closes it or opens it again.

use countersign_contract::Timestamp;
use countersign_contract::types::SendError;

use crate::protocol::retry_after;

/// Failures in a row after which a provider is left alone.
pub(crate) const FAILURES: u32 = 5;

/// For how long.
pub(crate) const OPEN_SECONDS: u64 = 30;

/// After so long a message that tries whether the provider works again is given up, and another may try.
const TRIAL_SECONDS: u64 = 30;

/// The longest time for which a provider is left alone because it said so.
const MAX_PAUSE_SECONDS: u64 = retry_after::MAX_SECONDS;

/// Where a breaker stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum BreakerState {
    /// Messages pass.
    Closed,
    /// One message at a time passes.
    HalfOpen,
    /// Nothing passes.
    Open,
}

/// Why a provider isn't asked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Barred {
    /// As many messages as it is given at once are on their way.
    Busy,
    /// It kept failing: seconds until it is asked again.
    Open(u32),
    /// It wants to be left alone: seconds until it is asked again.
    Paused(u32),
}

/// What an outcome changed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Change {
    /// It opened, or opened again.
    Opened,
    /// It closed.
    Closed,
}

/// The breaker of one provider.
#[derive(Clone, Debug, Default)]
pub(crate) struct Breaker {
    failures: u32,
    /// Until when nothing passes.
    open_until: Option<Timestamp>,
    /// Whether that is what the provider itself said.
    is_told: bool,
    /// Since when a message tries whether the provider works again.
    trial_since: Option<Timestamp>,
}

impl Breaker {
    /// Where it stands.
    pub(crate) fn state(&self, now: Timestamp) -> BreakerState {
        match self.open_until {
            None => BreakerState::Closed,
            Some(until) if now < until => BreakerState::Open,
            Some(_) => BreakerState::HalfOpen,
        }
    }

    /// Lets a message pass, or says why it doesn't.
    pub(crate) fn pass(&mut self, now: Timestamp) -> Result<(), Barred> {
        let Some(until) = self.open_until else { return Ok(()) };
        if now < until {
            let seconds = u32::try_from(until.0 - now.0).unwrap_or(u32::MAX);
            return Err(if self.is_told { Barred::Paused(seconds) } else { Barred::Open(seconds) });
        }
        match self.trial_since {
            Some(since) if now.0 < since.0.saturating_add(TRIAL_SECONDS) => Err(Barred::Open(1)),
            _ => {
                self.trial_since = Some(now);
                Ok(())
            }
        }
    }

    /// A message that passed came to nothing that says anything of the provider: its caller went away.
    pub(crate) fn abandoned(&mut self) {
        self.trial_since = None;
    }

    /// What became of a message that passed.
    pub(crate) fn settle(
        &mut self,
        outcome: Result<(), &SendError>,
        now: Timestamp,
    ) -> Option<Change> {
        self.trial_since = None;
        let (pause, is_told) = match outcome {
            Err(SendError::Throttled(Some(seconds))) => {
                (u64::from(*seconds).min(MAX_PAUSE_SECONDS), true)
            }
            Err(error) if is_failure(error) => (OPEN_SECONDS, false),
            // A refusal is an answer: the provider works.
            _ => {
                self.failures = 0;
                return self.open_until.take().map(|_| Change::Closed);
            }
        };
        self.failures = self.failures.saturating_add(1);
        let until = Timestamp(now.0.saturating_add(pause));
        match self.state(now) {
            BreakerState::Closed if !is_told && self.failures < FAILURES => None,
            // Messages that passed before it opened prolong nothing, unless the provider says so.
            BreakerState::Open => {
                if is_told {
                    self.open_until = self.open_until.max(Some(until));
                    self.is_told = true;
                }
                None
            }
            BreakerState::Closed | BreakerState::HalfOpen => {
                self.open_until = Some(until);
                self.is_told = is_told;
                Some(Change::Opened)
            }
        }
    }
}

/// Whether an outcome says that the provider, or the way to it, doesn't work.
const fn is_failure(error: &SendError) -> bool {
    matches!(
        error,
        SendError::Throttled(None)
            | SendError::Timeout
            | SendError::Unavailable
            | SendError::Unreadable
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNAVAILABLE: Result<(), &SendError> = Err(&SendError::Unavailable);

    fn at(seconds: u64) -> Timestamp {
        Timestamp(1_000 + seconds)
    }

    /// A breaker that failures opened at second 0.
    fn open() -> Breaker {
        let mut breaker = Breaker::default();
        for count in 1..=FAILURES {
            assert_eq!(breaker.pass(at(0)), Ok(()));
            let change = breaker.settle(UNAVAILABLE, at(0));
            assert_eq!(change, (count == FAILURES).then_some(Change::Opened));
        }
        breaker
    }

    #[test]
    fn failures_in_a_row_open_it_and_nothing_passes() {
        let mut breaker = open();
        assert_eq!(breaker.state(at(29)), BreakerState::Open);
        assert_eq!(breaker.pass(at(0)), Err(Barred::Open(30)));
        assert_eq!(breaker.pass(at(29)), Err(Barred::Open(1)));
    }

    #[test]
    fn an_answer_in_between_begins_the_count_anew() {
        for answer in [Ok(()), Err(&SendError::RecipientRefused), Err(&SendError::Unauthorised)] {
            let mut breaker = Breaker::default();
            for _ in 1..FAILURES {
                breaker.settle(UNAVAILABLE, at(0));
            }
            assert_eq!(breaker.settle(answer, at(0)), None);
            assert_eq!(breaker.settle(UNAVAILABLE, at(0)), None);
            assert_eq!(breaker.state(at(0)), BreakerState::Closed);
        }
    }

    #[test]
    fn half_open_it_lets_one_try_at_a_time() {
        let mut breaker = open();
        assert_eq!(breaker.state(at(30)), BreakerState::HalfOpen);
        assert_eq!(breaker.pass(at(30)), Ok(()));
        assert_eq!(breaker.pass(at(30)), Err(Barred::Open(1)));
        breaker.abandoned();
        assert_eq!(breaker.pass(at(31)), Ok(()));
        // A trial that never ended doesn't keep the breaker open for ever.
        assert_eq!(breaker.pass(at(60)), Err(Barred::Open(1)));
        assert_eq!(breaker.pass(at(61)), Ok(()));
    }

    #[test]
    fn a_try_closes_it_or_opens_it_again() {
        let mut breaker = open();
        breaker.pass(at(30)).unwrap();
        assert_eq!(breaker.settle(UNAVAILABLE, at(31)), Some(Change::Opened));
        assert_eq!(breaker.pass(at(60)), Err(Barred::Open(1)));
        assert_eq!(breaker.pass(at(61)), Ok(()));
        assert_eq!(breaker.settle(Ok(()), at(61)), Some(Change::Closed));
        assert_eq!(breaker.state(at(61)), BreakerState::Closed);
        assert_eq!(breaker.settle(UNAVAILABLE, at(61)), None);
    }

    #[test]
    fn those_that_passed_before_it_opened_prolong_nothing() {
        let mut breaker = open();
        assert_eq!(breaker.settle(UNAVAILABLE, at(20)), None);
        assert_eq!(breaker.pass(at(30)), Ok(()));
    }

    #[test]
    fn who_wants_to_be_left_alone_is() {
        let mut breaker = Breaker::default();
        let throttled = SendError::Throttled(Some(90));
        assert_eq!(breaker.settle(Err(&throttled), at(0)), Some(Change::Opened));
        assert_eq!(breaker.pass(at(0)), Err(Barred::Paused(90)));
        assert_eq!(breaker.pass(at(90)), Ok(()));
        let day = SendError::Throttled(Some(86_400));
        breaker.settle(Err(&day), at(90));
        assert_eq!(breaker.pass(at(90)), Err(Barred::Paused(300)));
    }
}

//! What a history makes of failures.

use super::*;
use crate::policy::Draft;
use crate::world::Channel;

impl History {
    /// One with something in each field.
    pub(crate) fn sample() -> Self {
        Self { failures: 3, locked_at: 1_000_000_000, locked_for: 900, counted: vec![([1; 8], 3)] }
    }
}

fn policy() -> Policy {
    Policy::new(Draft { channels: vec![Channel::Sms], ..Draft::default() }).unwrap()
}

fn lock(history: &History, now: u64) -> u32 {
    history.locked_until(Timestamp(now)).map_or(0, |until| until.since(Timestamp(now)))
}

#[test]
fn a_lock_follows_each_further_max_attempts_of_failures_however_they_are_spread() {
    let (policy, mut history) = (policy(), History::default());
    history.advance([1; 8], 2, &policy, Timestamp(1_000));
    assert_eq!(lock(&history, 1_000), 0);
    history.advance([2; 8], 2, &policy, Timestamp(2_000));
    assert_eq!(lock(&history, 2_000), 900);
    history.advance([3; 8], 2, &policy, Timestamp(4_000));
    assert_eq!(lock(&history, 4_000), 1_800);
    history.advance([4; 8], 3, &policy, Timestamp(8_000));
    assert_eq!(lock(&history, 8_000), 3_600);
    history.advance([5; 8], 3, &policy, Timestamp(20_000));
    assert_eq!(lock(&history, 20_000), 3_600, "the growth ends at an hour");
}

#[test]
fn the_failures_of_a_budget_count_once() {
    let (policy, mut history) = (policy(), History::default());
    for _ in 0..3 {
        history.advance([1; 8], 2, &policy, Timestamp(1_000));
    }
    assert_eq!(history.failures, 2);
    history.advance([1; 8], 3, &policy, Timestamp(1_000));
    assert_eq!(history.failures, 3);
    let cleared = history.cleared(Some([1; 8]));
    assert_eq!((cleared.failures, lock(&cleared, 1_000)), (0, 0));
    let mut again = cleared;
    again.advance([1; 8], 3, &policy, Timestamp(1_000));
    assert_eq!(again.failures, 0);
}

#[test]
fn a_lock_of_a_clock_far_ahead_lasts_for_its_own_length_only() {
    let (policy, mut history) = (policy(), History::default());
    history.advance([1; 8], 3, &policy, Timestamp(1_000_000));
    assert_eq!(lock(&history, 1_000), 900);
    assert!(history.mend(Timestamp(1_000)));
    assert_eq!(lock(&history, 1_899), 1);
    assert_eq!(lock(&history, 1_900), 0);
    assert!(!history.mend(Timestamp(1_000)));
}

//! What a history makes of failures.

use countersign_contract::settings;
use countersign_contract::types::Channel;

use super::*;

impl History {
    /// One with something in each field.
    pub(crate) fn sample() -> Self {
        Self { failures: 3, locked_at: 1_000_000_000, locked_for: 900, counted: vec![([1; 8], 3)] }
    }

    /// One that has counted these budgets.
    pub(crate) fn of_budgets(marks: impl Iterator<Item = BudgetMark>) -> Self {
        Self { counted: marks.map(|mark| (mark, 1)).collect(), ..Self::default() }
    }
}

fn policy() -> Policy {
    Policy::new(settings::Policy { channels: vec![Channel::Sms], ..settings::Policy::default() })
        .unwrap()
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

#[test]
fn the_failures_of_each_budget_count_once_in_whatever_order_they_come() {
    let (policy, mut history) = (policy(), History::default());
    for _ in 0..2 {
        for (budget, failures) in [([1; 8], 2), ([2; 8], 2), ([1; 8], 3), ([2; 8], 1)] {
            history.advance(budget, failures, &policy, Timestamp(1_000));
        }
    }
    assert_eq!(history.failures, 5);
    // Cleared, none of them counts again; what another purpose writes meanwhile goes on.
    let mut cleared = history.cleared(Some([2; 8]));
    for (budget, failures) in [([1; 8], 3), ([2; 8], 3), ([3; 8], 1)] {
        cleared.advance(budget, failures, &policy, Timestamp(1_000));
    }
    assert_eq!(cleared.failures, 1);
}

#[test]
fn what_two_write_at_once_is_merged_in_either_order() {
    let policy = policy();
    let mut before = History::default();
    before.advance([1; 8], 2, &policy, Timestamp(1_000));
    let [mut one, mut two] = [before.clone(), before];
    one.advance([2; 8], 3, &policy, Timestamp(1_000));
    two.advance([3; 8], 1, &policy, Timestamp(1_000));
    let (only_one, only_two) = (one.clone(), two.clone());
    one.absorb(&only_two, &policy, Timestamp(1_000));
    two.absorb(&only_one, &policy, Timestamp(1_000));
    assert_eq!((one.failures, two.failures), (6, 6));
    assert_eq!((lock(&one, 1_000), lock(&two, 1_000)), (1_800, 1_800));
    // A budget that was answered brings no failures.
    let mut answered = History::default();
    answered.absorb(&only_one.cleared(Some([2; 8])), &policy, Timestamp(1_000));
    assert_eq!(answered.counted_of([2; 8]), 0);
}

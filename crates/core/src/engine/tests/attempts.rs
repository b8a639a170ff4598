//! Invariants 1 and 2: attempts are counted before they are compared, and nothing refills the budget.

use countersign_contract::otp::{Error, State};
use countersign_contract::settings::{self, VerifyBy};
use countersign_contract::store::{Operation, Step};
use countersign_contract::types::Channel;

use super::caller::{Caller, PHONE, draft, keyring, whatever_is_forgotten, wrong};
use super::test_world::Memory;
use crate::batch::Batch;
use crate::slot::Slot;
use crate::standing::{Attempt, Standing};

fn quick(max_attempts: u32) -> settings::Policy {
    settings::Policy { max_attempts: Some(max_attempts), cooldown_seconds: Some(0), ..draft() }
}

/// The batch that reads the challenge steps the odometer first: cut off right behind it, the attempt has been counted.
#[test]
fn attempts_are_counted_before_they_are_compared() {
    whatever_is_forgotten(&draft(), |caller| {
        let (id, code) = caller.issued();
        caller.world.fail_batch(0, 5);
        assert!(matches!(caller.verify(&id, &code), Err(Error::StoreUnavailable(_))));
        assert_eq!(caller.verify(&id, &wrong(&code)).unwrap_err(), Error::Mismatch(1));
    });
}

#[test]
fn at_most_max_attempts_are_compared_and_the_right_code_is_refused_after() {
    for max_attempts in [1, 2, 3, 10] {
        whatever_is_forgotten(&quick(max_attempts), |caller| {
            let (id, code) = caller.issued();
            for left in (0..max_attempts).rev() {
                assert_eq!(caller.status(&id).unwrap().attempts_left, left + 1);
                assert_eq!(caller.verify(&id, &wrong(&code)).unwrap_err(), Error::Mismatch(left));
            }
            assert!(matches!(caller.verify(&id, &code), Err(Error::Exhausted(900))));
            assert_eq!(caller.status(&id).unwrap().state, State::Exhausted);
            assert_eq!(caller.failures(), max_attempts);
        });
    }
}

/// Requirement 6, and invariant 2.
#[test]
fn resending_reissuing_and_expiry_never_refill_the_budget() {
    whatever_is_forgotten(&quick(3), |caller| {
        let (id, code) = caller.issued();
        assert_eq!(caller.verify(&id, &wrong(&code)).unwrap_err(), Error::Mismatch(2));
        assert_eq!(caller.resend(&id).unwrap().attempts_left, 2);
        assert_eq!(caller.verify(&id, &wrong(&code)).unwrap_err(), Error::Mismatch(1));
        let second = caller.issue().unwrap();
        assert_eq!(second.attempts_left, 1);
        caller.revoke(&second.id).unwrap();
        let third = caller.issue().unwrap();
        assert_eq!(third.attempts_left, 1);
        let code = caller.code();
        assert_eq!(caller.verify(&third.id, &wrong(&code)).unwrap_err(), Error::Mismatch(0));
        assert!(matches!(caller.verify(&third.id, &code), Err(Error::Exhausted(_))));
        assert_eq!(caller.failures(), 3);
    });
    // What expires begins a new challenge, and goes on counting failures: those are counted by the next issue.
    whatever_is_forgotten(&quick(3), |caller| {
        let mut locks = 0;
        for round in 0..5 {
            let (id, code) = match caller.issue() {
                Ok(issued) => (issued.id, caller.code()),
                Err(Error::Locked(seconds)) => {
                    locks += 1;
                    caller.world.advance(u64::from(seconds));
                    caller.issued()
                }
                other => panic!("{other:?}"),
            };
            assert_eq!(caller.failures(), 2 * round);
            assert_eq!(caller.verify(&id, &wrong(&code)).unwrap_err(), Error::Mismatch(2));
            assert_eq!(caller.verify(&id, &wrong(&code)).unwrap_err(), Error::Mismatch(1));
            caller.world.advance(300);
            assert_eq!(caller.verify(&id, &code).unwrap_err(), Error::Expired);
            assert_eq!(caller.failures(), 2 * round);
        }
        assert_eq!(locks, 2, "after the 4th and the 6th failure");
    });
}

/// Requirements 5 and 7: spread over many challenges and a year's worth of patience.
#[test]
fn the_101st_wrong_code_in_a_row_is_refused_even_if_it_is_right() {
    whatever_is_forgotten(&quick(10), |caller| {
        let mut compared = 0;
        while compared < 99 {
            match caller.issue() {
                Ok(challenge) => {
                    let code = caller.code();
                    for _ in 0..9 {
                        let refused = caller.verify(&challenge.id, &wrong(&code)).unwrap_err();
                        assert!(matches!(refused, Error::Mismatch(_)), "{refused:?}");
                        compared += 1;
                    }
                    caller.world.advance(3_601);
                }
                Err(Error::Locked(seconds)) => caller.world.advance(u64::from(seconds)),
                other => panic!("{other:?}"),
            }
        }
        // One is left, and then the right one is refused.
        let (id, code) = caller.issued();
        assert_eq!(caller.verify(&id, &wrong(&code)).unwrap_err(), Error::Mismatch(0));
        assert!(caller.verify(&id, &code).is_err());
        for _ in 0..10 {
            caller.world.advance(30 * 86_400);
            assert_eq!(caller.issue().unwrap_err(), Error::Disabled);
            assert_eq!(caller.verify_by_recipient(PHONE, "123456").err(), Some(Error::NotFound));
        }
        assert_eq!(caller.failures(), 100);
        caller.unlock(PHONE).unwrap();
        let (id, code) = caller.issued();
        caller.verify(&id, &code).unwrap();
    });
}

/// Requirement 8.
#[test]
fn success_clears_earlier_failures() {
    whatever_is_forgotten(&quick(3), |caller| {
        for _ in 0..60 {
            let (id, code) = caller.issued();
            caller.verify(&id, &wrong(&code)).unwrap_err();
            caller.verify(&id, &wrong(&code)).unwrap_err();
            caller.verify(&id, &code).unwrap();
            assert_eq!(caller.failures(), 0);
        }
    });
}

#[test]
fn trying_codes_where_nothing_was_issued_disables_no_recipient() {
    whatever_is_forgotten(&quick(3), |caller| {
        for _ in 0..150 {
            let refused = caller.verify_by_recipient(PHONE, "123456").unwrap_err();
            assert_eq!(refused, Error::NotFound);
        }
        let (id, code) = caller.issued();
        caller.verify(&id, &code).unwrap();
    });
}

/// The probes of a stranger before an issue don't count against it.
#[test]
fn a_new_challenge_begins_with_all_its_attempts() {
    whatever_is_forgotten(&quick(3), |caller| {
        for _ in 0..5 {
            caller.verify_by_recipient(PHONE, "123456").unwrap_err();
        }
        assert_eq!(caller.issue().unwrap().attempts_left, 3);
        assert_eq!(caller.status_by_recipient(PHONE).unwrap().attempts_left, 3);
    });
}

#[test]
fn a_lost_odometer_is_refused_and_not_trusted() {
    for wrong_before in 0..3 {
        let caller = Caller::new(Memory::Forgets, quick(3));
        let (id, code) = caller.issued();
        for _ in 0..wrong_before {
            caller.verify(&id, &wrong(&code)).unwrap_err();
        }
        caller.world.tamper(|dump| dump.retain(|key, _| !key.contains(":odometer:")));
        for _ in 0..20 {
            assert!(matches!(caller.verify(&id, &code), Err(Error::Exhausted(_))));
        }
        assert_eq!(caller.status(&id).unwrap().state, State::Exhausted);
        assert!(matches!(caller.issue(), Err(Error::Exhausted(_))));
        caller.world.advance(300);
        let (id, code) = caller.issued();
        caller.verify(&id, &code).unwrap();
    }
}

/// Those that no lock, no success and no further issue has counted for a month.
#[test]
fn failures_are_remembered_for_a_year() {
    let caller = Caller::new(Memory::Forgets, quick(3));
    let (id, code) = caller.issued();
    caller.verify(&id, &wrong(&code)).unwrap_err();
    caller.world.advance(30 * 86_400);
    caller.issued();
    assert_eq!(caller.failures(), 1);
    caller.world.advance(365 * 86_400);
    assert_eq!(caller.failures(), 1);
}

/// Attempts that come in while the message is on its way: those at a living challenge count, those at nothing do
/// count too (they can't be told apart before the record is written), and never more are left than the policy allows.
#[test]
fn attempts_during_a_send_count_against_what_is_being_sent() {
    whatever_is_forgotten(&quick(3), |caller| {
        let (id, code) = caller.issued();
        let (again, old) = (caller.with_keys(&[("k1", 1)]), id);
        caller.world.while_sending(move || {
            assert_eq!(again.verify(&old, &wrong(&code)).unwrap_err(), Error::Mismatch(2));
        });
        let challenge = caller.issue_to(Channel::Sms, PHONE, None).unwrap();
        let code = caller.code();
        assert_eq!(caller.verify(&challenge.id, &wrong(&code)).unwrap_err(), Error::Mismatch(1));
    });
}

#[test]
fn the_odometer_is_stepped_before_the_challenge_is_read() {
    let subject = crate::subject::Subject::from_digest(&keyring(&[("k1", 1)]), [7; 16], "login");
    let policy = crate::Policy::new(draft()).unwrap();
    for attempt in [Attempt::At(Slot::Even), Attempt::At(Slot::Odd), Attempt::AtEither] {
        let mut batch = Batch::new();
        Standing::ask(&subject, &policy, attempt, &mut batch);
        let batch = batch.into_operations();
        let step = |one: &Operation| matches!(one, Operation::Increment(Step { key, by: 1, .. }) if key.contains(":odometer:"));
        let read =
            |one: &Operation| matches!(one, Operation::Get(key) if key.ends_with(":challenges"));
        assert!(batch.iter().rposition(step).unwrap() < batch.iter().position(read).unwrap());
    }
}

/// What is voided doesn't shorten how long failures are remembered that the same odometer counts; and an odometer that
/// counts nothing isn't kept for a month.
#[test]
fn a_voided_attempt_changes_nothing_of_what_is_remembered() {
    for failures in [0, 1] {
        let caller = Caller::new(Memory::Forgets, quick(3));
        let (id, code) = caller.issued();
        for _ in 0..failures {
            caller.verify(&id, &wrong(&code)).unwrap_err();
        }
        caller.world.advance(300);
        assert_eq!(caller.verify(&id, &code).unwrap_err(), Error::Expired);
        caller.world.advance(7_200);
        let odometers = caller.world.dump().into_keys().filter(|key| key.contains(":odometer:"));
        assert_eq!(odometers.count(), failures);
        caller.issue().unwrap();
        assert_eq!(caller.failures(), u32::try_from(failures).unwrap());
    }
}

/// Challenges that share a budget for hours: its count is kept for as long.
#[test]
fn a_budget_that_is_prolonged_for_hours_keeps_its_count() {
    let draft = settings::Policy { max_resends: Some(10), ..quick(3) };
    whatever_is_forgotten(&draft, |caller| {
        for _ in 0..40 {
            let issued = caller.issue().unwrap();
            assert_eq!(issued.attempts_left, 3);
            caller.world.advance(125);
            caller.resend(&issued.id).unwrap();
            caller.world.advance(125);
        }
        let (id, code) = caller.issued();
        assert_eq!(caller.verify(&id, &wrong(&code)).unwrap_err(), Error::Mismatch(2));
        caller.verify(&id, &code).unwrap();
    });
}

/// A policy that allows verifying by id only begins each budget anew as well.
#[test]
fn by_id_only_each_budget_begins_anew_too() {
    let draft =
        settings::Policy { verify_by: Some(VerifyBy::Id), failure_cap: Some(100), ..quick(3) };
    whatever_is_forgotten(&draft, |caller| {
        for failures in 1..=2 {
            let (id, code) = caller.issued();
            assert_eq!(caller.verify(&id, &wrong(&code)).unwrap_err(), Error::Mismatch(2));
            caller.world.advance(601);
            caller.issue().unwrap();
            assert_eq!(caller.failures(), failures);
            caller.world.advance(601);
        }
        let mut answered: Vec<String> = Vec::new();
        for _ in 0..4 {
            // An attempt at a budget that is gone, whose void is lost.
            if let [.., earlier, _] = &answered[..] {
                caller.world.fail_batch(1, 0);
                assert_eq!(caller.verify(earlier, "123456").unwrap_err(), Error::NotFound);
                assert!(!caller.world.takes_back_failing());
            }
            let (id, code) = caller.issued();
            assert_eq!(caller.verify(&id, &wrong(&code)).unwrap_err(), Error::Mismatch(2));
            caller.verify(&id, &code).unwrap();
            answered.push(id);
        }
    });
}

//! Invariants 1 and 2: attempts are counted before they are compared, and nothing refills the budget.

use super::caller::{Caller, PHONE, draft, whatever_is_forgotten, wrong};
use super::desk::{Cell, Memory};
use crate::Error;
use crate::policy::Draft;
use crate::request::State;
use crate::world::{Channel, Operation};

fn quick(max_attempts: u32) -> Draft {
    Draft { max_attempts: Some(max_attempts), cooldown_seconds: Some(0), ..draft() }
}

/// The batch that reads the challenge steps the odometer and the failures first: cut off right behind it, the attempt
/// has been counted.
#[test]
fn attempts_are_counted_before_they_are_compared() {
    whatever_is_forgotten(&draft(), |caller| {
        let (id, code) = caller.issued();
        let before = caller.desk.count(":odometer");
        caller.desk.fail_batch(0, 6);
        assert!(matches!(caller.verify(&id, &code), Err(Error::StoreUnavailable(_))));
        assert_eq!(caller.desk.count(":odometer"), before + 1);
        assert_eq!(caller.desk.count(":failures"), 1);
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
            assert_eq!(caller.desk.count(":failures"), i64::from(max_attempts));
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
        assert_eq!(caller.desk.count(":failures"), 3);
    });
    // What expires begins a new challenge, and goes on counting failures.
    whatever_is_forgotten(&quick(3), |caller| {
        for round in 1..=5 {
            let (id, code) = caller.issued();
            assert_eq!(caller.verify(&id, &wrong(&code)).unwrap_err(), Error::Mismatch(2));
            assert_eq!(caller.verify(&id, &wrong(&code)).unwrap_err(), Error::Mismatch(1));
            assert_eq!(caller.desk.count(":failures"), 2 * round);
            caller.desk.advance(300);
            assert_eq!(caller.verify(&id, &code).unwrap_err(), Error::Expired);
            assert_eq!(caller.desk.count(":failures"), 2 * round);
        }
    });
}

/// Requirements 5 and 7: spread over many challenges and a year's worth of patience.
#[test]
fn the_101st_wrong_code_in_a_row_is_refused_even_if_it_is_right() {
    whatever_is_forgotten(&quick(10), |caller| {
        let mut compared = 0;
        'cap: while let Ok(challenge) = caller.issue() {
            let code = caller.code();
            for _ in 0..9 {
                match caller.verify(&challenge.id, &wrong(&code)) {
                    Err(Error::Mismatch(_)) => compared += 1,
                    Err(Error::Disabled | Error::Exhausted(_)) => break 'cap,
                    other => panic!("{other:?}"),
                }
            }
            if compared == 99 {
                // One is left, and then the right one is refused.
                caller.desk.advance(3_601);
                let (id, code) = caller.issued();
                assert_eq!(caller.verify(&id, &wrong(&code)).unwrap_err(), Error::Mismatch(0));
                compared += 1;
                assert!(caller.verify(&id, &code).is_err());
                break;
            }
            caller.desk.advance(3_601);
        }
        assert_eq!(compared, 100);
        for _ in 0..10 {
            caller.desk.advance(30 * 86_400);
            assert_eq!(caller.issue().unwrap_err(), Error::Disabled);
            assert_eq!(caller.verify_by_recipient(PHONE, "123456").err(), Some(Error::NotFound));
        }
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
            assert_eq!(caller.desk.count(":failures"), 0);
        }
    });
}

#[test]
fn trying_codes_where_nothing_was_issued_disables_nobody() {
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
        caller.desk.tamper(|dump| dump.retain(|key, _| !key.ends_with(":odometer")));
        for _ in 0..20 {
            assert!(matches!(caller.verify(&id, &code), Err(Error::Exhausted(_))));
        }
        assert_eq!(caller.status(&id).unwrap().state, State::Exhausted);
        assert!(matches!(caller.issue(), Err(Error::Exhausted(_))));
        caller.desk.advance(300);
        let (id, code) = caller.issued();
        caller.verify(&id, &code).unwrap();
    }
}

/// A wrong code that finds the only failure being taken back is remembered as long as any.
#[test]
fn failures_are_remembered_for_a_year() {
    let caller = Caller::new(Memory::Forgets, quick(3));
    let (id, code) = caller.issued();
    caller.verify(&id, &wrong(&code)).unwrap_err();
    caller.desk.advance(365 * 86_400);
    assert_eq!(caller.desk.count(":failures"), 1);
}

/// Requests that are under way during a success take themselves back afterwards; the next issue repairs the count.
#[test]
fn a_count_below_zero_is_repaired_by_the_next_issue() {
    whatever_is_forgotten(&quick(3), |caller| {
        let (id, code) = caller.issued();
        caller.verify(&id, &code).unwrap();
        let other = caller.desk.clone();
        other.tamper(|dump| {
            let odometer = dump.iter().find(|(key, _)| key.ends_with(":odometer"));
            let (key, entry) = odometer.map(|(key, entry)| (key.clone(), entry.clone())).unwrap();
            let entry = super::desk::Entry { cell: Cell::Count(-2), ..entry };
            dump.insert(key.replace(":odometer", ":failures"), entry);
        });
        caller.issued();
        assert_eq!(caller.desk.count(":failures"), 0);
    });
}

/// Attempts that come in while the message is on its way: those at a living challenge count, those at nothing do
/// count too (they can't be told apart before the record is written), and never more are left than the policy allows.
#[test]
fn attempts_during_a_send_count_against_what_is_being_sent() {
    whatever_is_forgotten(&quick(3), |caller| {
        let (id, code) = caller.issued();
        let (again, old) = (caller.with_keys(&[("k1", 1)]), id);
        caller.desk.while_sending(move || {
            assert_eq!(again.verify(&old, &wrong(&code)).unwrap_err(), Error::Mismatch(2));
        });
        let challenge = caller.issue_to(Channel::Sms, PHONE, None).unwrap();
        let code = caller.code();
        assert_eq!(caller.verify(&challenge.id, &wrong(&code)).unwrap_err(), Error::Mismatch(1));
    });
}

#[test]
fn the_odometer_is_stepped_before_the_challenge_is_read() {
    let subject = crate::subject::Subject::from_digest([7; 16]);
    let mut batch = Vec::new();
    crate::standing::Standing::ask(&subject, 1, &mut batch);
    let step = batch.iter().position(
        |one| matches!(one, Operation::Increment { key, by: 1, .. } if key.ends_with(":odometer")),
    );
    let read = batch
        .iter()
        .position(|one| matches!(one, Operation::Get(key) if key.ends_with(":challenge")));
    assert!(step.unwrap() < read.unwrap());
}

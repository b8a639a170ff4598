//! Locks grow, end, and are lifted.

use countersign_contract::otp::{Error, State};
use countersign_contract::settings;
use countersign_contract::types::Channel;

use super::caller::{Caller, PHONE, draft, whatever_is_forgotten, wrong};
use super::test_world::Memory;

fn quick() -> settings::Policy {
    settings::Policy { cooldown_seconds: Some(0), ..draft() }
}

/// Requirement 9.
#[test]
fn locks_grow_with_repetition_up_to_the_longest() {
    whatever_is_forgotten(&quick(), |caller| {
        for expected in [900, 1_800, 3_600, 3_600, 3_600] {
            let (id, code) = caller.issued();
            caller.exhaust(&id, &code);
            assert_eq!(caller.issue().unwrap_err(), Error::Locked(expected));
            assert_eq!(caller.status(&id).unwrap().locked_for_seconds, expected);
            assert_eq!(caller.verify(&id, &code).unwrap_err(), Error::Exhausted(expected));
            caller.world.advance(u64::from(expected) - 1);
            assert_eq!(caller.issue().unwrap_err(), Error::Locked(1));
            caller.world.advance(1);
        }
    });
}

#[test]
fn a_success_makes_the_next_lock_short_again() {
    whatever_is_forgotten(&quick(), |caller| {
        for _ in 0..3 {
            let (id, code) = caller.issued();
            caller.exhaust(&id, &code);
            assert_eq!(caller.issue().unwrap_err(), Error::Locked(900));
            caller.world.advance(900);
            let (id, code) = caller.issued();
            caller.verify(&id, &code).unwrap();
            caller.world.advance(1);
        }
    });
}

/// Only a success and an operator make the next lock short again, however long that takes.
#[test]
fn the_growth_of_locks_is_remembered_for_a_year() {
    whatever_is_forgotten(&quick(), |caller| {
        for expected in [900, 1_800, 3_600] {
            let (id, code) = caller.issued();
            caller.exhaust(&id, &code);
            assert_eq!(caller.issue().unwrap_err(), Error::Locked(expected));
            caller.world.advance(u64::from(expected) + 100 * 86_400);
        }
    });
}

#[test]
fn a_revoke_forgets_no_lock() {
    whatever_is_forgotten(&quick(), |caller| {
        let (id, code) = caller.issued();
        caller.exhaust(&id, &code);
        caller.world.advance(900);
        let (id, _) = caller.issued();
        caller.revoke(&id).unwrap();
        caller.world.advance(3_600);
        let (id, code) = caller.issued();
        caller.exhaust(&id, &code);
        assert_eq!(caller.issue().unwrap_err(), Error::Locked(1_800));
    });
}

/// A lock that ends before its challenge would have: retry-after names the moment at which it works.
#[test]
fn retry_after_an_exhausted_challenge_is_when_a_new_one_may_be_issued() {
    let draft =
        settings::Policy { lockout_seconds: Some(60), lifetime_seconds: Some(600), ..quick() };
    whatever_is_forgotten(&draft, |caller| {
        let (id, code) = caller.issued();
        caller.exhaust(&id, &code);
        let Err(Error::Exhausted(seconds)) = caller.verify(&id, &code) else { panic!() };
        caller.world.advance(u64::from(seconds) - 1);
        caller.issue().unwrap_err();
        caller.world.advance(1);
        caller.issue().unwrap();
    });
}

#[test]
fn an_unlock_lifts_the_lock_and_clears_the_failures() {
    whatever_is_forgotten(&quick(), |caller| {
        caller.unlock(PHONE).unwrap();
        for _ in 0..4 {
            let (id, code) = caller.issued();
            caller.exhaust(&id, &code);
            assert_eq!(caller.issue().unwrap_err(), Error::Locked(900));
            caller.unlock(PHONE).unwrap();
            assert_eq!(caller.failures(), 0);
            let report = caller.status(&id).unwrap();
            assert_eq!((report.state, report.locked_for_seconds), (State::Revoked, 0));
        }
        let challenge = caller.issue().unwrap();
        assert_eq!(challenge.attempts_left, 3);
        caller.verify(&challenge.id, &caller.code()).unwrap();
    });
}

#[test]
fn a_disabled_subject_stays_so_until_an_operator_comes() {
    let draft = settings::Policy { failure_cap: Some(3), ..quick() };
    whatever_is_forgotten(&draft, |caller| {
        let (id, code) = caller.issued();
        caller.exhaust(&id, &code);
        assert_eq!(caller.issue().unwrap_err(), Error::Disabled);
        assert!(caller.status(&id).unwrap().disabled);
        caller.world.advance(300 * 86_400);
        assert_eq!(caller.issue().unwrap_err(), Error::Disabled);
        caller.unlock(PHONE).unwrap();
        caller.issue().unwrap();
        assert!(!caller.status_by_recipient(PHONE).unwrap().disabled);
    });
}

/// Where the lock couldn't be written, the challenge is spent all the same.
#[test]
fn an_exhausted_challenge_stays_exhausted_if_the_lock_could_not_be_written() {
    whatever_is_forgotten(&quick(), |caller| {
        let (id, code) = caller.issued();
        caller.verify(&id, &wrong(&code)).unwrap_err();
        caller.verify(&id, &wrong(&code)).unwrap_err();
        caller.world.fail_batch(1, 0);
        assert_eq!(caller.verify(&id, &wrong(&code)).unwrap_err(), Error::Mismatch(0));
        assert!(!caller.world.takes_back_failing());
        assert_eq!(caller.verify(&id, &code).unwrap_err(), Error::Exhausted(300));
        assert_eq!(caller.issue().unwrap_err(), Error::Exhausted(300));
    });
}

#[test]
fn a_lock_is_one_subjects_only() {
    let caller = Caller::new(Memory::Forgets, quick());
    let (id, code) = caller.issued();
    caller.exhaust(&id, &code);
    let other = super::caller::OTHER_PHONE;
    caller.issue_to(Channel::Sms, other, None).unwrap();
}

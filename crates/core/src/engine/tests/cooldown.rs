//! The pause after each send.

use countersign_contract::otp::{Error, State};
use countersign_contract::settings;
use countersign_contract::types::{Scope, Throttle};

use super::caller::{Caller, draft, whatever_is_forgotten, wrong};
use super::test_world::Memory;

fn wait(error: &Error) -> u32 {
    match error {
        Error::Throttled(Throttle { scope: Scope::Cooldown, retry_after_seconds }) => {
            *retry_after_seconds
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_cooldown_grows_while_no_code_comes_back() {
    let draft = settings::Policy { lifetime_seconds: Some(600), ..draft() };
    whatever_is_forgotten(&draft, |caller| {
        for expected in [60, 120, 240, 480, 900] {
            let issued = caller.issue().unwrap();
            assert_eq!(issued.resend_in_seconds, expected);
            assert_eq!(wait(&caller.issue().unwrap_err()), expected);
            caller.world.advance(u64::from(expected) - 1);
            assert_eq!(wait(&caller.issue().unwrap_err()), 1);
            caller.world.advance(1);
        }
    });
}

#[test]
fn a_resend_waits_like_an_issue() {
    whatever_is_forgotten(&draft(), |caller| {
        let (id, _) = caller.issued();
        assert_eq!(wait(&caller.resend(&id).unwrap_err()), 60);
        assert_eq!(caller.status(&id).unwrap().resend_in_seconds, 60);
        caller.world.advance(60);
        assert_eq!(caller.status(&id).unwrap().resend_in_seconds, 0);
        assert_eq!(caller.resend(&id).unwrap().resend_in_seconds, 120);
        assert_eq!(wait(&caller.issue().unwrap_err()), 120);
        assert_eq!(caller.world.messages().len(), 2);
    });
}

#[test]
fn a_revoke_does_not_end_the_cooldown() {
    whatever_is_forgotten(&draft(), |caller| {
        let (id, _) = caller.issued();
        caller.revoke(&id).unwrap();
        assert_eq!(wait(&caller.issue().unwrap_err()), 60);
    });
}

/// Longer than the challenge lives, and than its record is kept for.
#[test]
fn a_cooldown_outlives_its_challenge() {
    let draft = settings::Policy {
        lifetime_seconds: Some(30),
        cooldown_seconds: Some(3_600),
        cooldown_max_seconds: Some(86_400),
        ..draft()
    };
    whatever_is_forgotten(&draft, |caller| {
        caller.issue().unwrap();
        caller.world.advance(3_599);
        assert_eq!(wait(&caller.issue().unwrap_err()), 1);
        caller.world.advance(1);
        caller.issue().unwrap();
    });
}

/// However short a code lives.
#[test]
fn growth_is_remembered_beyond_the_longest_cooldown_and_then_forgotten() {
    for lifetime in [30, 300, 600] {
        let draft = settings::Policy { lifetime_seconds: Some(lifetime), ..draft() };
        whatever_is_forgotten(&draft, |caller| {
            for expected in [60, 120, 240, 480, 900, 900, 900] {
                assert_eq!(caller.issue().unwrap().resend_in_seconds, expected);
                caller.world.advance(u64::from(expected));
            }
            caller.world.advance(900);
            assert_eq!(caller.issue().unwrap().resend_in_seconds, 60);
        });
    }
}

/// An operator's unlock ends the longest of cooldowns for good.
#[test]
fn an_unlock_ends_the_cooldown() {
    let draft = settings::Policy {
        cooldown_seconds: Some(3_600),
        cooldown_max_seconds: Some(86_400),
        ..draft()
    };
    whatever_is_forgotten(&draft, |caller| {
        caller.issue().unwrap();
        caller.unlock(super::caller::PHONE).unwrap();
        caller.world.advance(3_601);
        assert_eq!(caller.issue().unwrap().resend_in_seconds, 3_600);
        caller.unlock(super::caller::PHONE).unwrap();
        let (id, code) = caller.issued();
        // After an answer too, which stays one.
        caller.verify(&id, &code).unwrap();
        caller.unlock(super::caller::PHONE).unwrap();
        assert_eq!(caller.status(&id).unwrap().state, State::Verified);
        caller.issue().unwrap();
    });
}

#[test]
fn a_refused_send_costs_nothing() {
    let caller = Caller::new(Memory::Never, draft());
    let (id, code) = caller.issued();
    for _ in 0..20 {
        wait(&caller.issue().unwrap_err());
    }
    assert_eq!(caller.verify(&id, &wrong(&code)).unwrap_err(), Error::Mismatch(2));
    caller.world.advance(60);
    assert_eq!(caller.issue().unwrap().resend_in_seconds, 120);
}

/// An answer ends the growth, not the pause after the message that was answered.
#[test]
fn after_an_answer_the_pause_is_the_shortest() {
    let draft = settings::Policy { lifetime_seconds: Some(600), ..draft() };
    whatever_is_forgotten(&draft, |caller| {
        for pause in [60, 120] {
            caller.issue().unwrap();
            caller.world.advance(pause);
        }
        let (id, code) = caller.issued();
        caller.world.advance(10);
        assert_eq!(wait(&caller.issue().unwrap_err()), 230);
        caller.verify(&id, &code).unwrap();
        assert_eq!(wait(&caller.issue().unwrap_err()), 50);
        caller.world.advance(50);
        assert_eq!(caller.issue().unwrap().resend_in_seconds, 60);
    });
}

//! Invariant 6, and what a resend carries.

use countersign_contract::otp::{Error, State};
use countersign_contract::settings::{self, Activity, Limit, ResendCode};
use countersign_contract::types::{Scope, SendError, Throttle};

use super::caller::{Caller, PHONE, draft, whatever_is_forgotten, wrong};
use super::test_world::{Cell, Dump, Memory};

/// Those after which it is known that nothing went out.
fn certain_errors() -> Vec<SendError> {
    vec![
        SendError::NotConfigured("sms".into()),
        SendError::Other("odd".into()),
        SendError::RecipientRefused,
        SendError::TemplateUnknown,
        SendError::Throttled(Some(7)),
        SendError::Unauthorised,
        SendError::Unavailable,
    ]
}

fn limited() -> settings::Policy {
    let limit =
        Limit { scope: Scope::Subject, on: Activity::Send, max: Some(20), window_seconds: 86_400 };
    settings::Policy { limits: vec![limit], ..draft() }
}

/// What means something: without the counts that are 0, the windows of the limits and those of the lease.
fn meaning(dump: &Dump) -> Vec<(String, Cell)> {
    let kept = |key: &str, cell: &Cell| {
        *cell != Cell::Count(0) && !key.contains(":limit:") && !key.contains(":sending:")
    };
    let kept = dump.iter().filter(|(key, entry)| kept(key, &entry.cell));
    kept.map(|(key, entry)| (key.clone(), entry.cell.clone())).collect()
}

#[test]
fn a_failed_send_leaves_nothing() {
    whatever_is_forgotten(&limited(), |caller| {
        for (failed, error) in certain_errors().into_iter().enumerate() {
            let before = meaning(&caller.world.dump());
            caller.world.fail_send(error.clone());
            assert_eq!(caller.issue().unwrap_err(), Error::DeliveryFailed(error));
            assert_eq!(meaning(&caller.world.dump()), before);
            let slots = caller.world.dump().into_iter().find(|(key, _)| key.contains(":limit:"));
            assert_eq!(slots.unwrap().1.cell, Cell::Count(i64::try_from(failed).unwrap() + 1));
        }
        assert_eq!(caller.status_by_recipient(PHONE).unwrap_err(), Error::NotFound);
        // And so the person may try again at once.
        let (id, code) = caller.issued();
        caller.verify(&id, &code).unwrap();
    });
}

/// A failed issue over a living challenge, too.
#[test]
fn a_failed_issue_leaves_the_living_challenge() {
    let draft = settings::Policy { cooldown_seconds: Some(0), ..limited() };
    whatever_is_forgotten(&draft, |caller| {
        let (id, code) = caller.issued();
        let before = meaning(&caller.world.dump());
        caller.world.fail_send(SendError::Unavailable);
        caller.issue().unwrap_err();
        assert_eq!(meaning(&caller.world.dump()), before);
        caller.verify(&id, &code).unwrap();
    });
}

#[test]
fn a_failed_resend_leaves_the_challenge_as_it_was() {
    for resend_code in [ResendCode::Same, ResendCode::New] {
        let draft = settings::Policy { resend_code: Some(resend_code), ..limited() };
        whatever_is_forgotten(&draft, |caller| {
            let (id, code) = caller.issued();
            caller.verify(&id, &wrong(&code)).unwrap_err();
            caller.world.advance(60);
            let before = meaning(&caller.world.dump());
            let status = format!("{:?}", caller.status(&id).unwrap());
            for error in certain_errors() {
                caller.world.fail_send(error.clone());
                assert_eq!(caller.resend(&id).unwrap_err(), Error::DeliveryFailed(error));
                assert_eq!(meaning(&caller.world.dump()), before);
                assert_eq!(format!("{:?}", caller.status(&id).unwrap()), status);
            }
            caller.resend(&id).unwrap();
            caller.verify(&id, &caller.code()).unwrap();
        });
    }
}

#[test]
fn a_resend_carries_the_same_code_or_a_new_one_as_the_policy_says() {
    whatever_is_forgotten(&draft(), |caller| {
        let (id, code) = caller.issued();
        caller.world.advance(60);
        let resent = caller.resend(&id).unwrap();
        assert_eq!((resent.id.as_str(), caller.code()), (id.as_str(), code.clone()));
        caller.verify(&id, &code).unwrap();
    });
    let new = settings::Policy { resend_code: Some(ResendCode::New), ..draft() };
    whatever_is_forgotten(&new, |caller| {
        let (id, code) = caller.issued();
        caller.world.advance(60);
        assert_eq!(caller.resend(&id).unwrap().id, id);
        let newer = caller.code();
        assert_ne!(code, newer);
        assert_eq!(caller.verify(&id, &code).unwrap_err(), Error::Mismatch(2));
        caller.verify(&id, &newer).unwrap();
    });
}

/// What the sender is told: numbers that name the send, and the time that is really left.
#[test]
fn a_resend_neither_prolongs_the_code_nor_repeats_its_number() {
    let caller = Caller::new(Memory::Forgets, draft());
    let issued = caller.issue().unwrap();
    caller.world.advance(100);
    let resent = caller.resend(&issued.id).unwrap();
    assert_eq!(resent.expires_at, issued.expires_at);
    assert_eq!((issued.expires_in_seconds, resent.expires_in_seconds), (300, 200));
    assert_eq!((issued.resends_left, resent.resends_left), (3, 2));
    assert_eq!((issued.resend_in_seconds, resent.resend_in_seconds), (60, 120));
    let told: Vec<_> = caller
        .world
        .messages()
        .iter()
        .map(|message| (message.send_number, message.lifetime_seconds, message.expires_at))
        .collect();
    assert_eq!(told, [(1, 300, issued.expires_at), (2, 200, issued.expires_at)]);
}

#[test]
fn resends_are_bounded() {
    let draft = settings::Policy {
        max_resends: Some(2),
        cooldown_seconds: Some(0),
        lifetime_seconds: Some(600),
        ..draft()
    };
    whatever_is_forgotten(&draft, |caller| {
        let (id, code) = caller.issued();
        caller.world.advance(10);
        caller.resend(&id).unwrap();
        caller.resend(&id).unwrap();
        let spent =
            Error::Throttled(Throttle { scope: Scope::Challenge, retry_after_seconds: 590 });
        assert_eq!(caller.resend(&id).unwrap_err(), spent);
        assert_eq!(caller.world.messages().len(), 3);
        assert_eq!(caller.status(&id).unwrap().resends_left, 0);
        caller.verify(&id, &code).unwrap();
    });
    let none = settings::Policy {
        max_resends: Some(0),
        cooldown_seconds: Some(0),
        ..super::caller::draft()
    };
    let caller = Caller::new(Memory::Forgets, none);
    let (id, _) = caller.issued();
    assert!(matches!(
        caller.resend(&id),
        Err(Error::Throttled(Throttle { scope: Scope::Challenge, .. }))
    ));
}

/// A sender that took so long that another request may be sending by now: nothing is written.
#[test]
fn a_send_that_outlasts_the_lease_leaves_nothing() {
    for (took, in_time) in [(0, true), (25, true), (26, false), (100, false), (1_000, false)] {
        whatever_is_forgotten(&draft(), |caller| {
            let world = caller.world.clone();
            caller.world.while_sending(move || world.advance(took));
            let outcome = caller.issue();
            if in_time {
                assert_eq!(u64::from(outcome.unwrap().expires_in_seconds), 300 - took);
                let cooling = caller.issue().unwrap_err();
                let wait =
                    Error::Throttled(Throttle { scope: Scope::Cooldown, retry_after_seconds: 60 });
                assert_eq!(cooling, wait);
            } else {
                assert_eq!(outcome.unwrap_err(), Error::DeliveryFailed(SendError::Timeout));
                caller.issue().unwrap();
            }
        });
    }
}

/// A caller who asks while a message is on its way is told to wait, and nothing more goes out.
#[test]
fn of_two_simultaneous_sends_one_goes_out() {
    for cooldown in [0, 60] {
        let draft = settings::Policy { cooldown_seconds: Some(cooldown), ..draft() };
        whatever_is_forgotten(&draft, |caller| {
            let other = caller.with_keys(&[("k1", 1)]);
            caller.world.while_sending(move || {
                for _ in 0..3 {
                    let error = other.issue().unwrap_err();
                    let Error::Throttled(Throttle { scope, retry_after_seconds }) = error else {
                        panic!("{error:?}")
                    };
                    assert_eq!((scope, retry_after_seconds), (Scope::Cooldown, cooldown.max(1)));
                }
            });
            let (id, code) = caller.issued();
            assert_eq!(caller.world.messages().len(), 1);
            caller.verify(&id, &code).unwrap();
        });
    }
}

/// The store failing at any operation of any batch, of an issue: at worst the person waits for two of the lease's windows.
#[test]
fn a_store_that_fails_during_an_issue_blocks_no_recipient_for_long() {
    for batch in 0..2 {
        for carried_out in 0..14 {
            whatever_is_forgotten(&draft(), |caller| {
                caller.world.fail_batch(batch, carried_out);
                assert!(matches!(caller.issue(), Err(Error::StoreUnavailable(_))));
                caller.world.advance(90);
                let (id, code) = caller.issued();
                assert_eq!(caller.status(&id).unwrap().state, State::Pending);
                caller.verify(&id, &code).unwrap();
            });
        }
    }
}

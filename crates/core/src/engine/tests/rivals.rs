//! Calls that come between the two batches of another: what the one that loses leaves behind.

use std::sync::mpsc::channel;
use std::thread::JoinHandle;

use countersign_contract::otp::{Error, State};
use countersign_contract::settings;
use countersign_contract::types::{Scope, Throttle};

use super::caller::{Caller, PHONE, draft, whatever_is_forgotten, wrong};
use super::test_world::Memory;

fn quick() -> settings::Policy {
    settings::Policy { cooldown_seconds: Some(0), ..draft() }
}

/// The same service in another process.
fn another(caller: &Caller) -> Caller {
    caller.with_keys(&[("k1", 1)])
}

/// Begins a call that stops after its first batch; what it returns lets it go on and waits for its end.
fn begun(caller: &Caller, call: impl FnOnce(Caller) + Send + 'static) -> Box<dyn FnOnce() + Send> {
    let (has_read, reads) = channel();
    let (go_on, waits) = channel::<()>();
    caller.world.after_batch(move || {
        has_read.send(()).unwrap();
        waits.recv().unwrap();
    });
    let rival = another(caller);
    let thread: JoinHandle<()> = std::thread::spawn(move || call(rival));
    reads.recv().unwrap();
    Box::new(move || {
        go_on.send(()).unwrap();
        thread.join().unwrap();
    })
}

/// A right code was under way when the last wrong one came, and wins before its failures are written.
#[test]
fn an_answer_before_the_failures_are_written_leaves_none() {
    let caller = Caller::new(Memory::Never, quick());
    let (id, code) = caller.issued();
    caller.verify(&id, &wrong(&code)).unwrap_err();
    let (named, right) = (id.clone(), code.clone());
    let answer = begun(&caller, move |rival| drop(rival.verify(&named, &right).unwrap()));
    caller.world.after_batch(answer);
    assert_eq!(caller.verify(&id, &wrong(&code)).unwrap_err(), Error::Mismatch(0));
    assert_eq!(caller.failures(), 0);
    caller.issue().unwrap();
}

/// An attempt that compared nothing is voided before the failures of the last one are written: one is left.
#[test]
fn an_attempt_that_is_voided_in_time_is_left_to_the_next_code() {
    let caller = Caller::new(Memory::Never, quick());
    let (expired, old) = caller.issued();
    caller.world.advance(200);
    let (id, code) = caller.issued();
    caller.world.advance(110);
    caller.verify(&id, &wrong(&code)).unwrap_err();
    let void = begun(&caller, move |rival| {
        assert_eq!(rival.verify(&expired, &old).unwrap_err(), Error::Expired);
    });
    caller.world.after_batch(void);
    assert_eq!(caller.verify(&id, &wrong(&code)).unwrap_err(), Error::Mismatch(1));
    assert_eq!(caller.failures(), 0);
    caller.verify(&id, &code).unwrap();
}

/// A fourth challenge comes between the two batches of the right code for the first one, which it displaces.
#[test]
fn a_right_code_that_is_under_way_when_its_challenge_is_followed_by_three_takes_no_success_in_vain()
{
    whatever_is_forgotten(&quick(), |caller| {
        let (first, code) = caller.issued();
        caller.issued();
        caller.issued();
        let rival = another(&caller);
        caller.world.after_batch(move || drop(rival.issued()));
        assert_eq!(caller.verify(&first, &code).unwrap().id, first);
        caller.world.advance(60);
        let (next, code) = caller.issued();
        caller.verify(&next, &code).unwrap();
    });
}

/// Both codes are right, and the later one is answered while the earlier one is on its way.
#[test]
fn the_challenge_that_was_answered_first_stays_the_one_that_is_shown_as_verified() {
    whatever_is_forgotten(&quick(), |caller| {
        let (first, code) = caller.issued();
        let (second, right) = caller.issued();
        let (rival, named) = (another(&caller), second.clone());
        caller.world.after_batch(move || drop(rival.verify(&named, &right).unwrap()));
        assert_eq!(caller.verify(&first, &code).unwrap_err(), Error::NotFound);
        assert_eq!(caller.status(&second).unwrap().state, State::Verified);
        assert_eq!(caller.status(&first).unwrap().state, State::Revoked);
        assert_eq!(caller.resend(&first).unwrap_err(), Error::NotFound);
        assert_eq!(caller.resend(&second).unwrap_err(), Error::NotFound);
    });
}

#[test]
fn the_same_code_twice_is_one_success() {
    whatever_is_forgotten(&quick(), |caller| {
        let (id, code) = caller.issued();
        let (rival, named, right) = (another(&caller), id.clone(), code.clone());
        caller.world.after_batch(move || drop(rival.verify(&named, &right).unwrap()));
        assert_eq!(caller.verify(&id, &code).unwrap_err(), Error::NotFound);
        assert_eq!(caller.status(&id).unwrap().state, State::Verified);
    });
}

/// A right code that comes after a revocation leaves nothing that says that it was answered.
#[test]
fn an_answer_after_a_revocation_settles_nothing() {
    whatever_is_forgotten(&quick(), |caller| {
        let (id, code) = caller.issued();
        caller.verify(&id, &code).unwrap();
        let (id, code) = caller.issued();
        let (rival, named) = (another(&caller), id.clone());
        caller.world.after_batch(move || rival.revoke(&named).unwrap());
        assert_eq!(caller.verify(&id, &code).unwrap_err(), Error::NotFound);
        assert_eq!(caller.status(&id).unwrap().state, State::Revoked);
        assert_eq!(caller.resend(&id).unwrap_err(), Error::Revoked);
    });
}

#[test]
fn a_resend_during_a_resend_is_told_to_wait() {
    whatever_is_forgotten(&quick(), |caller| {
        let (id, _) = caller.issued();
        let (rival, named) = (another(&caller), id.clone());
        caller.world.while_sending(move || {
            let refused = rival.resend(&named).unwrap_err();
            assert!(
                matches!(refused, Error::Throttled(Throttle { scope: Scope::Cooldown, .. })),
                "{refused:?}"
            );
        });
        caller.resend(&id).unwrap();
        assert_eq!(caller.world.messages().len(), 2);
    });
}

/// Failures of before, or a history that says that there are none, cost a right code no round trip more.
#[test]
fn a_right_code_after_failures_takes_two_round_trips() {
    let caller = Caller::new(Memory::Never, quick());
    let (id, code) = caller.issued();
    caller.exhaust(&id, &code);
    caller.world.advance(900);
    for failures in [3, 0, 0] {
        assert_eq!(caller.failures(), failures);
        let (id, code) = caller.issued();
        caller.world.round_trips();
        caller.verify(&id, &code).unwrap();
        assert_eq!(caller.world.round_trips(), 2);
        assert_eq!(caller.failures(), 0);
    }
}

/// A number that no code was ever sent to.
#[test]
fn probes_of_a_number_without_challenges_are_soon_forgotten() {
    let caller = Caller::new(Memory::Forgets, quick());
    for _ in 0..5 {
        assert_eq!(caller.verify_by_recipient(PHONE, "123456").unwrap_err(), Error::NotFound);
    }
    caller.world.advance(u64::from(crate::times::ODOMETER_SECONDS));
    assert!(caller.world.dump().is_empty());
    let (id, code) = caller.issued();
    assert_eq!(caller.verify(&id, &wrong(&code)).unwrap_err(), Error::Mismatch(2));
}

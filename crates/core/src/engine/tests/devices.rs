//! A device that answered before is apart from strangers: neither keeps the other out, and neither's guesses are free.

use countersign_contract::Secret;
use countersign_contract::otp::Error;
use countersign_contract::settings::{self, Activity, Limit};
use countersign_contract::types::Scope;

use super::caller::{Caller, OTHER_PHONE, PHONE, draft, whatever_is_forgotten, wrong};
use super::test_world::Memory;

const DAY: u64 = 86_400;

/// The same caller, on a device that keeps what its latest success left.
fn remembered(caller: &Caller) -> Caller {
    let (id, code) = caller.issued();
    let verified = caller.verify(&id, &code).unwrap();
    caller.world.advance(1_000);
    with(caller, verified.device_cookie.as_ref().map(Secret::expose).cloned())
}

fn with(caller: &Caller, cookie: Option<String>) -> Caller {
    Caller { cookie, ..caller.with_keys(&[("k1", 1)]) }
}

fn logs_in(caller: &Caller) -> bool {
    caller.issue().is_ok_and(|issued| caller.verify(&issued.id, &caller.code()).is_ok())
}

/// Everything that strangers can do to a recipient: its cooldown, its attempts, its lock, its limits, its cap.
#[test]
fn a_known_device_logs_in_whatever_strangers_do() {
    let per_day =
        Limit { scope: Scope::Subject, on: Activity::Send, max: Some(40), window_seconds: 86_400 };
    for limits in [Vec::new(), vec![per_day]] {
        let draft = settings::Policy { failure_cap: Some(9), limits, ..draft() };
        whatever_is_forgotten(&draft, |caller| {
            let owner = remembered(&caller);
            assert!(caller.issue().is_ok());
            assert!(matches!(caller.issue(), Err(Error::Throttled(_))));
            assert!(logs_in(&owner), "after a stranger's send");
            caller.world.advance(DAY);
            while caller.failures() < 9 {
                let Ok(issued) = caller.issue() else {
                    caller.world.advance(600);
                    continue;
                };
                caller.exhaust(&issued.id, &caller.code());
                assert!(matches!(
                    caller.issue(),
                    Err(Error::Locked(_) | Error::Disabled | Error::Exhausted(_))
                ));
                assert!(logs_in(&owner), "after {} failures of strangers", caller.failures());
            }
            caller.world.advance(DAY);
            assert!(matches!(caller.issue(), Err(Error::Disabled)));
            assert!(logs_in(&owner), "while strangers are disabled");
        });
    }
}

#[test]
fn guesses_on_a_known_device_lock_that_device_and_no_stranger() {
    whatever_is_forgotten(&draft(), |caller| {
        let owner = remembered(&caller);
        let issued = owner.issue().unwrap();
        owner.exhaust(&issued.id, &owner.code());
        owner.world.advance(301);
        assert!(matches!(owner.issue(), Err(Error::Locked(_))));
        assert_eq!(caller.failures(), 0);
        assert!(logs_in(&caller));
    });
}

#[test]
fn an_operator_unlocks_both() {
    whatever_is_forgotten(&draft(), |caller| {
        let owner = remembered(&caller);
        for party in [&caller, &owner] {
            let issued = party.issue().unwrap();
            party.exhaust(&issued.id, &party.code());
        }
        caller.unlock(PHONE).unwrap();
        assert!(logs_in(&caller) && logs_in(&owner));
    });
}

/// A challenge of a known device is named by its id like any other, and by recipient with the cookie only.
#[test]
fn a_known_devices_challenge_is_found_by_id_and_with_the_cookie() {
    whatever_is_forgotten(&draft(), |caller| {
        let owner = remembered(&caller);
        let issued = owner.issue().unwrap();
        let code = owner.code();
        assert!(matches!(caller.verify_by_recipient(PHONE, &code), Err(Error::NotFound)));
        assert_eq!(owner.status_by_recipient(PHONE).unwrap().id, issued.id);
        assert!(matches!(
            caller.verify_as(&issued.id, &code, None, Some(OTHER_PHONE)),
            Err(Error::NotFound)
        ));
        assert!(matches!(
            caller.verify_as(&issued.id, &wrong(&code), None, Some(PHONE)),
            Err(Error::Mismatch(2))
        ));
        assert!(owner.verify_by_recipient(PHONE, &code).is_ok());
    });
}

#[test]
fn a_cookie_that_is_no_good_counts_as_none() {
    let caller = Caller::new(Memory::Forgets, draft());
    let good = remembered(&caller).cookie.unwrap();
    assert_eq!(good.len(), 28);
    let is_known = |asks: &Caller| {
        // A stranger's send, behind which only a known device gets its own.
        asks.world.advance(DAY);
        let stranger = Caller { tenant: asks.tenant.clone(), ..with(asks, None) };
        stranger.issue_to(None, PHONE, None).unwrap();
        asks.issue_to(None, PHONE, None).is_ok()
    };
    assert!(is_known(&with(&caller, Some(good.clone()))));
    let flipped = |place: usize| {
        let sign = if good.as_bytes()[place] == b'A' { "B" } else { "A" };
        format!("{}{sign}{}", &good[..place], &good[place + 1..])
    };
    let malformed = [String::new(), good[1..].to_owned(), format!("{good}A"), format!("{good}=")];
    let forged = (0..good.len()).map(flipped);
    for bad in malformed.into_iter().chain(["\u{e9}".repeat(14)]).chain(forged) {
        assert!(!is_known(&with(&caller, Some(bad.clone()))), "{bad}");
    }
    caller.world.set_policy("other", "login", draft());
    let elsewhere = Caller { tenant: "other".into(), ..with(&caller, Some(good.clone())) };
    assert!(!is_known(&elsewhere), "another tenant's");
    let theirs = {
        caller.issue_to(None, OTHER_PHONE, None).unwrap();
        caller.verify_by_recipient(OTHER_PHONE, &caller.code()).unwrap().device_cookie.unwrap()
    };
    assert!(!is_known(&with(&caller, Some(theirs.expose().clone()))), "another recipient's");
}

#[test]
fn a_device_is_known_for_as_long_as_the_policy_says_and_across_rotations() {
    let caller = Caller::new(Memory::Never, draft());
    let owner = remembered(&caller);
    let is_known = |owner: &Caller| {
        with(owner, None).issue().unwrap();
        owner.issue().is_ok()
    };
    owner.world.advance(29 * DAY);
    assert!(is_known(&owner));
    let rotated = Caller { cookie: owner.cookie.clone(), ..owner.with_keys(&[("k2", 2)]) };
    owner.world.advance(DAY - 2_000);
    rotated.world.advance(900);
    assert!(is_known(&rotated));
    owner.world.advance(DAY);
    assert!(!is_known(&owner));
    // Made by a clock that was ahead: of a minute at most.
    owner.world.advance(DAY);
    let stranger = with(&caller, None);
    let renewed = remembered(&stranger);
    owner.world.back(1_000 + 59);
    assert!(stranger.issue().is_err());
    assert!(renewed.issue().is_ok());
    owner.world.back(100_000);
    assert!(stranger.issue().is_ok());
    assert!(renewed.issue().is_err());
}

#[test]
fn where_no_device_is_remembered_none_is_known() {
    let caller = Caller::new(Memory::Forgets, draft());
    let owner = remembered(&caller);
    let none = settings::Policy { remember_device_seconds: Some(0), ..draft() };
    caller.world.set_policy("default", "login", none);
    let (id, code) = caller.issued();
    assert!(owner.issue().is_err());
    assert!(caller.verify(&id, &code).unwrap().device_cookie.is_none());
}

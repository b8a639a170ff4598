//! Invariants 9 and 10: windows in the shared store, and a ttl on everything.

use countersign_contract::otp::Error;
use countersign_contract::settings::{self, Activity, Limit};
use countersign_contract::types::{Channel, Scope, Throttle};

use super::caller::{Caller, MAIL, OTHER_PHONE, PHONE, draft, whatever_is_forgotten, wrong};
use super::test_world::{Cell, Memory};

fn limited(limits: &[(Scope, Activity, u32, u32)]) -> settings::Policy {
    let limit =
        |(scope, on, max, window_seconds)| Limit { scope, on, max: Some(max), window_seconds };
    let limits = limits.iter().copied().map(limit).collect();
    settings::Policy { cooldown_seconds: Some(0), max_attempts: Some(10), limits, ..draft() }
}

fn throttled<T: std::fmt::Debug>(outcome: Result<T, Error>) -> (Scope, u32) {
    match outcome {
        Err(Error::Throttled(Throttle { scope, retry_after_seconds })) => {
            (scope, retry_after_seconds)
        }
        other => panic!("{other:?}"),
    }
}

/// Requirement 15: nothing goes out beyond the limit, and the refusal says when to come back.
#[test]
fn limits_on_sends_hold_for_every_scope() {
    for scope in [Scope::Subject, Scope::Ip, Scope::Purpose, Scope::Tenant] {
        whatever_is_forgotten(&limited(&[(scope, Activity::Send, 2, 3_600)]), |mut caller| {
            caller.ip = Some("192.0.2.1".into());
            let (id, _) = caller.issued();
            caller.resend(&id).unwrap();
            // 1,000,000,000 is 2,800 s into an hour.
            assert_eq!(throttled(caller.issue()), (scope, 800));
            assert_eq!(throttled(caller.resend(&id)), (scope, 800));
            assert_eq!(caller.world.messages().len(), 2);
            caller.world.advance(799);
            assert_eq!(throttled(caller.issue()), (scope, 1));
            caller.world.advance(1);
            caller.issue().unwrap();
        });
    }
}

#[test]
fn limits_count_what_their_scope_says() {
    let once = |scope| limited(&[(scope, Activity::Send, 1, 3_600)]);
    let issue = |caller: &Caller, to| caller.issue_to(Channel::Sms, to, None);
    let mut caller = Caller::new(Memory::Never, once(Scope::Ip));
    issue(&caller, PHONE).unwrap();
    issue(&caller, PHONE).unwrap();
    caller.ip = Some("2001:db8::1".into());
    issue(&caller, PHONE).unwrap();
    caller.ip = Some("2001:db8::2".into());
    assert_eq!(throttled(issue(&caller, OTHER_PHONE)).0, Scope::Ip);
    caller.ip = Some("2001:db8:0:1::1".into());
    issue(&caller, OTHER_PHONE).unwrap();

    // Ports, brackets and the ways to write an IPv4 address don't make another client.
    for (first, same, other) in [
        ("203.0.113.7:51234", "203.0.113.7", "203.0.113.8:51234"),
        ("64:ff9b::203.0.113.50", "[64:ff9b::cb00:7132]:443", "64:ff9b::203.0.113.51"),
        ("::ffff:203.0.113.60", "203.0.113.60:1", "::ffff:203.0.113.61"),
        ("[2001:db8:9::1]:443", "2001:db8:9:0:1:2:3:4:443", "[2001:db8:9:1::1]"),
    ] {
        let mut caller = Caller::new(Memory::Never, once(Scope::Ip));
        caller.ip = Some(first.into());
        issue(&caller, PHONE).unwrap();
        caller.ip = Some(same.into());
        assert_eq!(throttled(issue(&caller, OTHER_PHONE)).0, Scope::Ip, "{same}");
        caller.ip = Some(other.into());
        issue(&caller, OTHER_PHONE).unwrap();
    }

    let caller = Caller::new(Memory::Never, once(Scope::Subject));
    issue(&caller, PHONE).unwrap();
    issue(&caller, OTHER_PHONE).unwrap();
    assert_eq!(throttled(issue(&caller, PHONE)).0, Scope::Subject);

    for (scope, other_purpose_passes) in [(Scope::Purpose, true), (Scope::Tenant, false)] {
        let mut caller = Caller::new(Memory::Never, once(scope));
        caller.world.set_policy("default", "wallet", once(scope));
        caller.world.set_policy("other", "login", once(scope));
        issue(&caller, PHONE).unwrap();
        assert_eq!(throttled(issue(&caller, OTHER_PHONE)).0, scope);
        caller.purpose = "wallet".into();
        assert_eq!(issue(&caller, PHONE).is_ok(), other_purpose_passes);
        (caller.tenant, caller.purpose) = ("other".into(), "login".into());
        issue(&caller, PHONE).unwrap();
    }
}

/// Two windows of different lengths, at their boundaries.
#[test]
fn of_several_windows_the_refusal_names_the_one_that_lasts_longest() {
    let limits =
        [(Scope::Subject, Activity::Send, 1, 100), (Scope::Subject, Activity::Send, 2, 1_000)];
    whatever_is_forgotten(&limited(&limits), |caller| {
        caller.issue().unwrap();
        assert_eq!(throttled(caller.issue()), (Scope::Subject, 100));
        caller.world.advance(99);
        assert_eq!(throttled(caller.issue()), (Scope::Subject, 1));
        caller.world.advance(1);
        caller.issue().unwrap();
        assert_eq!(throttled(caller.issue()), (Scope::Subject, 900));
        caller.world.advance(899);
        assert_eq!(throttled(caller.issue()), (Scope::Subject, 1));
        caller.world.advance(1);
        caller.issue().unwrap();
    });
}

/// Being refused by one limit spends no slot of another, nor of its own.
#[test]
fn a_refusal_spends_nothing() {
    let limits =
        [(Scope::Subject, Activity::Send, 1, 100), (Scope::Purpose, Activity::Send, 3, 1_000)];
    whatever_is_forgotten(&limited(&limits), |caller| {
        caller.issue().unwrap();
        for _ in 0..10 {
            caller.issue().unwrap_err();
        }
        caller.issue_to(Channel::Sms, OTHER_PHONE, None).unwrap();
        caller.issue_to(Channel::Email, MAIL, None).unwrap();
        assert_eq!(
            throttled(caller.issue_to(Channel::Sms, "+6281234567892", None)).0,
            Scope::Purpose
        );
    });
}

#[test]
fn limits_on_verifications_hold_before_anything_is_compared() {
    for scope in [Scope::Subject, Scope::Ip, Scope::Purpose, Scope::Tenant] {
        whatever_is_forgotten(&limited(&[(scope, Activity::Verify, 2, 100)]), |mut caller| {
            caller.ip = Some("192.0.2.1".into());
            let (id, code) = caller.issued();
            caller.verify(&id, &wrong(&code)).unwrap_err();
            caller.verify(&id, &wrong(&code)).unwrap_err();
            assert_eq!(throttled(caller.verify(&id, &code)), (scope, 100));
            assert_eq!(throttled(caller.verify_by_recipient(PHONE, &code)), (scope, 100));
            caller.world.advance(100);
            caller.verify(&id, &code).unwrap();
        });
    }
}

/// A stranger who tries codes where there is nothing spends his own windows, not the subject's.
#[test]
fn trying_codes_where_nothing_is_spends_no_window_of_the_subject() {
    let limits =
        [(Scope::Subject, Activity::Verify, 2, 1_000), (Scope::Ip, Activity::Verify, 5, 1_000)];
    whatever_is_forgotten(&limited(&limits), |mut caller| {
        caller.ip = Some("192.0.2.66".into());
        for _ in 0..5 {
            assert_eq!(caller.verify_by_recipient(PHONE, "123456").err(), Some(Error::NotFound));
        }
        assert_eq!(throttled(caller.verify_by_recipient(PHONE, "123456")).0, Scope::Ip);
        caller.ip = Some("192.0.2.1".into());
        let (id, code) = caller.issued();
        caller.verify(&id, &code).unwrap();
    });
}

/// The store loses its counts while a refused request is under way that was the third to be counted; others are counted
/// before it takes back what is gone: of theirs it takes nothing, and of nothing it makes no credit.
#[test]
fn what_a_refused_request_takes_back_is_its_own_also_where_the_store_lost_it() {
    let number = |last: usize| format!("+62812345678{last}");
    for (others, generation) in [(0, None), (1, None), (2, None), (3, Some(2))] {
        for scope in [Scope::Purpose, Scope::Tenant] {
            let limits = limited(&[(scope, Activity::Send, 3, 3_600)]).limits;
            whatever_is_forgotten(&settings::Policy { limits, ..draft() }, |caller| {
                caller.world.set_generation(generation.map(|_| 1));
                caller.issue_to(Channel::Sms, &number(10), None).unwrap();
                caller.issue_to(Channel::Sms, &number(11), None).unwrap();
                let (world, other) = (caller.world.clone(), caller.with_keys(&[("k1", 1)]));
                caller.world.after_batch(move || {
                    world.tamper(|dump| dump.retain(|key, _| !key.contains(":limit:")));
                    world.set_generation(generation);
                    for last in 0..others {
                        other.issue_to(Channel::Sms, &number(20 + last), None).unwrap();
                    }
                });
                let refused = throttled(caller.issue_to(Channel::Sms, &number(10), None));
                assert_eq!(refused.0, Scope::Cooldown);
                for last in others..3 {
                    caller.issue_to(Channel::Sms, &number(30 + last), None).unwrap();
                }
                let refused = throttled(caller.issue_to(Channel::Sms, &number(40), None));
                assert_eq!(refused.0, scope, "{others} others");
            });
        }
    }
}

/// The same of verifications, in each way in which one is refused.
#[test]
fn what_a_refused_verification_takes_back_is_its_own_also_where_the_store_lost_it() {
    type Refused = fn(&Caller, &str, &str);
    let ways: [Refused; 3] = [
        |caller, id, code| {
            caller.verify(id, code).unwrap();
            lose_limits_after_the_next_batch(caller);
            assert_eq!(caller.verify(id, code).unwrap_err(), Error::NotFound);
        },
        |caller, id, code| {
            caller.exhaust(id, code);
            lose_limits_after_the_next_batch(caller);
            assert!(matches!(caller.verify(id, code), Err(Error::Exhausted(_))));
        },
        |caller, id, code| {
            caller.verify(id, &wrong(code)).unwrap_err();
            caller.world.advance(300);
            lose_limits_after_the_next_batch(caller);
            assert_eq!(caller.verify(id, code).unwrap_err(), Error::Expired);
        },
    ];
    for (number, way) in ways.into_iter().enumerate() {
        let limits = limited(&[(Scope::Subject, Activity::Verify, 3, 86_400)]).limits;
        let draft = settings::Policy { max_attempts: Some(2), limits, ..draft() };
        whatever_is_forgotten(&draft, |caller| {
            let (id, code) = caller.issued();
            way(&caller, &id, &code);
            // As much was counted as was taken back.
            let [count] = counts(&caller)[..] else { panic!("{:?}", counts(&caller)) };
            assert_eq!(count >> 34, count & 0x3_ffff_ffff, "{number}: {count}");
        });
    }
}

fn lose_limits_after_the_next_batch(caller: &Caller) {
    let world = caller.world.clone();
    caller.world.after_batch(move || {
        world.tamper(|dump| dump.retain(|key, _| !key.contains(":limit:")));
    });
}

/// What the limits' windows hold.
fn counts(caller: &Caller) -> Vec<i64> {
    let dump = caller.world.dump();
    let windows = dump.iter().filter(|(key, _)| key.contains(":limit:"));
    windows.map(|(_, entry)| if let Cell::Count(count) = entry.cell { count } else { -1 }).collect()
}

/// Every way through every verb, and cut off at every place: nothing is written but with a ttl (the world refuses it),
/// and 400 days later nothing is left.
#[test]
fn every_key_has_a_ttl() {
    let limits =
        [(Scope::Subject, Activity::Send, 9, 2_678_400), (Scope::Ip, Activity::Verify, 9, 60)];
    for batch in 0..16 {
        for carried_out in 0..16 {
            let caller = Caller::new(Memory::Forgets, limited(&limits));
            caller.world.fail_batch(batch, carried_out);
            let id = caller.issue().map(|issued| issued.id).unwrap_or_default();
            let code = caller.world.messages().last().map(|one| one.code.expose().clone());
            let code = code.unwrap_or_else(|| "123456".into());
            let _ = caller.verify(&id, &wrong(&code));
            let _ = caller.resend(&id);
            let _ = caller.verify(&id, &code);
            let _ = caller.issue().map(|issued| caller.revoke(&issued.id));
            let _ = caller.verify_by_recipient(PHONE, &code);
            let _ = caller.unlock(PHONE);
            let _ = caller.issue();
            caller.world.advance(400 * 86_400);
            assert_eq!(caller.world.dump().len(), 0);
        }
    }
}

/// So much was taken back of one window that no more is: a refused request costs something then, and nothing overflows.
#[test]
fn taking_back_ends_before_a_count_overflows() {
    let limits = limited(&[(Scope::Purpose, Activity::Send, 9, 86_400)]).limits;
    let caller = Caller::new(Memory::Never, settings::Policy { limits, ..draft() });
    caller.issue().unwrap();
    let most = (1 << 28) << 34;
    caller.world.tamper(|dump| {
        let window = dump.iter_mut().find(|(key, _)| key.contains(":limit:")).unwrap().1;
        window.cell = Cell::Count(most + (1 << 28) + 1);
    });
    assert_eq!(throttled(caller.issue()).0, Scope::Cooldown);
    assert_eq!(counts(&caller), [most + (1 << 28) + 2]);
}

/// A host whose clock is a minute behind finds the window that the others have filled.
#[test]
fn a_window_is_kept_for_a_minute_beyond_its_end() {
    let caller = Caller::new(Memory::Forgets, limited(&[(Scope::Subject, Activity::Send, 1, 100)]));
    // 1,000,000,000 is the first second of its window.
    caller.issue().unwrap();
    caller.world.advance(159);
    assert_eq!(counts(&caller), [1]);
    caller.world.back(60);
    assert_eq!(throttled(caller.issue()), (Scope::Subject, 1));
}

//! What strangers can't do: those who only know a number, those who may issue, those whose limit is spent.

use countersign_contract::otp::{Error, State, Target};
use countersign_contract::settings::{self, Activity, FailureScope, Limit, VerifyBy};
use countersign_contract::types::{Channel, Scope, SendError, Throttle};

use super::caller::{Caller, OTHER_PHONE, PHONE, draft, keyring, whatever_is_forgotten, wrong};
use super::test_world::Memory;
use crate::history::History;
use crate::slot::Slot;
use crate::standing::mark;
use crate::world::World;

fn quick() -> settings::Policy {
    settings::Policy { cooldown_seconds: Some(0), ..draft() }
}

fn verify_limit(scope: Scope, max: u32) -> Vec<Limit> {
    vec![Limit { scope, on: Activity::Verify, max: Some(max), window_seconds: 3_600 }]
}

/// Probes that arrive while the message is on its way, in whatever number.
#[test]
fn probes_during_a_send_cost_the_coming_challenge_nothing() {
    for probes in [1, 2, 3, 200] {
        whatever_is_forgotten(&quick(), |caller| {
            let stranger = caller.with_keys(&[("k1", 1)]);
            caller.world.while_sending(move || {
                for _ in 0..probes {
                    let refused = stranger.verify_by_recipient(PHONE, "123456").unwrap_err();
                    assert_eq!(refused, Error::NotFound);
                }
            });
            let issued = caller.issue().unwrap();
            assert_eq!(issued.attempts_left, 3);
            let code = caller.code();
            assert_eq!(caller.verify(&issued.id, &wrong(&code)).unwrap_err(), Error::Mismatch(2));
            caller.verify(&issued.id, &code).unwrap();
            assert_eq!(caller.failures(), 0);
        });
    }
}

/// Three that are under way at once while something is issued: voided afterwards, against nothing that lives.
#[test]
fn probes_under_way_are_no_failures_and_no_attempts_of_what_is_issued_meanwhile() {
    fn nest(caller: &Caller, depth: u32, last: Box<dyn FnOnce() + Send>) {
        let (probe, inner) = (caller.with_keys(&[("k1", 1)]), caller.with_keys(&[("k1", 1)]));
        if depth == 0 {
            return last();
        }
        caller.world.after_batch(move || nest(&inner, depth - 1, last));
        assert_eq!(probe.verify_by_recipient(PHONE, "123456").unwrap_err(), Error::NotFound);
    }
    whatever_is_forgotten(&settings::Policy { failure_cap: Some(3), ..quick() }, |caller| {
        let victim = caller.with_keys(&[("k1", 1)]);
        nest(&caller, 3, Box::new(move || drop(victim.issue().unwrap())));
        let code = caller.code();
        let report = caller.status_by_recipient(PHONE).unwrap();
        assert_eq!((report.state, report.attempts_left), (State::Pending, 3));
        for left in [2, 1, 0] {
            let refused = caller.verify_by_recipient(PHONE, &wrong(&code)).unwrap_err();
            assert_eq!(refused, Error::Mismatch(left), "and not one more");
        }
        assert!(caller.verify_by_recipient(PHONE, &code).is_err());
    });
}

/// What is expired, revoked, answered or throttled isn't compared: it costs no attempt, no failure and no lock.
#[test]
fn only_compared_codes_count() {
    for verify_by in [VerifyBy::Both, VerifyBy::Id] {
        let draft = settings::Policy { verify_by: Some(verify_by), ..quick() };
        whatever_is_forgotten(&draft, |caller| {
            for _ in 0..20 {
                let (id, code) = caller.issued();
                caller.world.advance(300);
                for _ in 0..5 {
                    assert_eq!(caller.verify(&id, &code).unwrap_err(), Error::Expired);
                    if verify_by == VerifyBy::Both {
                        let refused = caller.verify_by_recipient(PHONE, &code).unwrap_err();
                        assert_eq!(refused, Error::Expired);
                    }
                }
            }
            let (id, code) = caller.issued();
            caller.verify(&id, &code).unwrap();
            for _ in 0..5 {
                assert_eq!(caller.verify(&id, &code).unwrap_err(), Error::NotFound);
            }
            let (id, code) = caller.issued();
            caller.verify(&id, &code).unwrap();
            assert_eq!(caller.failures(), 0);
        });
    }
}

#[test]
fn a_client_whose_limit_is_spent_spends_no_attempt_of_anyone() {
    let draft = settings::Policy { limits: verify_limit(Scope::Ip, 1), ..quick() };
    whatever_is_forgotten(&draft, |caller| {
        let mut stranger = caller.with_keys(&[("k1", 1)]);
        stranger.ip = Some("192.0.2.66".into());
        stranger.verify_by_recipient(PHONE, "123456").unwrap_err();
        let (id, code) = caller.issued();
        for round in 0..100 {
            let refused = if round % 2 == 0 {
                stranger.verify_by_recipient(PHONE, "123456").unwrap_err()
            } else {
                stranger.verify(&id, "123456").unwrap_err()
            };
            assert!(
                matches!(refused, Error::Throttled(Throttle { scope: Scope::Ip, .. })),
                "{refused:?}"
            );
        }
        assert_eq!(caller.status(&id).unwrap().attempts_left, 3);
        caller.verify(&id, &code).unwrap();
    });
}

/// An address that is known to be spent is counted against itself: one round trip, and no key of the subject's.
#[test]
fn a_spent_address_touches_no_key_of_the_subject() {
    let draft = settings::Policy { limits: verify_limit(Scope::Ip, 1), ..quick() };
    let mut caller = Caller::new(Memory::Never, draft);
    let (id, code) = caller.issued();
    caller.ip = Some("192.0.2.66".into());
    caller.verify(&id, &wrong(&code)).unwrap_err();
    assert!(matches!(caller.verify(&id, &code), Err(Error::Throttled(_))));
    let before = caller.world.dump();
    caller.world.round_trips();
    assert!(matches!(caller.verify(&id, &code), Err(Error::Throttled(_))));
    assert_eq!(caller.world.round_trips(), 1);
    let after = caller.world.dump();
    let changed: Vec<_> =
        after.iter().filter(|(key, entry)| before.get(*key) != Some(entry)).collect();
    assert!(changed.len() == 1 && changed[0].0.contains(":limit:ip:"), "{changed:?}");
}

/// Refused requests of every kind, between the batches of the owner's own.
#[test]
fn refused_requests_do_not_keep_the_lease() {
    let send = Limit { scope: Scope::Ip, on: Activity::Send, max: Some(1), window_seconds: 3_600 };
    let draft = settings::Policy { limits: vec![send], ..quick() };
    whatever_is_forgotten(&draft, |caller| {
        let mut stranger = caller.with_keys(&[("k1", 1)]);
        stranger.ip = Some("192.0.2.66".into());
        stranger.issue().unwrap();
        for _ in 0..5 {
            // It asks, and is refused only after the owner has asked too.
            let refused = caller.with_keys(&[("k1", 1)]);
            let first = stranger.with_keys(&[("k1", 1)]);
            let mut first = first;
            first.ip = Some("192.0.2.66".into());
            assert!(matches!(
                first.issue(),
                Err(Error::Throttled(Throttle { scope: Scope::Ip, .. }))
            ));
            refused.issue().unwrap();
        }
        let mut asks = caller.with_keys(&[("k1", 1)]);
        asks.ip = Some("192.0.2.66".into());
        let owner = caller.with_keys(&[("k1", 1)]);
        caller.world.after_batch(move || {
            owner.issue().unwrap();
        });
        assert!(matches!(asks.issue(), Err(Error::Throttled(Throttle { scope: Scope::Ip, .. }))));
    });
}

/// A stranger who may issue: the owner's code stays good until its own end.
#[test]
fn a_further_issue_leaves_the_earlier_challenges_answerable() {
    for answered in 0..3 {
        whatever_is_forgotten(&quick(), |caller| {
            let issued: Vec<_> = (0..3)
                .map(|_| {
                    caller.world.advance(60);
                    caller.issued()
                })
                .collect();
            let states = || issued.iter().map(|(id, _)| caller.status(id).unwrap().state);
            assert!(states().all(|state| state == State::Pending));
            let (id, code) = &issued[answered];
            caller.verify(id, code).unwrap();
            // One success ends them all, and only the one that was answered says so.
            for (number, (id, code)) in issued.iter().enumerate() {
                assert_eq!(caller.verify(id, code).unwrap_err(), Error::NotFound);
                let state = caller.status(id).unwrap().state;
                let expected = if number == answered { State::Verified } else { State::Revoked };
                assert_eq!(state, expected);
            }
        });
    }
}

#[test]
fn the_newest_three_live_each_until_its_own_expiry_and_within_one_budget() {
    whatever_is_forgotten(&quick(), |caller| {
        let (oldest, oldest_code) = caller.issued();
        let issued: Vec<_> = (0..3).map(|_| caller.issued()).collect();
        assert_eq!(caller.verify(&oldest, &oldest_code).unwrap_err(), Error::NotFound);
        for (left, (id, code)) in [2, 1, 0].into_iter().zip(&issued) {
            assert_eq!(caller.verify(id, &wrong(code)).unwrap_err(), Error::Mismatch(left));
        }
        for (id, code) in &issued {
            assert!(matches!(caller.verify(id, code), Err(Error::Exhausted(_))));
        }
        assert_eq!(caller.failures(), 3);
    });
    whatever_is_forgotten(&quick(), |caller| {
        let (first, code) = caller.issued();
        caller.world.advance(200);
        let (second, second_code) = caller.issued();
        caller.world.advance(100);
        assert_eq!(caller.verify(&first, &code).unwrap_err(), Error::Expired);
        assert_eq!(caller.verify_by_recipient(PHONE, &code).unwrap_err(), Error::Mismatch(2));
        caller.verify_by_recipient(PHONE, &second_code).unwrap();
        assert_eq!(caller.status(&second).unwrap().state, State::Verified);
    });
}

/// By recipient, the code of any that lives is right.
#[test]
fn by_recipient_each_living_code_is_right() {
    for answered in 0..3 {
        whatever_is_forgotten(&quick(), |caller| {
            let issued: Vec<_> = (0..3).map(|_| caller.issued()).collect();
            let (id, code) = &issued[answered];
            assert_eq!(&caller.verify_by_recipient(PHONE, code).unwrap().id, id);
        });
    }
}

/// Each is bound to its own transaction.
#[test]
fn by_recipient_a_code_is_right_for_its_own_reference_only() {
    whatever_is_forgotten(&quick(), |caller| {
        let issue = |reference| {
            caller.issue_to(Channel::Sms, PHONE, Some(reference)).unwrap();
            caller.code()
        };
        let (one, two) = (issue("one"), issue("two"));
        let answer = |code: &str, reference| {
            let target = Target::Recipient(caller.addressee(PHONE));
            caller.answer(target, code, Some(reference))
        };
        assert_eq!(answer(&one, "two").unwrap_err(), Error::Mismatch(2));
        assert_eq!(answer(&two, "three").unwrap_err(), Error::ReferenceMismatch(1));
        assert_eq!(answer(&two, "two").unwrap().reference.as_deref(), Some("two"));
    });
}

/// Stopping one attempt short of the limit is not cheaper than reaching it.
#[test]
fn staying_below_max_attempts_is_locked_as_well() {
    let time_for_30 = |guesses: u32| {
        let caller = Caller::new(Memory::Forgets, draft());
        let begin = caller.world.now().0;
        let mut compared = 0;
        while compared < 30 {
            match caller.issue() {
                Ok(challenge) => {
                    let code = caller.code();
                    for _ in 0..guesses {
                        let refused = caller.verify(&challenge.id, &wrong(&code)).unwrap_err();
                        assert!(matches!(refused, Error::Mismatch(_)), "{refused:?}");
                        compared += 1;
                    }
                }
                Err(
                    Error::Throttled(Throttle { retry_after_seconds: seconds, .. })
                    | Error::Locked(seconds)
                    | Error::Exhausted(seconds),
                ) => caller.world.advance(u64::from(seconds)),
                Err(other) => panic!("{other:?}"),
            }
            if guesses < 3 {
                // What lives shares its budget: wait for the end.
                caller.world.advance(300);
            }
        }
        caller.world.now().0 - begin
    };
    let [one, two, three] = [1, 2, 3].map(time_for_30);
    assert!(one >= three && two >= three, "{one} s, {two} s, {three} s");
}

#[test]
fn the_cap_is_the_recipients_unless_the_purpose_has_its_own() {
    let compared = |scope| {
        let policy =
            settings::Policy { failure_cap: Some(3), failure_scope: Some(scope), ..quick() };
        let mut caller = Caller::new(Memory::Never, policy.clone());
        let mut compared = 0;
        for purpose in ["login", "reset", "wallet"] {
            caller.world.set_policy("default", purpose, policy.clone());
            caller.purpose = purpose.into();
            loop {
                match caller.issue() {
                    Ok(issued) => {
                        let code = caller.code();
                        while let Err(Error::Mismatch(left)) =
                            caller.verify(&issued.id, &wrong(&code))
                        {
                            compared += 1;
                            if left == 0 {
                                break;
                            }
                        }
                    }
                    Err(Error::Disabled) => break,
                    Err(Error::Locked(seconds)) => caller.world.advance(u64::from(seconds)),
                    Err(other) => panic!("{other:?}"),
                }
            }
        }
        compared
    };
    assert_eq!(compared(FailureScope::Recipient), 3);
    assert_eq!(compared(FailureScope::Purpose), 9);
}

/// A lock of one purpose holds for all purposes of the recipient, and for no other recipient.
#[test]
fn a_lock_is_the_recipients() {
    whatever_is_forgotten(&quick(), |mut caller| {
        caller.world.set_policy("default", "reset", quick());
        let (id, code) = caller.issued();
        caller.purpose = "reset".into();
        let (living, living_code) = caller.issued();
        caller.exhaust(&id, &code);
        assert_eq!(caller.issue().unwrap_err(), Error::Locked(900));
        assert_eq!(caller.verify(&living, &living_code).unwrap_err(), Error::Locked(900));
        assert_eq!(caller.status(&living).unwrap().attempts_left, 3);
        caller.issue_to(Channel::Sms, OTHER_PHONE, None).unwrap();
    });
}

/// An answer proves that its person was there; the next code waits all the same.
#[test]
fn a_success_leaves_a_cooldown() {
    whatever_is_forgotten(&draft(), |caller| {
        for _ in 0..3 {
            let (id, code) = caller.issued();
            caller.verify(&id, &code).unwrap();
            let wait =
                Error::Throttled(Throttle { scope: Scope::Cooldown, retry_after_seconds: 60 });
            assert_eq!(caller.issue().unwrap_err(), wait);
            caller.world.advance(60);
        }
    });
}

/// A message that may have gone out is paid for: its like may not follow at once.
#[test]
fn a_send_of_which_nothing_is_known_leaves_a_cooldown_and_nothing_else() {
    for error in [SendError::Timeout, SendError::Unreadable] {
        whatever_is_forgotten(&draft(), |caller| {
            for expected in [60, 120, 240] {
                caller.world.fail_send(error.clone());
                let failed = caller.issue().unwrap_err();
                assert_eq!(failed, Error::DeliveryFailed(error.clone()));
                let wait = Error::Throttled(Throttle {
                    scope: Scope::Cooldown,
                    retry_after_seconds: expected,
                });
                assert_eq!(caller.issue().unwrap_err(), wait);
                assert_eq!(caller.status_by_recipient(PHONE).unwrap_err(), Error::NotFound);
                caller.world.advance(u64::from(expected));
            }
            let (id, code) = caller.issued();
            // And what lived before lives on.
            caller.world.advance(240);
            caller.world.fail_send(error.clone());
            caller.resend(&id).unwrap_err();
            caller.verify(&id, &code).unwrap();
        });
    }
}

/// An id says when it was issued: ten years later, or of a clock ahead, it isn't looked up.
#[test]
fn an_id_dies_without_a_look_into_the_store() {
    whatever_is_forgotten(&quick(), |caller| {
        let (old, code) = caller.issued();
        caller.world.advance(1_260);
        caller.world.round_trips();
        for _ in 0..3 {
            assert_eq!(caller.verify(&old, &code).unwrap_err(), Error::NotFound);
            assert_eq!(caller.status(&old).unwrap_err(), Error::NotFound);
            assert_eq!(caller.resend(&old).unwrap_err(), Error::NotFound);
            assert_eq!(caller.revoke(&old).unwrap_err(), Error::NotFound);
        }
        assert_eq!(caller.world.round_trips(), 0);
        let (id, code) = caller.issued();
        caller.verify(&id, &code).unwrap();
    });
}

/// An id of an earlier budget, young enough to be looked up, costs the living one nothing.
#[test]
fn an_earlier_id_spends_nothing_of_what_lives() {
    whatever_is_forgotten(&quick(), |caller| {
        let mut old: Vec<(String, String)> = Vec::new();
        for _ in 0..4 {
            let (id, code) = caller.issued();
            for (earlier, code) in &old {
                for _ in 0..4 {
                    let refused: Error = caller.verify(earlier, code).unwrap_err();
                    assert_eq!(refused, Error::NotFound);
                }
            }
            assert_eq!(caller.status(&id).unwrap().attempts_left, 3);
            caller.verify(&id, &code).unwrap();
            old.push((id, code));
        }
        assert_eq!(caller.failures(), 0);
    });
}

/// A caller may say for what and for whom an id has to be: compared before anything counts.
#[test]
fn an_id_of_another_purpose_or_person_is_refused_where_the_caller_says_which() {
    let caller = Caller::new(Memory::Never, quick());
    let (id, code) = caller.issued();
    caller.world.round_trips();
    assert_eq!(caller.verify_as(&id, &code, Some("wallet"), None).unwrap_err(), Error::NotFound);
    let refused = caller.verify_as(&id, &code, Some("login"), Some(OTHER_PHONE)).unwrap_err();
    assert_eq!(refused, Error::NotFound);
    let refused = caller.verify_as(&id, &code, None, Some("nobody")).unwrap_err();
    assert!(matches!(refused, Error::InvalidRecipient(_)));
    assert_eq!(caller.world.round_trips(), 0);
    caller.verify_as(&id, &code, Some("login"), Some("+62 812-3456-7890")).unwrap();
}

/// A channel that an operator took away is not used by a resend.
#[test]
fn a_resend_goes_by_channels_that_are_still_allowed() {
    let caller = Caller::new(Memory::Never, quick());
    let (id, _) = caller.issued();
    caller.world.set_policy(
        "default",
        "login",
        settings::Policy { channels: vec![Channel::Email], ..quick() },
    );
    assert_eq!(caller.resend(&id).unwrap_err(), Error::ChannelNotAllowed);
    assert_eq!(caller.world.messages().len(), 1);
}

/// Each new challenge of a budget lengthens it: else the fourth would begin with fresh attempts while the third can
/// still be answered.
#[test]
fn a_budget_lives_as_long_as_the_last_of_its_challenges() {
    let draft =
        settings::Policy { cooldown_seconds: Some(0), lifetime_seconds: Some(300), ..draft() };
    whatever_is_forgotten(&draft, |caller| {
        caller.issue().unwrap();
        caller.world.advance(200);
        let (second, code) = caller.issued();
        assert_eq!(caller.verify(&second, &wrong(&code)).unwrap_err(), Error::Mismatch(2));
        caller.world.advance(200);
        let (third, code) = caller.issued();
        assert_eq!(caller.verify(&third, &wrong(&code)).unwrap_err(), Error::Mismatch(1));
        assert_eq!(caller.status(&second).unwrap().attempts_left, 1);
    });
}

/// An attempt at a budget that was forgotten must not count for a new one.
#[test]
fn a_budget_takes_no_epoch_that_was_counted_of_late() {
    let caller = Caller::new(Memory::Never, draft());
    let keyring = keyring(&[("k1", 1)]);
    let mark = |epoch| mark(&keyring, "login", Slot::Even, epoch);
    let history = History::of_budgets((1..1_000).map(mark));
    let drawn = || caller.engine.epoch(&history, "login", Slot::Even);
    let taken = (0..200).filter(|_| history.counted_of(mark(drawn())) > 0).count();
    assert!(taken < 20, "{taken} of 200: by chance one");
}

//! What a store lost, rolled back or carried out late; clocks that differ; and keys that come and go.

use countersign_contract::otp::{Error, State};
use countersign_contract::settings;

use super::caller::{Caller, PHONE, draft, whatever_is_forgotten, wrong};
use super::test_world::{Cell, Memory};

fn quick() -> settings::Policy {
    settings::Policy { cooldown_seconds: Some(0), ..draft() }
}

/// An operator who follows the docs removes the old key 20 minutes after the new one came.
#[test]
fn no_rotation_lifts_a_lock_or_makes_the_next_one_short() {
    let caller = Caller::new(Memory::Never, quick());
    for expected in [900, 1_800, 3_600] {
        let (id, code) = caller.issued();
        caller.exhaust(&id, &code);
        assert_eq!(caller.issue().unwrap_err(), Error::Locked(expected));
        caller.world.advance(u64::from(expected));
    }
    let (id, code) = caller.issued();
    caller.exhaust(&id, &code);
    let removed = caller.with_keys(&[("k2", 2)]);
    assert_eq!(removed.issue().unwrap_err(), Error::Locked(3_600));
    removed.world.advance(3_600);
    let (id, code) = removed.issued();
    removed.exhaust(&id, &code);
    assert_eq!(removed.issue().unwrap_err(), Error::Locked(3_600));
}

/// Everything of before: what another generation of the store answers for succeeds in none of its forms.
#[test]
fn nothing_of_another_generation_succeeds() {
    for (then, now) in [(Some(1), Some(2)), (None, None), (Some(1), Some(1)), (None, Some(2))] {
        let kept = !matches!((then, now), (Some(1), Some(2)));
        let caller = Caller::new(Memory::Never, quick());
        caller.world.set_generation(then);
        let (id, code) = caller.issued();
        let before = caller.world.dump();
        caller.world.set_generation(now);
        caller.verify_by_recipient(PHONE, &wrong(&code)).unwrap_err();
        if kept {
            caller.verify(&id, &code).unwrap();
            continue;
        }
        assert_eq!(caller.verify(&id, &code).unwrap_err(), Error::NotFound);
        assert_eq!(caller.verify_by_recipient(PHONE, &code).unwrap_err(), Error::NotFound);
        assert_eq!(caller.status(&id).unwrap_err(), Error::NotFound);
        assert_eq!(caller.resend(&id).unwrap_err(), Error::NotFound);
        caller.world.tamper(|dump| *dump = before);
        assert_eq!(caller.verify(&id, &code).unwrap_err(), Error::NotFound);
        let (id, code) = caller.issued();
        caller.verify(&id, &code).unwrap();
    }
}

/// A snapshot from before the answer, in a store that tells.
#[test]
fn an_answered_challenge_is_not_answerable_again_after_a_restart_from_a_snapshot() {
    let caller = Caller::new(Memory::Never, quick());
    caller.world.set_generation(Some(1));
    let (id, code) = caller.issued();
    let snapshot = caller.world.dump();
    caller.verify(&id, &code).unwrap();
    caller.world.tamper(|dump| *dump = snapshot);
    caller.world.set_generation(Some(2));
    assert_eq!(caller.verify(&id, &code).unwrap_err(), Error::NotFound);
}

/// Everything is lost between the two batches of a right code: it could be answered a second time, were it still there.
#[test]
fn what_is_lost_between_reading_and_winning_does_not_succeed() {
    let caller = Caller::new(Memory::Never, quick());
    let (id, code) = caller.issued();
    let world = caller.world.clone();
    caller.world.after_batch(move || world.tamper(|dump| dump.clear()));
    assert_eq!(caller.verify(&id, &code).unwrap_err(), Error::NotFound);
}

/// The same during a resend, which writes the challenge again: its attempts can't be trusted any more.
#[test]
fn what_is_lost_during_a_resend_does_not_come_back_with_it() {
    for lost in [":odometer:", ""] {
        let caller = Caller::new(Memory::Never, quick());
        let (id, code) = caller.issued();
        caller.verify(&id, &wrong(&code)).unwrap_err();
        let world = caller.world.clone();
        caller.world.while_sending(move || {
            world.tamper(|dump| dump.retain(|key, _| !key.contains(lost)));
        });
        caller.resend(&id).unwrap();
        for _ in 0..5 {
            assert!(matches!(caller.verify(&id, &code), Err(Error::Exhausted(_))), "{lost:?}");
        }
    }
}

/// A right code waits between its batches, another one wins, everything is lost, and what was under way meanwhile writes
/// the challenges back as it had read them: the loss is the only thing that this shows.
#[test]
fn what_is_written_back_after_a_loss_does_not_succeed_a_second_time() {
    for issues in [false, true] {
        for by_recipient in [false, true] {
            let caller = Caller::new(Memory::Never, quick());
            let (id, code) = caller.issued();
            let [winner, sender] = [0, 1].map(|_| caller.with_keys(&[("k1", 1)]));
            let (world, same, right) = (caller.world.clone(), id.clone(), code.clone());
            caller.world.after_batch(move || {
                let to = same.clone();
                sender.world.while_sending(move || {
                    winner.verify(&same, &right).unwrap();
                    world.tamper(|dump| dump.clear());
                });
                if issues {
                    sender.issue().unwrap();
                } else {
                    sender.resend(&to).unwrap();
                }
            });
            let again = if by_recipient {
                caller.verify_by_recipient(PHONE, &code)
            } else {
                caller.verify(&id, &code)
            };
            assert_eq!(again.unwrap_err(), Error::NotFound, "{issues} {by_recipient}");
        }
    }
}

/// A right code by recipient comes to the decision when another one has won and the next code is out: that one works.
#[test]
fn a_late_answer_takes_nothing_from_the_next_budget() {
    let caller = Caller::new(Memory::Never, quick());
    let (_, code) = caller.issued();
    let [winner, other] = [0, 1].map(|_| caller.with_keys(&[("k1", 1)]));
    let right = code.clone();
    caller.world.after_batch(move || {
        winner.verify_by_recipient(PHONE, &right).unwrap();
        winner.issue().unwrap();
    });
    assert_eq!(caller.verify_by_recipient(PHONE, &code).unwrap_err(), Error::NotFound);
    other.verify_by_recipient(PHONE, &other.code()).unwrap();
}

/// A hundred batches that were carried out although they timed out: they spend what they counted, one budget.
#[test]
fn time_outs_disable_no_recipient() {
    let caller = Caller::new(Memory::Never, quick());
    let (id, code) = caller.issued();
    for _ in 0..100 {
        caller.world.fail_batch(0, 6);
        assert!(caller.verify(&id, &code).is_err());
        caller.world.fail_batch(1, 0);
        assert!(caller.verify_by_recipient(PHONE, &code).is_err());
        caller.world.takes_back_failing();
    }
    caller.world.advance(86_400);
    let issued = caller.issue();
    let issued = match issued {
        Err(Error::Locked(seconds)) => {
            caller.world.advance(u64::from(seconds));
            caller.issue().unwrap()
        }
        other => other.unwrap(),
    };
    assert!(caller.failures() <= 3);
    caller.verify(&issued.id, &caller.code()).unwrap();
}

/// The lock that a crash lost is made up for by the next issue, from what the odometer shows.
#[test]
fn a_lost_lock_is_made_up_for_by_the_next_issue() {
    whatever_is_forgotten(&quick(), |caller| {
        for (round, expected) in [900, 1_800, 3_600, 3_600].into_iter().enumerate() {
            let (id, code) = caller.issued();
            for left in [2, 1, 0] {
                if left == 0 {
                    caller.world.fail_batch(1, 0);
                }
                assert_eq!(caller.verify(&id, &wrong(&code)).unwrap_err(), Error::Mismatch(left));
            }
            assert!(matches!(caller.issue(), Err(Error::Exhausted(_))));
            caller.world.advance(300);
            assert_eq!(caller.issue().unwrap_err(), Error::Locked(expected));
            assert_eq!(caller.failures(), 3 * (u32::try_from(round).unwrap() + 1));
            caller.world.advance(u64::from(expected));
        }
    });
}

/// A win of which only a part was carried out is a success, and `status` says so.
#[test]
fn half_a_win_is_told_as_what_it_is() {
    // The first operation looks, the second one decides.
    for carried_out in 2..=4 {
        let caller = Caller::new(Memory::Never, draft());
        let (id, code) = caller.issued();
        caller.world.fail_batch(1, carried_out);
        assert!(matches!(caller.verify(&id, &code), Err(Error::StoreUnavailable(_))));
        assert_eq!(caller.verify(&id, &code).unwrap_err(), Error::NotFound);
        assert_eq!(caller.status(&id).unwrap().state, State::Verified, "{carried_out}");
    }
}

/// Of parallel right answers those that come too late hear that it is gone, not that they shall wait: the one attempt
/// was the winner's, which wins while the other looks.
#[test]
fn the_losers_of_a_race_that_was_won_hear_not_found() {
    let caller = Caller::new(Memory::Never, settings::Policy { max_attempts: Some(1), ..quick() });
    let (id, code) = caller.issued();
    let [winner, late] = [0, 1].map(|_| caller.with_keys(&[("k1", 1)]));
    let (same, right) = (id.clone(), code.clone());
    winner.world.after_batch(move || {
        // Counted between the winner's batches: its own second batch comes after the winner's.
        let refused = late.verify(&same, &right).unwrap_err();
        assert!(matches!(refused, Error::Exhausted(_)), "{refused:?}");
    });
    winner.verify(&id, &code).unwrap();
    assert_eq!(caller.verify(&id, &code).unwrap_err(), Error::NotFound);
    assert_eq!(caller.failures(), 0);
}

/// Two revokes, and a right code in between: answered, and shown as answered.
#[test]
fn an_answered_challenge_is_never_shown_as_revoked() {
    let caller = Caller::new(Memory::Never, quick());
    let (id, code) = caller.issued();
    let [second, answer] = [0, 1].map(|_| caller.with_keys(&[("k1", 1)]));
    let (same, right) = (id.clone(), code);
    caller.world.after_batch(move || {
        let (again, other) = (same.clone(), answer.with_keys(&[("k1", 1)]));
        second.world.after_batch(move || drop(other.verify(&again, &right).unwrap()));
        assert_eq!(second.revoke(&same).unwrap_err(), Error::NotFound);
    });
    assert_eq!(caller.revoke(&id).unwrap_err(), Error::NotFound);
    assert_eq!(caller.status(&id).unwrap().state, State::Verified);
}

/// The last wrong code was under way when an operator unlocked: its lock doesn't come back.
#[test]
fn no_lock_is_written_over_an_unlock() {
    let caller = Caller::new(Memory::Never, quick());
    let (id, code) = caller.issued();
    caller.verify(&id, &wrong(&code)).unwrap_err();
    caller.verify(&id, &wrong(&code)).unwrap_err();
    let operator = caller.with_keys(&[("k1", 1)]);
    caller.world.after_batch(move || operator.unlock(PHONE).unwrap());
    caller.verify(&id, &wrong(&code)).unwrap_err();
    assert_eq!(caller.failures(), 0);
    caller.issue().unwrap();
}

/// A clock that is set back by an hour, or by less than a challenge lives: bounded by the challenge's own life.
#[test]
fn a_clock_that_goes_back_revives_nothing_issued_after_where_it_stands() {
    let caller = Caller::new(Memory::Never, draft());
    let (id, code) = caller.issued();
    caller.world.advance(300);
    assert_eq!(caller.verify(&id, &code).unwrap_err(), Error::Expired);
    caller.world.back(3_600);
    assert_eq!(caller.verify(&id, &code).unwrap_err(), Error::NotFound);
    assert_eq!(caller.verify_by_recipient(PHONE, &code).unwrap_err(), Error::Expired);
}

/// A host whose clock is ten days ahead locks: the others hold the lock for its own length, from when they see it.
#[test]
fn a_lock_of_a_fast_clock_lasts_for_its_own_length() {
    let caller = Caller::new(Memory::Never, quick());
    caller.world.advance(10 * 86_400);
    let (id, code) = caller.issued();
    caller.exhaust(&id, &code);
    caller.world.back(10 * 86_400);
    assert_eq!(caller.issue().unwrap_err(), Error::Locked(900));
    caller.world.advance(899);
    assert_eq!(caller.issue().unwrap_err(), Error::Locked(1));
    caller.world.advance(1);
    caller.issue().unwrap();
}

/// A number or an address of another length leaves the same bytes, up to the next step of the padding.
#[test]
fn sealed_lengths_do_not_tell_the_recipients() {
    let lengths: Vec<_> = ["+6281234567890", "+4930901820", "a@example.com", "j.smith@example.com"]
        .map(|to| {
            let caller = Caller::new(Memory::Never, draft());
            caller.issue_to(None, to, None).unwrap();
            let dump = caller.world.dump();
            let (_, entry) = dump.iter().find(|(key, _)| key.ends_with(":challenges")).unwrap();
            let Cell::Value(value) = &entry.cell else { panic!() };
            value.len()
        })
        .into();
    assert!(lengths.iter().all(|length| *length == lengths[0]), "{lengths:?}");
    // Of 35 lengths of an address two can be told.
    let lengths: std::collections::BTreeSet<_> = (1..=35)
        .map(|length| {
            let caller = Caller::new(Memory::Never, draft());
            caller.issue_to(None, &format!("{}@example.com", "a".repeat(length)), None).unwrap();
            let dump = caller.world.dump();
            let (_, entry) = dump.iter().find(|(key, _)| key.ends_with(":challenges")).unwrap();
            let Cell::Value(value) = &entry.cell else { panic!() };
            value.len()
        })
        .collect();
    assert!(lengths.len() <= 2, "{lengths:?}");
}

/// An operator makes codes longer, or of other signs: those that are on their way stay right, and guesses count.
#[test]
fn a_code_is_read_as_its_challenge_was_issued_whatever_the_policy_says_since() {
    use countersign_contract::settings::Alphabet;
    let form = |alphabet, code_length| settings::Policy {
        alphabet: Some(alphabet),
        code_length: Some(code_length),
        ..quick()
    };
    let forms = [
        form(Alphabet::Digits, 6),
        form(Alphabet::Digits, 10),
        form(Alphabet::Unambiguous, 6),
        form(Alphabet::Unambiguous, 8),
    ];
    for (before, after) in forms.iter().flat_map(|one| forms.iter().map(move |two| (one, two))) {
        whatever_is_forgotten(before, |caller| {
            let (id, code) = caller.issued();
            caller.world.set_policy("default", "login", after.clone());
            // What looks like a code of neither costs nothing.
            let state = caller.world.dump();
            for other in ["1234567", "12345678a", "1"] {
                let refused = caller.verify(&id, other).unwrap_err();
                assert!(matches!(&refused, Error::InvalidArgument(fault) if fault.field == "code"));
                let refused = caller.verify_by_recipient(PHONE, other).unwrap_err();
                assert!(matches!(&refused, Error::InvalidArgument(fault) if fault.field == "code"));
            }
            assert_eq!(caller.world.dump(), state);
            assert_eq!(caller.verify(&id, &wrong(&code)).unwrap_err(), Error::Mismatch(2));
            // Beside a challenge of the new form, by recipient, each is read in its own.
            caller.issue().unwrap();
            let new = caller.code();
            assert_eq!(new.len(), usize::try_from(after.code_length.unwrap()).unwrap());
            let refused = caller.verify_by_recipient(PHONE, &wrong(&new)).unwrap_err();
            assert_eq!(refused, Error::Mismatch(1));
            let quoted = format!("\u{201c}{code}\u{201d}");
            assert_eq!(caller.verify_by_recipient(PHONE, &quoted).unwrap().id, id);
        });
    }
}

/// A win that was only decided, and not written down: no later answer has it, for as long as the challenge lives.
#[test]
fn half_a_win_is_remembered_for_as_long_as_the_challenge_lives() {
    let draft = settings::Policy { lifetime_seconds: Some(600), ..draft() };
    whatever_is_forgotten(&draft, |caller| {
        let (id, code) = caller.issued();
        caller.world.fail_batch(1, 2);
        assert!(matches!(caller.verify(&id, &code), Err(Error::StoreUnavailable(_))));
        caller.world.advance(590);
        assert_eq!(caller.verify(&id, &code).unwrap_err(), Error::NotFound);
    });
}

/// The last wrong code is counted while a right one wins, and the crash comes before it is cleared: the recipient is not locked.
#[test]
fn failures_of_an_answered_budget_count_for_nothing_whatever_a_crash_left() {
    whatever_is_forgotten(&settings::Policy { max_attempts: Some(2), ..quick() }, |caller| {
        let (id, code) = caller.issued();
        let other = caller.with_keys(&[("k1", 1)]);
        let (same, not) = (id.clone(), wrong(&code));
        caller.world.after_batch(move || {
            assert_eq!(other.verify(&same, &not).unwrap_err(), Error::Mismatch(0));
        });
        // The two batches of each, and the one that clears.
        caller.world.fail_batch(4, 0);
        caller.verify(&id, &code).unwrap();
        assert!(!caller.world.takes_back_failing());
        assert_eq!(caller.failures(), 2);
        assert_eq!(caller.status(&id).unwrap().locked_for_seconds, 0);
        caller.issue().unwrap();
    });
}

/// An answered challenge of one purpose is no excuse for the wrong codes of another.
#[test]
fn a_lock_that_came_after_an_answer_holds_for_the_answered_purpose_too() {
    whatever_is_forgotten(&quick(), |mut caller| {
        caller.world.set_policy("default", "reset", quick());
        for locked_before in [false, true] {
            if locked_before {
                let (id, code) = caller.issued();
                caller.exhaust(&id, &code);
                caller.world.advance(900);
            }
            let (id, code) = caller.issued();
            caller.verify(&id, &code).unwrap();
            caller.purpose = "reset".into();
            let (id, code) = caller.issued();
            caller.exhaust(&id, &code);
            caller.purpose = "login".into();
            assert_eq!(caller.issue().unwrap_err(), Error::Locked(900));
            caller.unlock(PHONE).unwrap();
            caller.purpose = "reset".into();
            caller.unlock(PHONE).unwrap();
            caller.purpose = "login".into();
        }
    });
}

/// Two purposes send at once, each with wrong codes to count: the one that writes last forgets none of the other's.
#[test]
fn wrong_codes_counted_by_two_purposes_at_once_are_all_counted() {
    whatever_is_forgotten(&settings::Policy { max_attempts: Some(10), ..quick() }, |mut caller| {
        caller.world.set_policy("default", "reset", quick());
        for purpose in ["reset", "login"] {
            caller.purpose = purpose.into();
            let (id, code) = caller.issued();
            caller.verify(&id, &wrong(&code)).unwrap_err();
            caller.verify(&id, &wrong(&code)).unwrap_err();
        }
        caller.world.advance(600);
        let mut other = caller.with_keys(&[("k1", 1)]);
        other.purpose = "reset".into();
        caller.world.while_sending(move || drop(other.issue().unwrap()));
        caller.issue().unwrap();
        assert_eq!(caller.failures(), 4);
    });
}

/// The same of their last attempts: both locks are there at once, not only after the next issue of each.
#[test]
fn last_wrong_codes_of_two_purposes_at_once_are_all_counted() {
    let policy = settings::Policy { max_attempts: Some(2), ..quick() };
    whatever_is_forgotten(&policy, |mut caller| {
        caller.world.set_policy("default", "reset", policy.clone());
        let mut issued = Vec::new();
        for purpose in ["reset", "login"] {
            caller.purpose = purpose.into();
            let (id, code) = caller.issued();
            assert_eq!(caller.verify(&id, &wrong(&code)).unwrap_err(), Error::Mismatch(1));
            issued.push((id, wrong(&code)));
        }
        let [(reset, not_reset), (login, not_login)] = &issued[..] else { panic!() };
        let other = caller.with_keys(&[("k1", 1)]);
        let (id, code) = (reset.clone(), not_reset.clone());
        caller.world.after_batch(move || {
            assert_eq!(other.verify(&id, &code).unwrap_err(), Error::Mismatch(0));
        });
        assert_eq!(caller.verify(login, not_login).unwrap_err(), Error::Mismatch(0));
        assert_eq!(caller.failures(), 4);
        assert_eq!(caller.issue().unwrap_err(), Error::Locked(1_800));
    });
}

/// Clocks differ by up to a minute: what one issues, answers or locks, the other takes as it is.
#[test]
fn clocks_may_differ_by_a_minute_and_no_more() {
    for (behind, works) in [(60, true), (61, false)] {
        let caller = Caller::new(Memory::Never, quick());
        let (id, code) = caller.issued();
        caller.exhaust(&id, &code);
        caller.world.advance(1_000);
        let (id, code) = caller.issued();
        caller.world.back(behind);
        assert_eq!(caller.verify(&id, &code).is_ok(), works, "{behind}");
        assert_eq!(caller.failures(), if works { 0 } else { 3 });
        // A lock that the fast clock began ends when it says, unless it is too far ahead to be believed.
        let caller = Caller::new(Memory::Never, quick());
        let (id, code) = caller.issued();
        caller.exhaust(&id, &code);
        caller.world.back(behind);
        let seconds = if works { 900 + u32::try_from(behind).unwrap() } else { 900 };
        assert_eq!(caller.issue().unwrap_err(), Error::Locked(seconds));
    }
}

/// An id is answered for two of the longest lives: until then "expired" is told from "never was".
#[test]
fn the_longest_challenge_is_known_for_as_long_again() {
    whatever_is_forgotten(&settings::Policy { lifetime_seconds: Some(600), ..quick() }, |caller| {
        let (id, code) = caller.issued();
        caller.world.advance(1_199);
        assert_eq!(caller.verify(&id, &code).unwrap_err(), Error::Expired);
        assert_eq!(caller.status(&id).unwrap().state, State::Expired);
        caller.world.advance(1);
        assert_eq!(caller.verify(&id, &code).unwrap_err(), Error::NotFound);
    });
}

//! What providers report: which report counts, how long it is kept, and that nothing else hangs on it.

use countersign_contract::otp::{DeliveryState, Error, State};
use countersign_contract::settings;
use countersign_contract::types::{DeliveryOutcome, SendError, StoreError};

use super::caller::{Caller, MAIL, OTHER_PHONE, PHONE, draft, keyring, whatever_is_forgotten};
use super::test_world::{Cell, Entry, Memory, TestWorld};
use crate::Engine;
use countersign_contract::types::Channel::Email;
use countersign_contract::types::DeliveryOutcome::{Delivered, Failed};

const KEYS: [(DeliveryOutcome, &str); 2] = [(Delivered, ":delivered"), (Failed, ":undelivered")];

fn no_cooldown() -> settings::Policy {
    settings::Policy { cooldown_seconds: Some(0), ..draft() }
}

fn entry(world: &TestWorld, name: &str) -> Option<Entry> {
    world.dump().into_iter().find(|(key, _)| key.ends_with(name)).map(|(_, entry)| entry)
}

#[test]
fn what_a_provider_reports_is_told() {
    for (outcome, state) in [(Delivered, DeliveryState::Delivered), (Failed, DeliveryState::Failed)]
    {
        whatever_is_forgotten(&draft(), |caller| {
            let (id, code) = caller.issued();
            assert_eq!(caller.delivery(&id), DeliveryState::Sent);
            caller.note(&id, 1, outcome).unwrap();
            assert_eq!(caller.delivery(&id), state);
            assert_eq!(caller.status_by_recipient(PHONE).unwrap().delivery, state);
            // It decides nothing.
            caller.verify(&id, &code).unwrap();
            assert_eq!(caller.delivery(&id), state);
        });
    }
}

#[test]
fn delivered_outlasts_failed_in_whatever_order_they_come() {
    for reports in [[Delivered, Failed], [Failed, Delivered]] {
        whatever_is_forgotten(&draft(), |caller| {
            let (id, _) = caller.issued();
            for outcome in reports.into_iter().chain([Failed, Failed]) {
                caller.note(&id, 1, outcome).unwrap();
            }
            assert_eq!(caller.delivery(&id), DeliveryState::Delivered, "{reports:?}");
        });
    }
}

/// Two hosts that read before either has written. Whichever writes last, it arrived.
#[test]
fn of_two_reports_at_once_neither_is_lost() {
    for last in [Delivered, Failed] {
        let caller = Caller::new(Memory::Never, draft());
        let (id, _) = caller.issued();
        let before = caller.world.dump();
        caller.note(&id, 1, if last == Delivered { Failed } else { Delivered }).unwrap();
        let first = caller.world.dump();
        caller.world.tamper(|dump| *dump = before);
        caller.note(&id, 1, last).unwrap();
        caller.world.tamper(|dump| {
            for (key, entry) in first {
                // What the second wrote came later.
                dump.entry(key).or_insert(entry);
            }
        });
        assert_eq!(caller.delivery(&id), DeliveryState::Delivered, "{last:?} was last");
    }
}

#[test]
fn a_resend_begins_anew_and_a_report_on_an_earlier_message_changes_nothing() {
    for earlier in [Delivered, Failed] {
        whatever_is_forgotten(&no_cooldown(), |caller| {
            let (id, _) = caller.issued();
            caller.note(&id, 1, earlier).unwrap();
            caller.resend(&id).unwrap();
            assert_eq!(caller.delivery(&id), DeliveryState::Sent);
            let before = caller.world.dump();
            for late in [Delivered, Failed] {
                caller.note(&id, 1, late).unwrap();
            }
            assert_eq!(caller.world.dump(), before);
            caller.note(&id, 2, Failed).unwrap();
            assert_eq!(caller.delivery(&id), DeliveryState::Failed);
            caller.note(&id, 1, Delivered).unwrap();
            assert_eq!(caller.delivery(&id), DeliveryState::Failed);
        });
    }
}

#[test]
fn a_failed_resend_leaves_what_was_reported() {
    let caller = Caller::new(Memory::Never, no_cooldown());
    let (id, _) = caller.issued();
    caller.note(&id, 1, Delivered).unwrap();
    caller.world.fail_send(SendError::Timeout);
    caller.resend(&id).unwrap_err();
    assert_eq!(caller.delivery(&id), DeliveryState::Delivered);
}

#[test]
fn a_message_that_was_never_sent_is_refused() {
    let caller = Caller::new(Memory::Never, no_cooldown());
    let (id, _) = caller.issued();
    let before = caller.world.dump();
    for number in [0, 2, 3, u32::MAX] {
        let error = caller.note(&id, number, Delivered).unwrap_err();
        assert!(
            matches!(&error, Error::InvalidArgument(fault) if fault.field == "send-number"),
            "{error:?}"
        );
    }
    assert_eq!(caller.world.dump(), before);
    caller.resend(&id).unwrap();
    caller.note(&id, 2, Delivered).unwrap();
}

/// What is noted is kept to the very second of the record that it belongs to, whenever it comes, and the record itself
/// is left as it was.
#[test]
fn what_is_noted_is_kept_no_longer_than_its_record() {
    for (lifetime, cooldown) in [(30, 0), (300, 60), (600, 0), (30, 900)] {
        for waited in [0, 1, 29, 59] {
            for (outcome, name) in KEYS {
                let draft = settings::Policy {
                    lifetime_seconds: Some(lifetime),
                    cooldown_seconds: Some(cooldown),
                    ..draft()
                };
                let caller = Caller::new(Memory::Forgets, draft);
                let (id, _) = caller.issued();
                caller.world.advance(waited);
                let record = entry(&caller.world, ":challenges").unwrap();
                caller.note(&id, 1, outcome).unwrap();
                assert_eq!(entry(&caller.world, ":challenges").as_ref(), Some(&record));
                assert_eq!(entry(&caller.world, name).unwrap().until, record.until);
                // And not prolonged by who says it again.
                caller.world.advance(u64::from(lifetime) / 2);
                let _ = caller.note(&id, 1, outcome);
                let left = entry(&caller.world, name).map(|entry| entry.until);
                assert!(left.is_none_or(|until| until == record.until));
            }
        }
    }
}

/// The record ends while the store is asked: too late.
#[test]
fn a_report_on_what_has_just_been_forgotten_is_not_noted() {
    let caller = Caller::new(Memory::Never, draft());
    let (id, _) = caller.issued();
    let world = caller.world.clone();
    caller.world.after_batch(move || world.advance(600));
    assert_eq!(caller.note(&id, 1, Delivered).unwrap_err(), Error::NotFound);
    assert!(KEYS.iter().all(|(_, name)| entry(&caller.world, name).is_none()));
}

#[test]
fn a_challenge_that_has_ended_can_be_reported_on_while_it_is_known() {
    whatever_is_forgotten(&no_cooldown(), |caller| {
        let (id, code) = caller.issued();
        caller.verify(&id, &code).unwrap();
        caller.note(&id, 1, Failed).unwrap();
        let told = caller.status(&id).unwrap();
        assert_eq!((told.state, told.delivery), (State::Verified, DeliveryState::Failed));

        let (id, _) = caller.issued();
        caller.revoke(&id).unwrap();
        caller.note(&id, 1, Delivered).unwrap();
        let told = caller.status(&id).unwrap();
        assert_eq!((told.state, told.delivery), (State::Revoked, DeliveryState::Delivered));

        let (id, _) = caller.issued();
        caller.world.advance(300);
        caller.note(&id, 1, Delivered).unwrap();
        let told = caller.status(&id).unwrap();
        assert_eq!((told.state, told.delivery), (State::Expired, DeliveryState::Delivered));
        caller.world.advance(300);
        assert_eq!(caller.note(&id, 1, Delivered).unwrap_err(), Error::NotFound);
    });
}

#[test]
fn a_report_on_an_earlier_challenge_is_not_its_successors() {
    whatever_is_forgotten(&no_cooldown(), |caller| {
        let (first, _) = caller.issued();
        caller.note(&first, 1, Delivered).unwrap();
        let (second, _) = caller.issued();
        assert_eq!(caller.delivery(&second), DeliveryState::Sent);
        caller.note(&first, 1, Failed).unwrap();
        assert_eq!(caller.delivery(&second), DeliveryState::Sent);
    });
}

#[test]
fn another_tenants_or_recipients_challenge_is_left_alone() {
    let mut caller = Caller::new(Memory::Never, draft());
    caller.world.set_policy("other", "login", draft());
    let (id, _) = caller.issued();
    let neighbour = caller.issue_to(None, OTHER_PHONE, None).unwrap().id;
    caller.world.round_trips();
    caller.tenant = "other".into();
    assert_eq!(caller.note(&id, 1, Delivered).unwrap_err(), Error::NotFound);
    caller.tenant = "Bad Name".into();
    let error = caller.note(&id, 1, Delivered).unwrap_err();
    assert!(
        matches!(&error, Error::InvalidArgument(fault) if fault.field == "tenant"),
        "{error:?}"
    );
    assert_eq!(caller.world.round_trips(), 0);
    caller.tenant = "default".into();
    caller.note(&neighbour, 1, Delivered).unwrap();
    assert_eq!(caller.delivery(&id), DeliveryState::Sent);
}

#[test]
fn a_purpose_that_is_gone_or_wrong_is_told() {
    let caller = Caller::new(Memory::Never, draft());
    let (id, _) = caller.issued();
    let elsewhere = TestWorld::new(Memory::Never);
    let engine = Engine::new(elsewhere.clone(), keyring(&[("k1", 1)]));
    let note = || super::test_world::done(engine.record_delivery("default", &id, 1, Delivered));
    assert_eq!(note().unwrap_err(), Error::UnknownPurpose);
    elsewhere.set_policy("default", "login", settings::Policy { code_length: Some(5), ..draft() });
    assert!(matches!(note(), Err(Error::Misconfigured(_))));
    assert_eq!(elsewhere.round_trips(), 0);
}

#[test]
fn a_store_that_fails_is_told_and_the_report_may_come_again() {
    for batch in 0..2 {
        for carried_out in 0..4 {
            whatever_is_forgotten(&draft(), |caller| {
                let (id, code) = caller.issued();
                caller.world.fail_batch(batch, carried_out);
                let error = caller.note(&id, 1, Delivered).unwrap_err();
                assert_eq!(error, Error::StoreUnavailable(StoreError::Timeout));
                caller.note(&id, 1, Delivered).unwrap();
                assert_eq!(caller.delivery(&id), DeliveryState::Delivered);
                caller.verify(&id, &code).unwrap();
            });
        }
    }
}

/// Bits changed, another challenge's note put in its place, or one's own in the other's: as if nothing were noted.
#[test]
fn a_tampered_note_counts_for_nothing() {
    let caller = Caller::new(Memory::Never, draft());
    let (id, _) = caller.issued();
    let mail = caller.issue_to(Email, MAIL, None).unwrap().id;
    caller.note(&id, 1, Failed).unwrap();
    let good = caller.world.dump();
    let (place, entry) = good.iter().find(|(key, _)| key.ends_with(":undelivered")).unwrap();
    let Cell::Value(value) = entry.cell.clone() else { panic!() };
    for byte in 0..value.len() {
        let mut changed = value.clone();
        changed[byte] ^= 1;
        caller.world.tamper(|dump| {
            dump.get_mut(place).unwrap().cell = Cell::Value(changed);
        });
        assert_eq!(caller.delivery(&id), DeliveryState::Sent, "byte {byte}");
    }
    let own = place.trim_end_matches(":undelivered");
    let mut prefixes = good.keys().filter_map(|key| key.strip_suffix(":challenges"));
    let theirs = prefixes.find(|prefix| *prefix != own).unwrap();
    caller.world.tamper(|dump| {
        dump.clone_from(&good);
        dump.insert(place.replace(":undelivered", ":delivered"), entry.clone());
        dump.insert(format!("{theirs}:undelivered"), entry.clone());
    });
    assert_eq!(caller.delivery(&id), DeliveryState::Failed);
    assert_eq!(caller.delivery(&mail), DeliveryState::Sent);
}

/// Every key that this leaves has an end: `world` refuses one without.
#[test]
fn a_report_leaves_one_key_at_most() {
    for (outcome, name) in KEYS {
        let caller = Caller::new(Memory::Never, draft());
        let (id, _) = caller.issued();
        let before = caller.world.dump();
        caller.note(&id, 1, outcome).unwrap();
        let after = caller.world.dump();
        let new: Vec<_> = after.keys().filter(|key| !before.contains_key(*key)).collect();
        assert!(new.len() == 1 && new[0].ends_with(name), "{new:?}");
        assert!(before.iter().all(|(key, entry)| after[key] == *entry));
    }
}

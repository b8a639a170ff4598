//! Keys change while challenges live.

use countersign_contract::otp::{Error, State};
use countersign_contract::settings::{self, ResendCode};

use super::caller::{Caller, PHONE, draft, keyring};
use super::test_world::{Cell, Memory};
use crate::record;

const OLD: &[(&str, u8)] = &[("k1", 1)];
const ROTATED: &[(&str, u8)] = &[("k2", 2), ("k1", 1)];
const REMOVED: &[(&str, u8)] = &[("k2", 2)];

#[test]
fn a_challenge_issued_under_an_older_key_still_verifies() {
    let caller = Caller::new(Memory::Forgets, draft()).with_keys(OLD);
    let (id, code) = caller.issued();
    let rotated = caller.with_keys(ROTATED);
    assert_eq!(rotated.status(&id).unwrap().state, State::Pending);
    rotated.verify(&id, &code).unwrap();
    assert_eq!(rotated.status(&id).unwrap().state, State::Verified);
    // The keys that name subjects haven't changed, so neither has the cooldown nor anything else.
    assert_eq!(caller.verify_by_recipient(PHONE, &code).unwrap_err(), Error::NotFound);
}

#[test]
fn a_resend_after_a_rotation_repeats_the_same_code() {
    let caller = Caller::new(Memory::Forgets, draft()).with_keys(OLD);
    let (id, code) = caller.issued();
    let rotated = caller.with_keys(ROTATED);
    caller.world.advance(60);
    // Its id stays its name, though a new key would write it differently.
    assert_eq!(rotated.resend(&id).unwrap().id, id);
    assert_eq!(rotated.code(), code);
    assert_eq!(rotated.status(&id).unwrap().id, id);
    assert_eq!(rotated.verify(&id, &code).unwrap().id, id);
}

#[test]
fn a_new_code_after_a_rotation_works() {
    let draft = settings::Policy { resend_code: Some(ResendCode::New), ..draft() };
    let caller = Caller::new(Memory::Forgets, draft).with_keys(OLD);
    let (id, code) = caller.issued();
    let rotated = caller.with_keys(ROTATED);
    caller.world.advance(60);
    let resent = rotated.resend(&id).unwrap();
    assert_ne!(rotated.code(), code);
    assert_eq!(rotated.verify(&id, &code).unwrap_err(), Error::Mismatch(2));
    rotated.verify(&resent.id, &rotated.code()).unwrap();
}

/// Processes that know the new key as an older one serve what processes with it in front have made.
#[test]
fn processes_in_mid_rotation_understand_one_another() {
    let before = Caller::new(Memory::Forgets, draft()).with_keys(&[("k1", 1), ("k2", 2)]);
    let after = before.with_keys(ROTATED);
    let (id, code) = after.issued();
    before.verify(&id, &code).unwrap();
}

#[test]
fn a_removed_key_takes_its_challenges_with_it() {
    let caller = Caller::new(Memory::Forgets, draft()).with_keys(OLD);
    let (id, code) = caller.issued();
    let removed = caller.with_keys(REMOVED);
    assert_eq!(removed.verify(&id, &code).unwrap_err(), Error::NotFound);
    assert_eq!(removed.verify_by_recipient(PHONE, &code).unwrap_err(), Error::NotFound);
    // The cooldown went with them, the lease on sending did not.
    removed.world.advance(180);
    removed.issue().unwrap();
}

/// The failures are counted under the index key, which isn't rotated with the others.
#[test]
fn a_rotation_forgets_no_failure() {
    let caller = Caller::new(Memory::Forgets, draft()).with_keys(OLD);
    let (id, code) = caller.issued();
    caller.exhaust(&id, &code);
    let rotated = caller.with_keys(ROTATED);
    assert!(matches!(rotated.issue(), Err(Error::Locked(900))));
}

/// How a challenge ended is known for as long as the challenge, whichever process wrote it, and whatever its keys were.
#[test]
fn how_a_challenge_ended_outlasts_the_key_of_the_process_that_wrote_it() {
    let before = Caller::new(Memory::Never, draft()).with_keys(&[("k1", 1), ("k2", 2)]);
    let (after, removed) = (before.with_keys(ROTATED), before.with_keys(REMOVED));
    let (id, code) = after.issued();
    before.verify(&id, &code).unwrap();
    assert_eq!(removed.status(&id).unwrap().state, State::Verified);
    before.world.advance(300);
    let (id, _) = after.issued();
    before.revoke(&id).unwrap();
    assert_eq!(removed.status(&id).unwrap().state, State::Revoked);
}

/// A key that is destroyed takes recipients and references with it.
#[test]
fn a_challenge_does_not_open_without_the_key_that_issued_it() {
    let caller = Caller::new(Memory::Never, draft()).with_keys(OLD);
    caller.issued();
    let dump = caller.world.dump();
    let (place, entry) = dump.iter().find(|(key, _)| key.ends_with(":challenges")).unwrap();
    let Cell::Value(value) = &entry.cell else { panic!() };
    let opens = |keys| {
        let value = Some(value.clone());
        record::open::<record::Challenges>(&keyring(keys), &|| place.clone(), value).is_some()
    };
    assert!(opens(ROTATED) && !opens(REMOVED));
}

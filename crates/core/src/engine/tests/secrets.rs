//! Invariants 5 and 7: what the store holds helps no thief, and what was changed there is refused.

use countersign_contract::otp::{Error, Target};
use countersign_contract::settings;
use countersign_contract::settings::Alphabet;
use countersign_contract::types::Channel;

use super::caller::{Caller, MAIL, PHONE, draft, whatever_is_forgotten, wrong};
use super::test_world::{Cell, Dump, Memory};
use crate::code::tests::WORK;

/// Everything that the store holds, keys and values.
fn bytes(dump: &Dump) -> Vec<Vec<u8>> {
    let value = |cell: &Cell| match cell {
        Cell::Count(count) => count.to_string().into_bytes(),
        Cell::Value(value) => value.clone(),
    };
    dump.iter().flat_map(|(key, entry)| [key.clone().into_bytes(), value(&entry.cell)]).collect()
}

#[test]
fn a_stolen_store_is_useless() {
    whatever_is_forgotten(&draft(), |caller| {
        let id = caller.issue_to(Channel::Sms, PHONE, Some("invoice-4711")).unwrap().id;
        let code = caller.code();
        caller.verify(&id, &wrong(&code)).unwrap_err();
        caller.issue_to(Channel::Email, MAIL, None).unwrap();
        let mail_code = caller.code();
        let dump = caller.world.dump();
        let parts = [&code, &mail_code, "81234567890", "john", "example", "invoice-4711", "login"];
        for held in bytes(&dump) {
            for part in parts {
                let found = held.windows(part.len()).any(|window| window == part.as_bytes());
                assert!(!found, "{part} in {}", String::from_utf8_lossy(&held));
            }
        }
    });
}

/// The same nonces, recipient and reference under another key: another code, and other subjects under another index.
#[test]
fn a_code_says_nothing_without_its_key() {
    let codes: Vec<_> = [1, 2, 3]
        .map(|seed| {
            let caller = Caller::new(Memory::Forgets, draft());
            let caller = caller.with_keys(&[("k1", seed)]);
            caller.issued().1
        })
        .into();
    assert!(codes[0] != codes[1] && codes[1] != codes[2] && codes[0] != codes[2], "{codes:?}");
}

/// Codes depend on the recipient and on the reference too.
#[test]
fn a_code_is_bound_to_its_reference() {
    let code = |reference| {
        let caller = Caller::new(Memory::Forgets, draft());
        caller.issue_to(Channel::Sms, PHONE, reference).unwrap();
        caller.code()
    };
    assert_eq!(code(Some("a")), code(Some("a")));
    assert_ne!(code(Some("a")), code(Some("b")));
    assert_ne!(code(Some("a")), code(None));
}

/// A reference is bytes: what looks the same is another one, and is counted.
#[test]
fn a_reference_is_compared_by_its_bytes() {
    for (issued, confirmed) in [
        ("caf\u{65}\u{301}", "caf\u{e9}"),
        ("pay 7", "Pay 7"),
        ("pay 7", "pay 7 "),
        ("pay 7", "pay\u{a0}7"),
        ("\u{ff17}", "7"),
    ] {
        let caller = Caller::new(Memory::Never, draft());
        let id = caller.issue_to(Channel::Sms, PHONE, Some(issued)).unwrap().id;
        let code = caller.code();
        let answer = |reference| caller.answer(Target::Id(id.clone()), &code, Some(reference));
        assert_eq!(answer(confirmed).unwrap_err(), Error::ReferenceMismatch(2), "{confirmed}");
        assert_eq!(answer(issued).unwrap().reference.as_deref(), Some(issued));
    }
}

#[test]
fn a_tampered_store_is_refused() {
    let caller = Caller::new(Memory::Never, draft());
    let (id, code) = caller.issued();
    let good = caller.world.dump();
    let (place, entry) = good
        .iter()
        .find(|(key, _)| key.ends_with(":challenges"))
        .map(|(k, e)| (k.clone(), e))
        .unwrap();
    let Cell::Value(value) = entry.cell.clone() else { panic!() };
    for byte in 0..value.len() {
        let mut changed = value.clone();
        changed[byte] ^= 1;
        caller.world.tamper(|dump| {
            *dump = good.clone();
            dump.get_mut(&place).unwrap().cell = Cell::Value(changed);
        });
        assert_eq!(caller.verify(&id, &code).unwrap_err(), Error::NotFound, "byte {byte}");
    }
    caller.world.tamper(|dump| *dump = good);
    caller.verify(&id, &code).unwrap();
}

/// Another subject's challenge, or an earlier one of its own, put where the subject's is.
#[test]
fn a_record_opens_in_its_own_place_only() {
    let caller = Caller::new(Memory::Never, draft());
    let mine = caller.issue_to(Channel::Sms, PHONE, None).unwrap().id;
    let code = caller.code();
    let before = caller.world.dump();
    let at = |dump: &Dump| {
        let key = dump.keys().find(|key| key.ends_with(":challenges")).unwrap();
        (key.clone(), dump[key].clone())
    };
    let (place, record) = at(&before);
    caller.issue_to(Channel::Email, MAIL, None).unwrap();
    caller.world.tamper(|dump| {
        let theirs: Vec<_> = dump
            .keys()
            .filter(|key| key.ends_with(":challenges") && **key != place)
            .cloned()
            .collect();
        dump.insert(theirs[0].clone(), record.clone());
    });
    let by_recipient = Target::Recipient(caller.addressee(MAIL));
    assert_eq!(caller.answer(by_recipient, &code, None).unwrap_err(), Error::NotFound);
    caller.verify(&mine, &code).unwrap();
}

/// The record of an answered challenge put back: its success isn't to be had again.
#[test]
fn a_record_put_back_does_not_succeed_again() {
    let caller = Caller::new(Memory::Never, draft());
    let (id, code) = caller.issued();
    let good = caller.world.dump();
    caller.verify(&id, &code).unwrap();
    caller.world.tamper(|dump| {
        dump.retain(|key, _| !key.ends_with(":success"));
        dump.extend(good.into_iter().filter(|(key, _)| key.ends_with(":challenges")));
    });
    assert_eq!(caller.verify(&id, &code).unwrap_err(), Error::NotFound);
}

/// What a caller or a log may print.
#[test]
fn debug_shows_no_code_and_no_recipient() {
    let caller = Caller::new(Memory::Never, draft());
    let challenge = caller.issue().unwrap();
    let code = caller.code();
    let target = Target::Recipient(caller.addressee(PHONE));
    let printed = format!("{:?} {challenge:?} {target:?}", caller.world.messages());
    assert!(!printed.contains(&code) && !printed.contains("81234567890"), "{printed}");
    for error in
        [caller.verify(&challenge.id, &wrong(&code)).unwrap_err(), caller.issue().unwrap_err()]
    {
        assert!(!format!("{error:?}").contains("8123456"), "{error:?}");
    }
}

/// Invariant 8. What is compared has one length, in a type that compares in constant time; so it remains that as much
/// is derived and compared whatever the store says.
#[test]
fn comparison_takes_the_same_time_for_right_wrong_and_absent() {
    whatever_is_forgotten(&draft(), |caller| {
        let work = |verify: &dyn Fn()| {
            WORK.with(|work| work.set((0, 0)));
            verify();
            WORK.with(std::cell::Cell::get)
        };
        let absent = work(&|| {
            assert_eq!(caller.verify_by_recipient(PHONE, "123456").unwrap_err(), Error::NotFound);
        });
        let (id, code) = caller.issued();
        let mismatch = work(&|| {
            assert_eq!(caller.verify(&id, &wrong(&code)).unwrap_err(), Error::Mismatch(2));
        });
        let right = work(&|| assert_eq!(caller.verify(&id, &code).unwrap().id, id));
        let used = work(&|| assert_eq!(caller.verify(&id, &code).unwrap_err(), Error::NotFound));
        assert_eq!([absent, mismatch, right, used], [(1, 1); 4]);
    });
}

/// Two values sealed with one nonce give both away.
#[test]
fn no_two_values_are_sealed_with_the_same_nonce() {
    let caller =
        Caller::new(Memory::Never, settings::Policy { cooldown_seconds: Some(0), ..draft() });
    let mut nonces = std::collections::BTreeSet::new();
    let mut values = std::collections::BTreeSet::new();
    for _ in 0..20 {
        let (id, code) = caller.issued();
        for held in caller.world.dump().into_values() {
            let Cell::Value(value) = held.cell else { continue };
            // Format, the name's length, the name.
            let begin = 2 + usize::from(value[1]);
            nonces.insert(value[begin..begin + 24].to_vec());
            values.insert(value);
        }
        caller.verify(&id, &wrong(&code)).unwrap_err();
        caller.verify(&id, &code).unwrap();
    }
    assert!(nonces.len() == values.len() && values.len() > 30, "{}", values.len());
}

/// What isn't the time in a challenge's name is drawn: each bit of it, but for the one that names the odometer.
#[test]
fn every_bit_of_a_challenges_nonce_behind_the_time_is_drawn() {
    let caller =
        Caller::new(Memory::Never, settings::Policy { cooldown_seconds: Some(0), ..draft() });
    let (mut ever, mut always) = ([0_u8; 11], [0xff_u8; 11]);
    for _ in 0..64 {
        let (id, code) = caller.issued();
        let (_, encoded) = id.split_once('.').unwrap();
        let bytes = data_encoding::BASE64URL_NOPAD.decode(encoded.as_bytes()).unwrap();
        for (place, byte) in bytes[5..16].iter().enumerate() {
            ever[place] |= byte;
            always[place] &= byte;
        }
        caller.verify(&id, &code).unwrap();
    }
    assert_eq!((ever, always), ([0xff; 11], [0; 11]));
}

/// Each sign counts, the last one of the longest code too.
#[test]
fn a_code_with_one_wrong_sign_is_wrong() {
    let draft = settings::Policy { code_length: Some(10), max_attempts: Some(10), ..draft() };
    for alphabet in [Alphabet::Digits, Alphabet::Unambiguous] {
        let caller = Caller::new(
            Memory::Never,
            settings::Policy { alphabet: Some(alphabet), ..draft.clone() },
        );
        let (id, code) = caller.issued();
        for place in 1..10 {
            let mut signs = code.clone().into_bytes();
            signs[place] = if signs[place] == b'9' { b'8' } else { b'9' };
            let typed = String::from_utf8(signs).unwrap();
            assert!(matches!(caller.verify(&id, &typed), Err(Error::Mismatch(_))), "{place}");
        }
        caller.verify(&id, &code).unwrap();
    }
}

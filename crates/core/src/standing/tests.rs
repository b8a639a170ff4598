//! Places in a budget, and which odometers belong to a budget that has ended.

use countersign_contract::Secret;
use countersign_contract::settings;
use countersign_contract::types::Channel;

use super::*;
use crate::nonce::BYTES;

const NOW: Timestamp = Timestamp(1_000);
const EPOCH: i64 = 1 << 52;

/// Of the distant past, and of the even odometer where `last` is even.
fn nonce(last: u8) -> Nonce {
    let mut bytes = [0; BYTES];
    if let Some(byte) = bytes.last_mut() {
        *byte = last;
    }
    Nonce::from_bytes(bytes)
}

fn record(place: u8) -> Record {
    Record {
        nonce: nonce(2),
        place,
        key: "k1".into(),
        code_number: 0,
        channel: 1,
        channels: vec![1],
        reference: None,
        locale: None,
        alphabet: 0,
        code_length: 6,
        expires_at: NOW.0 + 300,
        resends: 0,
        generation: None,
    }
}

/// A subject with one living challenge, whose budget the even odometer counts in epoch 4.
fn standing(place: u8) -> Standing {
    let budget = Budget {
        first: nonce(2),
        epoch: 4,
        max_attempts: 3,
        expires_at: NOW.0 + 300,
        generation: None,
    };
    let challenges = Challenges {
        recipient: String::new(),
        masked_recipient: String::new(),
        budget: Some(budget),
        records: vec![record(place)],
        sends: 1,
        last_send_at: NOW.0,
        kept_until: NOW.0 + 600,
    };
    Standing {
        challenges: Some(challenges),
        history: History::default(),
        kept_history: History::default(),
        success: None,
        withdrawal: Withdrawal::default(),
        readings: [Reading::new(4 * EPOCH + 1), Reading::default()],
        generation: None,
    }
}

#[test]
fn the_next_place_follows_that_of_the_newest_challenge() {
    assert_eq!(standing(0).next_place(), 1);
    assert_eq!(standing(3).next_place(), 4);
    assert_eq!(standing(PLACES - 1).next_place(), 0);
    let nothing = Standing { challenges: None, ..standing(7) };
    assert_eq!(nothing.next_place(), 0);
}

/// The verdict tells challenges apart by their places: two of one budget in one place, and the revocation of the one
/// would be the other's too.
#[test]
fn the_place_of_a_revoked_challenge_is_not_used_again() {
    let revoked = |places: &[u8]| {
        let challenges = places.iter().map(|place| (nonce(9), *place)).collect();
        Standing { withdrawal: Withdrawal { challenges, cleared: None }, ..standing(3) }
    };
    assert_eq!(revoked(&[4]).next_place(), 5);
    assert_eq!(revoked(&[4, 6, 5]).next_place(), 7);
    assert_eq!(revoked(&[0, 1, 2]).next_place(), 4);
    let all: Vec<u8> = (0..PLACES).collect();
    assert_eq!(revoked(&all).next_place(), 4);
}

fn ended(readings: [i64; 2]) -> (u32, Vec<Slot>) {
    let ring = vec![("k1".to_owned(), Secret::new((1..33).collect()))];
    let keyring = Keyring::new(&Secret::new((0..32).collect()), ring).unwrap();
    let draft = settings::Policy { channels: vec![Channel::Sms], ..settings::Policy::default() };
    let policy = Policy::new(draft).unwrap();
    let standing = Standing { readings: readings.map(Reading::new), ..standing(0) };
    let (history, ended) = standing.account(&keyring, "login", &policy, NOW);
    (history.failures, ended)
}

/// An odometer counts for the living budget where slot and epoch are both the budget's.
#[test]
fn what_another_budget_left_in_an_odometer_is_accounted_for() {
    assert_eq!(ended([4 * EPOCH + 1, 0]), (0, vec![]));
    assert_eq!(ended([4 * EPOCH + 1, 9 * EPOCH + 2]), (2, vec![Slot::Odd]));
    assert_eq!(ended([4 * EPOCH + 1, 4 * EPOCH + 2]), (2, vec![Slot::Odd]));
    assert_eq!(ended([3 * EPOCH + 2, 0]), (2, vec![Slot::Even]));
    assert_eq!(ended([2, 0]), (0, vec![Slot::Even]));
}

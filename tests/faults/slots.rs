//! Which slot of a Redis Cluster a person's keys are in.

use std::collections::BTreeMap;

use countersign_tests::history::History;
use data_encoding::BASE64URL_NOPAD;

/// How many slots there are.
const SLOTS: u16 = 16_384;
/// Where in a challenge's id, behind the purpose, the part stands that its keys have in braces.
const RECIPIENT: std::ops::Range<usize> = 16..32;

/// The slot of a key, whose part in braces alone decides: CRC-16/XMODEM.
pub(crate) fn slot(key: &str) -> u16 {
    let tag = key.split_once('{').and_then(|(_, rest)| rest.split_once('}'));
    let tag = tag.map_or(key, |(tag, _)| tag);
    let shifted = |crc: u16| if crc & 0x8000 == 0 { crc << 1 } else { crc << 1 ^ 0x1021 };
    let step = |crc: u16, byte: u8| (0..8).fold(crc ^ u16::from(byte) << 8, |crc, _| shifted(crc));
    tag.bytes().fold(0, step) % SLOTS
}

/// The slot of the keys of a challenge.
pub(crate) fn of_challenge(id: &str) -> u16 {
    let (_, encoded) = id.split_once('.').unwrap();
    let bytes = BASE64URL_NOPAD.decode(encoded.as_bytes()).unwrap();
    slot(&BASE64URL_NOPAD.encode(&bytes[RECIPIENT]))
}

/// The slots of all subjects that have a challenge.
pub(crate) fn of_all(history: &History) -> BTreeMap<String, u16> {
    let issued = |event: &countersign_tests::history::Event| {
        Some((event.subject.clone(), of_challenge(event.issued()?)))
    };
    history.events.iter().filter_map(issued).collect()
}

#[test]
fn slots_are_those_of_the_specification() {
    assert_eq!(slot("123456789"), 0x31c3);
    assert_eq!(slot("countersign:{123456789}:n"), 0x31c3);
}

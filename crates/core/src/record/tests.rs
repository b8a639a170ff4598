//! What is sealed, byte by byte. Where one of these changes, the version of its layout has to be stepped, and a
//! deployment that is upgraded loses what lives: say so in the changelog.

use countersign_contract::Secret;

use super::*;
use crate::device::Device;
use crate::id::Id;
use crate::subject::digest;

fn keyring() -> Keyring {
    let secret = |seed: u8| Secret::new((0..32).map(|place| place ^ seed).collect());
    Keyring::new(&secret(99), vec![("k1".into(), secret(1))]).unwrap()
}

fn nonce(seed: u8) -> Nonce {
    Nonce::from_bytes([seed; crate::nonce::BYTES])
}

fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}

fn record() -> Record {
    Record {
        nonce: nonce(2),
        place: 3,
        key: "k1".into(),
        code_number: 4,
        channel: 1,
        channels: vec![1, 4],
        reference: Some("r".into()),
        locale: Some("id".into()),
        alphabet: 0,
        code_length: 6,
        expires_at: 1_000_000_300,
        resends: 5,
        generation: Some(7),
    }
}

/// Version and layout, without the padding.
fn layout<T: Layout>(record: &T) -> String {
    let layout = postcard::to_allocvec(record).unwrap();
    format!("{} {}", T::VERSION, hex(&layout))
}

#[test]
fn the_layouts_are_those_of_their_versions() {
    let challenges = Challenges {
        recipient: "+6281".into(),
        masked_recipient: "62**".into(),
        budget: Some(Budget {
            first: nonce(1),
            epoch: 300,
            max_attempts: 3,
            expires_at: 1_000_000_300,
            generation: None,
        }),
        records: vec![record()],
        sends: 2,
        last_send_at: 1_000_000_000,
        kept_until: 1_000_000_600,
    };
    assert_eq!(
        layout(&challenges),
        "1 052b363238310436322a2a0101010101010101010101010101010101ac0203ac96ebdc0300010202020202020202020202020202020203026b310401020104010172010269640006ac96ebdc03050107028094ebdc03d898ebdc03"
    );
    let success = Success { challenge: Some(nonce(2)), budget: nonce(1) };
    assert_eq!(
        layout(&success),
        "1 010202020202020202020202020202020201010101010101010101010101010101"
    );
    let withdrawal = Withdrawal { challenges: vec![(nonce(2), 3)], cleared: Some(nonce(1)) };
    assert_eq!(
        layout(&withdrawal),
        "1 0102020202020202020202020202020202030101010101010101010101010101010101"
    );
    assert_eq!(
        layout(&Noted { nonce: nonce(2), send_number: 2 }),
        "1 0202020202020202020202020202020202"
    );
    assert_eq!(layout(&History::sample()), "1 038094ebdc03840701010101010101010103");
}

/// Another derivation of anything loses what lives, locks and histories included.
#[test]
fn codes_ids_digests_and_seals_are_what_they_were() {
    let keyring = keyring();
    let recipient = crate::recipient::parse("+6281234567890", None, None).unwrap();
    let recipient = digest(&keyring, "default", &recipient, Device::Unknown);
    assert_eq!(hex(&recipient), "44b4def5f2f9564949e448d477cba7b7");
    let subject = Subject::from_digest(&keyring, recipient, "login");
    assert_eq!(subject.challenges(), "{RLTe9fL5VklJ5EjUd8untw}:7wSk2s33:challenges");
    let id = Id { purpose: "login", nonce: nonce(2), recipient }.write(&keyring, "default");
    assert_eq!(id, "login.AgICAgICAgICAgICAgICAkS03vXy-VZJSeRI1HfLp7cMRDhnZaOA8DLgNsyy6V5a");
    let code = record().code(keyring.current(), &subject, "login");
    assert_eq!(code.reveal().expose(), "313724");
    assert_eq!(
        hex(&keyring.current().seal("here", b"plain", [9; NONCE_BYTES])),
        "01026b31090909090909090909090909090909090909090909090909c079e24b44fa91618afcc645583ebcf1bc69bcd9f0"
    );
    assert_eq!(
        hex(&keyring.lasting().seal("here", b"plain", [9; NONCE_BYTES])),
        "010009090909090909090909090909090909090909090909090990d3928adb29246ecaef680a4f227d3a9895a8d3a6"
    );
}

#[test]
fn another_version_counts_as_absent_and_padding_as_nothing() {
    let keyring = keyring();
    let mut layout = plain(&Noted { nonce: nonce(2), send_number: 2 });
    assert_eq!(layout.len() % PADDING, 0);
    let open = |layout: &[u8]| {
        let sealed = keyring.lasting().seal("here", layout, [9; NONCE_BYTES]);
        open::<Noted>(&keyring, &|| "here".to_owned(), Some(sealed)).map(|noted| noted.send_number)
    };
    assert_eq!(open(&layout), Some(2));
    layout[0] += 1;
    assert_eq!(open(&layout), None);
}

#[test]
fn alphabets_are_kept_as_what_they_are() {
    for alphabet in [Alphabet::Digits, Alphabet::Unambiguous] {
        assert_eq!(alphabet_from(alphabet_number(alphabet)), alphabet);
    }
}

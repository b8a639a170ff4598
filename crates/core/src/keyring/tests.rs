use super::*;

fn secret(seed: u8) -> Secret<Vec<u8>> {
    Secret::new((0..32).map(|place| place ^ seed).collect())
}

fn ring(keys: &[(&str, u8)]) -> Keyring {
    let keys = keys.iter().map(|(name, seed)| ((*name).into(), secret(*seed))).collect();
    Keyring::new(&secret(99), keys).unwrap()
}

#[test]
fn what_was_sealed_opens_in_its_place_only() {
    let ring = ring(&[("a", 1)]);
    let sealed = ring.current().seal("here", b"plain", [3; NONCE_BYTES]);
    assert_eq!(ring.open("here", &sealed).unwrap(), b"plain");
    assert!(ring.open("there", &sealed).is_none());
}

#[test]
fn a_tampered_value_does_not_open() {
    let ring = ring(&[("a", 1), ("b", 2)]);
    let sealed = ring.current().seal("here", b"plain", [3; NONCE_BYTES]);
    for place in 0..sealed.len() {
        for bit in 0..8 {
            let mut changed = sealed.clone();
            changed[place] ^= 1 << bit;
            assert!(ring.open("here", &changed).is_none(), "bit {bit} of byte {place}");
        }
    }
    for length in 0..sealed.len() {
        assert!(ring.open("here", &sealed[..length]).is_none(), "cut to {length} bytes");
    }
}

#[test]
fn an_older_key_still_opens_and_a_removed_one_does_not() {
    let sealed = ring(&[("a", 1)]).current().seal("here", b"plain", [3; NONCE_BYTES]);
    assert!(ring(&[("b", 2), ("a", 1)]).open("here", &sealed).is_some());
    assert!(ring(&[("b", 2)]).open("here", &sealed).is_none());
    assert!(ring(&[("a", 2)]).open("here", &sealed).is_none());
}

#[test]
fn unusable_keys_are_refused() {
    let fault = |keys: Vec<(&str, Vec<u8>)>| {
        let keys =
            keys.into_iter().map(|(name, bytes)| (name.into(), Secret::new(bytes))).collect();
        Keyring::new(&secret(99), keys).err()
    };
    let good = || secret(1).expose().clone();
    assert_eq!(fault(vec![]), Some(KeyFault::WrongCount));
    assert_eq!(fault(vec![("a", good()); 9]), Some(KeyFault::WrongCount));
    assert_eq!(fault(vec![("a", good()), ("a", good())]), Some(KeyFault::DuplicateName));
    assert_eq!(fault(vec![("A", good())]), Some(KeyFault::MalformedName));
    assert_eq!(fault(vec![("", good())]), Some(KeyFault::MalformedName));
    assert_eq!(fault(vec![("a", vec![1; 31])]), Some(KeyFault::WrongSecret));
    assert_eq!(fault(vec![("a", vec![0; 32])]), Some(KeyFault::WrongSecret));
}

#[test]
fn every_secret_is_used_once() {
    let fault = |keys: &[(&str, u8)]| {
        let keys = keys.iter().map(|(name, seed)| ((*name).into(), secret(*seed))).collect();
        Keyring::new(&secret(99), keys).err()
    };
    assert_eq!(fault(&[("a", 1), ("b", 2), ("c", 3)]), None);
    assert_eq!(fault(&[("a", 1), ("b", 1)]), Some(KeyFault::DuplicateSecret));
    assert_eq!(fault(&[("a", 1), ("b", 2), ("c", 2)]), Some(KeyFault::DuplicateSecret));
    assert_eq!(fault(&[("a", 1), ("b", 99)]), Some(KeyFault::DuplicateSecret));
    assert_eq!(fault(&[("a", 99)]), Some(KeyFault::DuplicateSecret));
}

#[test]
fn words_are_told_apart() {
    let ring = ring(&[("a", 1)]);
    assert_ne!(ring.digest(&[b"ab", b"c"]), ring.digest(&[b"a", b"bc"]));
    assert_ne!(ring.current().tag(&[b"ab", b"c"]), ring.current().tag(&[b"a", b"bc"]));
}

#[test]
fn every_fault_is_told_in_words_of_its_own() {
    let faults = [
        KeyFault::DuplicateName,
        KeyFault::DuplicateSecret,
        KeyFault::MalformedName,
        KeyFault::WrongCount,
        KeyFault::WrongSecret,
    ];
    let told: std::collections::BTreeSet<_> = faults.iter().map(|fault| fault.reason()).collect();
    assert_eq!(told.len(), faults.len());
    assert!(told.iter().all(|reason| reason.starts_with("keys: ") && reason.len() > 20));
}

#[test]
fn the_tags_of_purposes_are_remembered_within_a_bound() {
    let ring = ring(&[("a", 1)]);
    let known = || ring.purposes.lock().unwrap().len();
    for number in 0..PURPOSES {
        assert_eq!(known(), number);
        ring.append_purpose_tag(&format!("p{number}"), &mut String::new());
    }
    ring.append_purpose_tag("one-more", &mut String::new());
    assert_eq!(known(), 1);
}

use super::*;
use crate::bindings::countersign::otp::settings::Key;
use crate::stores::clock::monotonic;
use crate::stores::memory::{MemorySettings, MemoryStore};

fn store() -> MemoryStore {
    MemoryStore::open(&MemorySettings::default(), monotonic()).unwrap()
}

fn of(index: u8, ring: &[(&str, u8)]) -> Fingerprint {
    let key = |(name, seed): &(&str, u8)| Key { name: (*name).into(), secret: vec![*seed; 32] };
    let keys = ring.iter().map(key).collect();
    Fingerprint::of(&Keyring { index: vec![index; 32], keys })
}

#[tokio::test]
async fn keys_come_and_go_by_rotation() {
    let store = store();
    let rings: [&[(&str, u8)]; 4] =
        [&[("a", 1)], &[("b", 2), ("a", 1)], &[("b", 2)], &[("c", 3), ("b", 2)]];
    for ring in rings {
        assert_eq!(of(9, ring).admit(&store, false).await, Ok(()));
    }
    let again = of(9, &[("a", 7), ("c", 3)]).admit(&store, false).await;
    assert_eq!(again, Err(Mismatch::Ring("a".into())), "an old name with another secret");
}

#[tokio::test]
async fn a_change_is_refused_unless_it_is_accepted() {
    let store = store();
    let (old, new) = (of(9, &[("a", 1)]), of(8, &[("a", 2)]));
    assert_eq!(old.admit(&store, false).await, Ok(()));
    assert_eq!(new.admit(&store, false).await, Err(Mismatch::Index));
    assert!(old.fits(&store).await && !new.fits(&store).await);
    assert_eq!(new.admit(&store, true).await, Ok(()));
    assert!(new.fits(&store).await && !old.fits(&store).await);
    assert_eq!(new.admit(&store, false).await, Ok(()));
}

#[tokio::test]
async fn what_a_store_has_lost_is_written_again() {
    let (store, own) = (store(), of(9, &[("a", 1)]));
    assert!(own.fits(&store).await);
    assert_eq!(of(8, &[("a", 1)]).admit(&store, false).await, Err(Mismatch::Index));
}

#[test]
fn however_many_keys_there_were_it_fits_a_value() {
    let name = |number: usize| format!("{number:0>32}");
    let mut kept = of(9, &[("a", 1)]).own;
    for number in 0..100 {
        let own = Marks { ring: vec![(name(number), [1; 16])], ..kept.clone() };
        kept = own.joined_with(Some(&kept.encode())).unwrap();
        assert!(kept.encode().len() <= countersign_contract::store::MAX_VALUE_BYTES);
        assert_eq!(kept.ring[0].0, name(number));
    }
    assert_eq!(Marks::decode(&kept.encode()), Some(kept));
}

#[test]
fn neither_a_damaged_fingerprint_nor_one_of_another_version_is_read() {
    let own = of(9, &[("a", 1)]).own;
    let bytes = own.encode();
    for length in (0..bytes.len()).filter(|length| *length != 17) {
        assert_eq!(own.joined_with(Some(&bytes[..length])), Err(Mismatch::Unreadable));
    }
    assert_eq!(own.joined_with(Some(&[2; 64])), Err(Mismatch::Unreadable));
}

#[test]
fn no_key_is_in_it() {
    let keys = of(0xA7, &[("a", 0xB3)]).own.encode();
    assert!(!keys.windows(4).any(|bytes| bytes == [0xA7; 4] || bytes == [0xB3; 4]));
}

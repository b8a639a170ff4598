//! What the memory store promises beyond the contract.

use std::sync::atomic::Ordering;

use countersign::stores::memory::{MemorySettings, MemoryStore};
use countersign::stores::{OpenError, Store};
use countersign_contract::types::StoreError;

use crate::harness::{assert_same, clock, delete, get, set, step, value};

#[tokio::test]
async fn a_full_store_refuses_new_keys_and_forgets_none() {
    let (clock, now) = clock();
    let store = MemoryStore::open(&MemorySettings { max_keys: 200 }, clock).unwrap();
    for index in 0..200 {
        store.run(vec![set(&format!("{{a}}{index}"), b"x", 100)]).await.unwrap();
    }
    let refusal = store.run(vec![step("{a}new", 1, 100)]).await.unwrap_err();
    assert!(matches!(refusal, StoreError::Unavailable), "{refusal:?}");
    store.run(vec![set("{a}7", b"y", 1_000)]).await.unwrap();
    for index in 0..200 {
        let expected = if index == 7 { b"y" } else { b"x" };
        assert_same(
            &store.run(vec![get(&format!("{{a}}{index}"))]).await.unwrap().replies,
            &[value(expected)],
        );
    }
    store.run(vec![delete("{a}3"), set("{a}new", b"z", 100)]).await.unwrap();
    now.fetch_add(101_000, Ordering::SeqCst);
    for index in 0..199 {
        store.run(vec![set(&format!("{{b}}{index}"), b"x", 100)]).await.unwrap();
    }
    assert_same(&store.run(vec![get("{a}7")]).await.unwrap().replies, &[value(b"y")]);
}

#[tokio::test]
async fn requests_sweep_what_has_expired() {
    let (clock, now) = clock();
    let store = MemoryStore::open(&MemorySettings::default(), clock).unwrap();
    for index in 0..5_000 {
        store.run(vec![set(&format!("{{a}}{index}"), b"x", 1 + index % 50)]).await.unwrap();
        store
            .run(vec![step(&format!("{{a}}n{index}"), 1, 10), delete(&format!("{{a}}n{index}"))])
            .await
            .unwrap();
    }
    assert_eq!(store.keys(), 5_000);
    now.fetch_add(50_000, Ordering::SeqCst);
    for _ in 0..200 {
        store.run(vec![get("{b}")]).await.unwrap();
    }
    assert_eq!(store.keys(), 0);
}

#[test]
fn a_store_for_no_keys_is_refused() {
    let (clock, _) = clock();
    let refusal = MemoryStore::open(&MemorySettings { max_keys: 0 }, clock);
    assert!(matches!(refusal, Err(OpenError::Setting { name: "max_keys", .. })));
}

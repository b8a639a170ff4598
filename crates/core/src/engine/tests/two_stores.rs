//! What a host carries between two stores: who is locked.

use countersign_contract::otp::Error;
use countersign_contract::settings::{self, FailureScope};
use countersign_contract::store::HISTORY;

use super::caller::{Caller, PHONE, draft, keyring};
use super::test_world::{Cell, Entry, Memory};
use crate::history::History;
use crate::record;
use crate::world::World as _;

/// A caller over each of two stores, under the same keys.
fn two(scope: FailureScope) -> [Caller; 2] {
    let draft =
        settings::Policy { cooldown_seconds: Some(0), failure_scope: Some(scope), ..draft() };
    let callers = [(); 2].map(|()| Caller::new(Memory::Forgets, draft.clone()));
    // Each store has budgets of its own.
    callers[1].world.fill(&mut [0; 1_024]);
    callers
}

fn failures(caller: &Caller) -> u32 {
    let (key, value) = history(caller).unwrap();
    let history = record::open::<History>(&keyring(&[("k1", 1)]), &|| key.clone(), Some(value));
    history.unwrap().failures
}

fn history(caller: &Caller) -> Option<(String, Vec<u8>)> {
    let mut histories = caller.world.dump().into_iter().filter(|(key, _)| key.ends_with(HISTORY));
    histories.next_back().map(|(key, Entry { cell, .. })| match cell {
        Cell::Value(value) => (key, value),
        Cell::Count(_) => panic!("a history is no count"),
    })
}

/// What a host does.
fn carry(from: &Caller, to: &Caller) {
    let (key, carried) = history(from).unwrap();
    let kept = history(to).map(|(_, value)| value);
    let joined = to.engine.join_histories(&key, kept, carried).unwrap();
    let until = u64::MAX;
    to.world.tamper(|dump| {
        dump.insert(key, Entry { cell: Cell::Value(joined), until });
    });
}

fn lock(caller: &Caller) -> Result<(), Error> {
    let (id, code) = caller.issued();
    caller.exhaust(&id, &code);
    caller.issue().map(drop)
}

#[test]
fn a_lock_of_either_store_holds_in_the_other_once_carried() {
    for scope in [FailureScope::Purpose, FailureScope::Recipient] {
        let [one, two] = two(scope);
        lock(&one).unwrap_err();
        carry(&one, &two);
        assert_eq!(two.issue().unwrap_err(), Error::Locked(900));
        // There it grows, and comes back grown.
        for caller in [&one, &two] {
            caller.world.advance(900);
        }
        assert_eq!(lock(&two).unwrap_err(), Error::Locked(1_800));
        one.issue().unwrap();
        carry(&two, &one);
        assert_eq!(one.issue().unwrap_err(), Error::Locked(1_800));
        assert_eq!((failures(&one), failures(&two)), (6, 6));
    }
}

#[test]
fn failures_in_two_stores_add_up_and_count_once_however_often_they_are_carried() {
    let [one, two] = two(FailureScope::Recipient);
    lock(&one).unwrap_err();
    lock(&two).unwrap_err();
    for _ in 0..3 {
        carry(&one, &two);
        carry(&two, &one);
    }
    assert_eq!((failures(&one), failures(&two)), (6, 6));
}

#[test]
fn what_brings_nothing_new_leaves_what_is_kept_as_it_is() {
    let [one, two] = two(FailureScope::Recipient);
    lock(&one).unwrap_err();
    carry(&one, &two);
    let before = history(&two).unwrap();
    carry(&one, &two);
    assert_eq!(history(&two).unwrap(), before);
}

#[test]
fn what_an_operator_or_a_success_cleared_is_not_brought_back() {
    let [one, two] = two(FailureScope::Recipient);
    lock(&one).unwrap_err();
    carry(&one, &two);
    one.unlock(PHONE).unwrap();
    carry(&two, &one);
    assert_eq!(failures(&one), 0);
    one.issue().unwrap();
    // The other way it stays: of two stores that disagree, the stricter is believed.
    carry(&one, &two);
    assert_eq!(failures(&two), 3);
}

#[test]
fn only_a_history_of_that_key_is_joined() {
    let [one, two] = two(FailureScope::Purpose);
    lock(&one).unwrap_err();
    let (key, sealed) = history(&one).unwrap();
    let join = |key: &str, kept, carried| {
        let fault = two.engine.join_histories(key, kept, carried).unwrap_err();
        let Error::InvalidArgument(fault) = fault else { panic!("{fault:?}") };
        fault.field
    };
    assert_eq!(join("{a}:challenges", None, sealed.clone()), "key");
    assert_eq!(join("{a}:history", None, sealed.clone()), "carried");
    assert_eq!(join(&key, Some(sealed.clone()), Vec::new()), "carried");
    let mut changed = sealed.clone();
    *changed.last_mut().unwrap() ^= 1;
    assert_eq!(join(&key, None, changed.clone()), "carried");
    // What is kept and doesn't open is no history, as everywhere.
    let joined = two.engine.join_histories(&key, Some(changed), sealed.clone()).unwrap();
    let joined =
        two.engine.join_histories(&key, Some(joined.clone()), sealed).map(|it| it == joined);
    assert_eq!(joined, Ok(true));
}

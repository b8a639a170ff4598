//! The rules of `wit/store.wit`, for any store.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use countersign_contract::store::{
    MAX_KEY_BYTES, MAX_OPERATIONS, MAX_TTL_SECONDS, MAX_VALUE_BYTES, Operation, Reply,
};
use countersign_contract::types::StoreError;

use crate::harness::{Harness, assert_same, delete, get, set, step, value};
pub(crate) use crate::scanning::a_scan_tells_every_key_that_lives;

pub(crate) async fn a_batch_without_operations_is_answered(harness: &Harness) {
    assert_same(&harness.run(vec![]).await, &[]);
}

pub(crate) async fn a_count_starts_at_zero_and_adds(harness: &Harness) {
    let batch =
        vec![step("{a}n", 1, 60), step("{a}n", 1, 60), step("{a}n", -1, 60), step("{a}n", 40, 60)];
    assert_same(&harness.run(batch).await, &[1, 2, 1, 41].map(Reply::Count));
    assert_same(&harness.run(vec![step("{a}n", -50, 60)]).await, &[Reply::Count(-9)]);
    assert_same(&harness.run(vec![step("{a}n", 0, 60)]).await, &[Reply::Count(-9)]);
}

pub(crate) async fn a_count_does_not_wrap_around(harness: &Harness) {
    assert_same(&harness.run(vec![step("{a}n", i64::MAX, 60)]).await, &[Reply::Count(i64::MAX)]);
    let error = harness.store.run(vec![step("{a}n", 1, 60)]).await.unwrap_err();
    assert!(matches!(error, StoreError::InvalidArgument), "{error:?}");
    assert_same(&harness.run(vec![step("{a}n", 0, 60)]).await, &[Reply::Count(i64::MAX)]);
    assert_same(&harness.run(vec![step("{a}m", i64::MIN, 60)]).await, &[Reply::Count(i64::MIN)]);
    assert!(harness.store.run(vec![step("{a}m", -1, 60)]).await.is_err());
    assert_same(&harness.run(vec![step("{a}m", 0, 60)]).await, &[Reply::Count(i64::MIN)]);
}

pub(crate) async fn a_deleted_count_starts_again(harness: &Harness) {
    let batch = vec![step("{a}n", 5, 60), delete("{a}n"), step("{a}n", 0, 60), step("{a}n", 1, 60)];
    assert_same(
        &harness.run(batch).await,
        &[Reply::Count(5), Reply::Done, Reply::Count(0), Reply::Count(1)],
    );
}

pub(crate) async fn a_key_may_be_a_count_after_its_life_as_a_value(harness: &Harness) {
    harness.run(vec![set("{a}k", b"sealed", 60)]).await;
    let error = harness.store.run(vec![step("{a}k", 1, 60)]).await.unwrap_err();
    assert!(matches!(error, StoreError::InvalidArgument), "{error:?}");
    assert_same(&harness.run(vec![get("{a}k")]).await, &[value(b"sealed")]);
    let batch = vec![
        delete("{a}k"),
        step("{a}k", 1, 60),
        delete("{a}k"),
        set("{a}k", b"again", 60),
        get("{a}k"),
    ];
    let expected = [Reply::Done, Reply::Count(1), Reply::Done, Reply::Done, value(b"again")];
    assert_same(&harness.run(batch).await, &expected);
}

pub(crate) async fn a_refused_limit_leaves_nothing_written(harness: &Harness) {
    let long_key = "k".repeat(MAX_KEY_BYTES + 1);
    let refused = [
        get(&long_key),
        delete(&long_key),
        set(&long_key, b"", 60),
        step(&long_key, 1, 60),
        step(&long_key, 0, 60),
        get("new\nline"),
        get("\u{7f}"),
        get("umläut"),
        step("nul\0", 1, 60),
        set("{a}v", &[0; MAX_VALUE_BYTES + 1], 60),
        set("{a}v", b"", 0),
        set("{a}v", b"", MAX_TTL_SECONDS + 1),
        step("{a}n", 1, 0),
        step("{a}n", -1, MAX_TTL_SECONDS + 1),
    ];
    for operation in refused {
        let shown = format!("{operation:?}");
        let batch =
            vec![step("{a}n", 1, 60), set("{a}v", b"x", 60), operation, step("{a}n", 1, 60)];
        let result = harness.store.run(batch).await;
        assert!(matches!(result, Err(StoreError::InvalidArgument)), "{shown}");
    }
    let many = vec![step("{a}n", 1, 60); MAX_OPERATIONS + 1];
    assert!(matches!(harness.store.run(many).await, Err(StoreError::InvalidArgument)));
    let batch = vec![step("{a}n", 0, 60), get("{a}v")];
    assert_same(&harness.run(batch).await, &[Reply::Count(0), Reply::Value(None)]);
}

pub(crate) async fn a_step_prolongs_a_count(harness: &Harness) {
    harness.run(vec![step("{a}n", 1, 100)]).await;
    assert!(harness.is_there_after("{a}n", 90).await);
    harness.run(vec![step("{a}n", 1, 1_000)]).await;
    assert!(harness.is_there_after("{a}n", 990).await);
}

pub(crate) async fn a_value_comes_back_byte_for_byte(harness: &Harness) {
    let every_byte: Vec<u8> = (0..=255).collect();
    for bytes in
        [every_byte.as_slice(), b"", b"\r\n$3\r\nabc\r\n", b"42", &[0; 9], &[255; MAX_VALUE_BYTES]]
    {
        let batch = vec![set("{a}v", bytes, 60), get("{a}v")];
        assert_same(&harness.run(batch).await, &[Reply::Done, value(bytes)]);
        assert_same(&harness.run(vec![get("{a}v")]).await, &[value(bytes)]);
    }
}

pub(crate) async fn concurrent_steps_get_distinct_replies(harness: &Harness) {
    const TASKS: usize = 64;
    const STEPS: usize = 100;
    let tasks: Vec<_> = (0..TASKS)
        .map(|_| {
            let store = Arc::clone(&harness.store);
            tokio::spawn(async move {
                let mut seen = Vec::with_capacity(STEPS);
                for _ in 0..STEPS {
                    match store
                        .run(vec![get("{a}v"), step("{a}n", 1, 60)])
                        .await
                        .unwrap()
                        .replies
                        .as_slice()
                    {
                        [Reply::Value(None), Reply::Count(count)] => seen.push(*count),
                        other => panic!("{other:?}"),
                    }
                }
                assert!(seen.is_sorted(), "a task saw the count go back");
                seen
            })
        })
        .collect();
    let mut all = HashSet::new();
    for task in tasks {
        all.extend(task.await.unwrap());
    }
    assert_eq!(all.len(), TASKS * STEPS);
    assert_eq!(all.iter().max(), Some(&6_400));
}

pub(crate) async fn deleting_what_is_not_there_is_no_error(harness: &Harness) {
    assert_same(
        &harness.run(vec![delete("{a}x"), delete("{a}x")]).await,
        &[Reply::Done, Reply::Done],
    );
    assert_same(&harness.run(vec![delete("{a}x")]).await, &[Reply::Done]);
}

pub(crate) async fn everything_at_its_limit_is_accepted(harness: &Harness) {
    let key = |index: usize| format!("{{ ~!}}{index:0>width$}", width = MAX_KEY_BYTES - 5);
    let bytes = vec![7; MAX_VALUE_BYTES];
    let batch: Vec<_> =
        (0..MAX_OPERATIONS).map(|index| set(&key(index), &bytes, MAX_TTL_SECONDS)).collect();
    assert_eq!(key(31).len(), MAX_KEY_BYTES);
    assert!(harness.run(batch).await.iter().all(|reply| matches!(reply, Reply::Done)));
    let batch: Vec<_> = (0..MAX_OPERATIONS).map(|index| get(&key(index))).collect();
    for reply in harness.run(batch).await {
        assert_same(&[reply], &[value(&bytes)]);
    }
    // What has no effect has no limit.
    assert_same(&harness.run(vec![step("{a}n", 0, 0)]).await, &[Reply::Count(0)]);
    assert_same(&harness.run(vec![step("{a}n", 0, u32::MAX)]).await, &[Reply::Count(0)]);
}

pub(crate) async fn keys_are_kept_for_their_ttl_and_no_longer_needed_after(harness: &Harness) {
    harness.run(vec![set("{a}v", b"x", 100), step("{a}n", 3, 200)]).await;
    assert!(harness.is_there_after("{a}v", 95).await);
    assert!(harness.is_there_after("{a}n", 95).await);
    assert!(!harness.is_there_after("{a}v", 101).await);
    assert!(!harness.is_there_after("{a}n", 201).await);
}

pub(crate) async fn operations_take_effect_in_the_order_given(harness: &Harness) {
    let batch = vec![
        get("{a}v"),
        set("{a}v", b"1", 60),
        get("{a}v"),
        step("{a}n", 0, 60),
        set("{a}v", b"2", 60),
        step("{a}n", 7, 60),
        get("{a}v"),
        step("{a}n", 0, 60),
        get("{a}w"),
        delete("{a}v"),
        get("{a}v"),
        delete("{a}n"),
        step("{a}n", 0, 60),
    ];
    let expected = [
        Reply::Value(None),
        Reply::Done,
        value(b"1"),
        Reply::Count(0),
        Reply::Done,
        Reply::Count(7),
        value(b"2"),
        Reply::Count(7),
        Reply::Value(None),
        Reply::Done,
        Reply::Value(None),
        Reply::Done,
        Reply::Count(0),
    ];
    assert_same(&harness.run(batch).await, &expected);
}

pub(crate) async fn a_random_batch_does_what_a_map_would(harness: &Harness) {
    let mut random = fastrand::Rng::with_seed(7);
    let (mut values, mut counts) =
        (HashMap::<String, Vec<u8>>::new(), HashMap::<String, i64>::new());
    for _ in 0..200 {
        let mut expected = Vec::new();
        let batch: Vec<Operation> = (0..random.usize(0..=MAX_OPERATIONS))
            .map(|_| {
                let (operation, reply) = random_operation(&mut random, &mut values, &mut counts);
                expected.push(reply);
                operation
            })
            .collect();
        let replies = harness.store.run(batch.clone()).await.unwrap().replies;
        assert!(
            crate::harness::same(&replies, &expected),
            "{batch:?}: {replies:?} is not {expected:?}"
        );
    }
}

/// Any operation on one of eight keys, and what a map replies to it.
fn random_operation(
    random: &mut fastrand::Rng,
    values: &mut HashMap<String, Vec<u8>>,
    counts: &mut HashMap<String, i64>,
) -> (Operation, Reply) {
    let (value_key, count_key) =
        (format!("{{a}}v{}", random.u8(0..4)), format!("{{a}}n{}", random.u8(0..4)));
    match random.u8(0..6) {
        0 => {
            values.remove(&value_key);
            (delete(&value_key), Reply::Done)
        }
        1 => {
            counts.remove(&count_key);
            (delete(&count_key), Reply::Done)
        }
        2 => (get(&value_key), Reply::Value(values.get(&value_key).cloned())),
        3 => {
            let bytes: Vec<u8> = (0..random.usize(0..20)).map(|_| random.u8(..)).collect();
            values.insert(value_key.clone(), bytes.clone());
            (set(&value_key, &bytes, 60), Reply::Done)
        }
        4 => (step(&count_key, 0, 60), Reply::Count(counts.get(&count_key).copied().unwrap_or(0))),
        _ => {
            let by = random.i64(-2..=2);
            let count = counts.get(&count_key).copied().unwrap_or(0) + by;
            if by != 0 {
                counts.insert(count_key.clone(), count);
            }
            (step(&count_key, by, 60), Reply::Count(count))
        }
    }
}

pub(crate) async fn reading_a_count_creates_and_prolongs_nothing(harness: &Harness) {
    assert_same(&harness.run(vec![step("{a}x", 0, 500)]).await, &[Reply::Count(0)]);
    assert!(!harness.is_there_after("{a}x", 0).await);
    harness.run(vec![step("{a}n", 1, 100)]).await;
    assert_same(
        &harness.run(vec![step("{a}n", 0, 500), get("{a}v")]).await,
        &[Reply::Count(1), Reply::Value(None)],
    );
    assert!(harness.is_there_after("{a}n", 95).await);
    assert!(!harness.is_there_after("{a}n", 105).await);
}

pub(crate) async fn setting_replaces_value_and_ttl(harness: &Harness) {
    harness.run(vec![set("{a}v", b"first", 50)]).await;
    harness.run(vec![set("{a}v", b"second", 500)]).await;
    assert!(harness.is_there_after("{a}v", 450).await);
    assert_same(&harness.run(vec![get("{a}v")]).await, &[value(b"second")]);
    harness.run(vec![set("{a}v", b"third", 100)]).await;
    assert!(!harness.is_there_after("{a}v", 102).await);
}

pub(crate) async fn the_store_answers_a_ping(harness: &Harness) {
    harness.store.ping().await.unwrap();
}

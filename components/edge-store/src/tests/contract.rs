//! The rules of `wit/store.wit`, as `tests/contract/rules.rs` has them, on every kind of counts. Each runs with one
//! instance, which remembers, and with a new one for every batch, which doesn't.

use std::collections::HashMap;

use countersign_contract::store::{
    MAX_KEY_BYTES, MAX_OPERATIONS, MAX_TTL_SECONDS, MAX_VALUE_BYTES,
};

use super::model::{BEGIN, FORMATS, Format, Model, block, delete, get, set, step, value};
use crate::physical::{Held, encode, place};
use crate::{Backend, Operation, Reply, Store, StoreError};

struct Harness {
    model: Model,
    store: Option<Store<Model>>,
}

impl Harness {
    fn run(&mut self, batch: &[Operation]) -> Result<Vec<Reply>, StoreError> {
        match &mut self.store {
            Some(store) => block(store.run(batch)),
            None => block(self.model.store().run(batch)),
        }
    }

    fn expect(&mut self, batch: &[Operation], replies: &[Reply]) {
        assert_eq!(self.run(batch).as_deref(), Ok(replies));
    }
}

fn everywhere(rule: impl Fn(&mut Harness)) {
    for format in FORMATS {
        let model = Model::new(format);
        rule(&mut Harness { store: Some(model.store()), model });
        rule(&mut Harness { store: None, model: Model::new(format) });
    }
}

#[test]
fn a_batch_is_answered_in_its_order() {
    everywhere(|harness| {
        harness.expect(&[], &[]);
        let batch = [
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
            step("{a}n", 1, 60),
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
            Reply::Count(1),
        ];
        harness.expect(&batch, &expected);
    });
}

/// What an instance remembers of a count is old by the time it steps it.
#[test]
fn a_count_that_another_instance_has_stepped_to_its_end_does_not_wrap_around() {
    for (format, refused) in [
        (Format::Binary, StoreError::InvalidArgument),
        // Redis says no, in words of its own.
        (Format::Text, StoreError::Unavailable),
    ] {
        let model = Model::new(format);
        let (mut reads, mut steps) = (model.store(), model.store());
        for (key, end, by) in [("{a}max", i64::MAX, 1), ("{a}min", i64::MIN, -1)] {
            block(reads.run(&[step(key, 0, 60)])).unwrap();
            block(steps.run(&[step(key, end, 60)])).unwrap();
            assert_eq!(block(reads.run(&[step(key, by, 60)])), Err(refused.clone()));
            let read = block(reads.run(&[step(key, 0, 60)]));
            assert_eq!(read, Ok(vec![Reply::Count(end)]));
        }
    }
}

#[test]
fn a_count_starts_at_zero_adds_and_does_not_wrap_around() {
    everywhere(|harness| {
        let batch = [step("{a}n", 1, 60), step("{a}n", -1, 60), step("{a}n", -41, 60)];
        let mut ends = vec![("{a}max", i64::MAX, 1)];
        if harness.model.counts_down() {
            harness.expect(&batch, &[1, 0, -41].map(Reply::Count));
            ends.push(("{a}min", i64::MIN, -1));
        } else {
            assert_eq!(harness.run(&batch), Err(StoreError::InvalidArgument));
            assert!(harness.model.inner().keys.is_empty(), "something was written");
        }
        for (key, end, by) in ends {
            harness.expect(&[step(key, end, 60)], &[Reply::Count(end)]);
            assert_eq!(harness.run(&[step(key, by, 60)]), Err(StoreError::InvalidArgument));
            harness.expect(&[step(key, 0, 60)], &[Reply::Count(end)]);
            let key = format!("{key}:both");
            let both = [step(&key, end, 60), step(&key, by, 60)];
            assert_eq!(harness.run(&both), Err(StoreError::InvalidArgument));
        }
    });
}

#[test]
fn a_key_may_be_a_count_after_its_life_as_a_value_and_never_at_once() {
    everywhere(|harness| {
        for bytes in [b"sealed".as_slice(), b"", b"42"] {
            harness.expect(&[set("{a}k", bytes, 60)], &[Reply::Done]);
            for by in [0, 1] {
                assert_eq!(harness.run(&[step("{a}k", by, 60)]), Err(StoreError::InvalidArgument));
            }
            harness.expect(&[get("{a}k")], &[value(bytes)]);
            let batch = [
                delete("{a}k"),
                step("{a}k", 1, 60),
                delete("{a}k"),
                set("{a}k", bytes, 60),
                get("{a}k"),
            ];
            let expected = [Reply::Done, Reply::Count(1), Reply::Done, Reply::Done, value(bytes)];
            harness.expect(&batch, &expected);
        }
        harness.expect(&[step("{a}n", 5, 60)], &[Reply::Count(5)]);
        for operation in [get("{a}n"), set("{a}n", b"x", 60)] {
            assert_eq!(harness.run(&[operation]), Err(StoreError::InvalidArgument));
        }
        harness.expect(&[step("{a}n", 0, 60)], &[Reply::Count(5)]);
    });
}

#[test]
fn a_refused_limit_leaves_nothing_written() {
    everywhere(|harness| {
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
            let batch = [step("{a}n", 1, 60), set("{a}v", b"x", 60), operation.clone()];
            assert_eq!(harness.run(&batch), Err(StoreError::InvalidArgument), "{operation:?}");
        }
        let many = vec![step("{a}n", 1, 60); MAX_OPERATIONS + 1];
        assert_eq!(harness.run(&many), Err(StoreError::InvalidArgument));
        assert_eq!(harness.model.inner().tally.all(), 0);
    });
}

#[test]
fn everything_at_its_limit_is_accepted() {
    everywhere(|harness| {
        let key = |index: usize| format!("{{ ~!}}{index:0>width$}", width = MAX_KEY_BYTES - 5);
        let bytes = vec![7; MAX_VALUE_BYTES];
        let batch: Vec<_> =
            (0..MAX_OPERATIONS).map(|index| set(&key(index), &bytes, MAX_TTL_SECONDS)).collect();
        harness.expect(&batch, &vec![Reply::Done; MAX_OPERATIONS]);
        let batch: Vec<_> = (0..MAX_OPERATIONS).map(|index| get(&key(index))).collect();
        harness.expect(&batch, &vec![value(&bytes); MAX_OPERATIONS]);
        harness.expect(
            &[step("{a}n", 0, 0), step("{a}n", 0, u32::MAX)],
            &[Reply::Count(0), Reply::Count(0)],
        );
        harness.model.sweep_away_everything(420);
    });
}

#[test]
fn a_value_comes_back_byte_for_byte_until_its_time_is_over() {
    everywhere(|harness| {
        let every_byte: Vec<u8> = (0..=255).collect();
        for bytes in [every_byte.as_slice(), b"", b"42", &[0; 9], &[255; MAX_VALUE_BYTES]] {
            harness.expect(&[set("{a}v", bytes, 100), get("{a}v")], &[Reply::Done, value(bytes)]);
            harness.model.advance(99);
            harness.expect(&[get("{a}v")], &[value(bytes)]);
            harness.model.advance(1);
            harness.expect(&[get("{a}v")], &[Reply::Value(None)]);
        }
        harness.expect(
            &[set("{a}v", b"first", 50), set("{a}v", b"second", 500)],
            &[Reply::Done, Reply::Done],
        );
        harness.model.advance(450);
        harness.expect(&[get("{a}v")], &[value(b"second")]);
    });
}

#[test]
fn reading_and_deleting_what_is_not_there_creates_nothing() {
    everywhere(|harness| {
        let batch = [step("{a}x", 0, 500), get("{a}y"), delete("{a}z"), delete("{a}z")];
        harness.expect(&batch, &[Reply::Count(0), Reply::Value(None), Reply::Done, Reply::Done]);
        assert!(harness.model.inner().keys.is_empty());
    });
}

#[test]
fn a_random_batch_does_what_a_map_would() {
    everywhere(|harness| {
        let mut random = fastrand::Rng::with_seed(7);
        let counts_down = harness.model.counts_down();
        let mut values = HashMap::<String, Vec<u8>>::new();
        let mut counts = HashMap::<String, i64>::new();
        for _ in 0..300 {
            let mut expected = Vec::new();
            let batch: Vec<_> = (0..random.usize(0..=MAX_OPERATIONS))
                .map(|_| {
                    let (operation, reply) =
                        any(&mut random, counts_down, &mut values, &mut counts);
                    expected.push(reply);
                    operation
                })
                .collect();
            harness.expect(&batch, &expected);
            harness.model.advance(random.u64(0..3));
        }
    });
}

fn any(
    random: &mut fastrand::Rng,
    counts_down: bool,
    values: &mut HashMap<String, Vec<u8>>,
    counts: &mut HashMap<String, i64>,
) -> (Operation, Reply) {
    let value_key = format!("{{a}}v{}", random.u8(0..4));
    let count_key = format!("{{a}}n{}", random.u8(0..4));
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
            (set(&value_key, &bytes, 86_400), Reply::Done)
        }
        4 => (step(&count_key, 0, 60), Reply::Count(counts.get(&count_key).copied().unwrap_or(0))),
        _ => {
            let by = random.i64(if counts_down { -2 } else { 0 }..=2);
            let count = counts.get(&count_key).copied().unwrap_or(0) + by;
            if by != 0 {
                counts.insert(count_key.clone(), count);
            }
            (step(&count_key, by, 86_400), Reply::Count(count))
        }
    }
}

#[test]
fn both_ways_of_writing_counts_are_told_apart() {
    let counts = [0, 1, -1, 9, 1 << 32, 77 << 32, -(1 << 33), 3_400_000_000_000_000_000, i64::MAX];
    for count in counts.into_iter().chain([i64::MIN]) {
        assert_eq!(Held::of(Some(count.to_le_bytes().to_vec())), Held::Count(count));
        assert_eq!(Held::of(Some(count.to_string().into_bytes())), Held::Count(count));
    }
    for text in ["-", "", "+1", " 1", "1.", "99999999999999999999", "v", "v1234567"] {
        let held = Held::of(Some(text.into()));
        let is_binary = text.len() == 8;
        assert_eq!(held == Held::Foreign, !is_binary, "{text:?} is {held:?}");
    }
    let empty = Held::of(Some(encode(b"", BEGIN)));
    assert_eq!(empty, Held::Value { deadline: BEGIN, value: Vec::new() });
}

#[test]
fn every_key_begins_with_the_name_of_the_edge() {
    let model = Model::new(Format::Text);
    let batch = [step("{a}n", 1, 90_000), set("sweep:state", b"x", 60)];
    block(model.store().run(&batch)).unwrap();
    assert!(model.inner().keys.keys().all(|key| key.starts_with("countersign-edge:")));
    assert_ne!(place("sweep:state"), "countersign-edge:sweep:state");
}

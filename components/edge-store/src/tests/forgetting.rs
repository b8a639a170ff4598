//! Nothing is forgotten before its time, whatever is done in whatever order; and everything after it.

use std::collections::BTreeMap;

use super::model::{BEGIN, FORMATS, Format, Model, block, delete, get, set, step};
use crate::{Reply, Store};

/// What has to be there until when.
#[derive(Default)]
struct Expected {
    counts: BTreeMap<String, (i64, u64)>,
    values: BTreeMap<String, (Vec<u8>, u64)>,
}

const TTLS: [u32; 8] = [1, 60, 90, 3_600, 3_660, 86_460, 8 * 86_400, 366 * 86_400];

#[test]
fn nothing_is_forgotten_before_its_ttl_and_everything_after() {
    for seed in 0..24 {
        for format in FORMATS {
            let model = Model::new(format);
            let mut random = fastrand::Rng::with_seed(seed);
            let mut expected = Expected::default();
            let mut stores = [model.store(), model.store()];
            for _ in 0..600 {
                let store = &mut stores[random.usize(0..2)];
                act(&model, store, &mut expected, &mut random);
            }
            model.sweep_away_everything(420);
        }
    }
}

fn act(
    model: &Model,
    store: &mut Store<Model>,
    expected: &mut Expected,
    random: &mut fastrand::Rng,
) {
    let now = model.inner().millis / 1_000;
    let ttl = TTLS[random.usize(0..TTLS.len())];
    let count = format!("{{{}}}:sort{}:x", random.u8(0..3), random.u8(0..3));
    let name = format!("{{{}}}:value{}", random.u8(0..3), random.u8(0..3));
    match random.u8(0..10) {
        0 => *store = model.store(),
        1 => drop(block(store.sweep(random.u32(0..40))).unwrap()),
        2..4 => model.advance([1, 10, 600, 1_800, 7_200, 90_000, 700_000][random.usize(0..7)]),
        4 => {
            block(store.run(&[delete(&count), delete(&name)])).unwrap();
            expected.counts.remove(&count);
            expected.values.remove(&name);
        }
        5..7 => {
            // Upwards only: who steps back to a number has it taken for idle, as the contract allows.
            let by = random.i64(1..5);
            let replies = block(store.run(&[step(&count, by, ttl)])).unwrap();
            let Reply::Count(reply) = replies[0] else { panic!() };
            let known = expected.counts.get(&count);
            let may_be_forgotten = known.is_none_or(|(_, until)| now >= *until);
            let before = known.map_or(0, |(count, _)| *count);
            assert!(reply == before + by || may_be_forgotten && reply == by, "{count}: {reply}");
            expected.counts.insert(count, (reply, now + u64::from(ttl)));
        }
        7..9 => {
            let bytes = vec![random.u8(..); random.usize(0..9)];
            block(store.run(&[set(&name, &bytes, ttl)])).unwrap();
            expected.values.insert(name, (bytes, now + u64::from(ttl)));
        }
        _ => everything_is_there(model, store, expected),
    }
}

fn everything_is_there(model: &Model, store: &mut Store<Model>, expected: &mut Expected) {
    let now = model.inner().millis / 1_000;
    for (key, (count, until)) in &expected.counts {
        let read = block(store.run(&[step(key, 0, 0)])).unwrap();
        let is_forgotten = now >= *until && read == [Reply::Count(0)];
        assert!(is_forgotten || read == [Reply::Count(*count)], "{key}: {read:?}, not {count}");
    }
    for (key, (bytes, until)) in &expected.values {
        let value = if now < *until { Some(bytes.clone()) } else { None };
        assert_eq!(block(store.run(&[get(key)])), Ok(vec![Reply::Value(value)]), "{key}");
    }
}

#[test]
fn a_later_step_with_a_longer_ttl_keeps_a_count_that_began_with_a_short_one() {
    for (first, then) in [(60, 86_400), (3_600, 8 * 86_400), (3_600, 366 * 86_400)] {
        let model = Model::new(Format::Binary);
        block(model.store().run(&[step("{a}:failures", -1, first)])).unwrap();
        block(model.store().run(&[step("{a}:failures", 3, then)])).unwrap();
        let end = BEGIN + u64::from(then);
        while model.inner().millis / 1_000 < end {
            block(model.store().sweep(256)).unwrap();
            assert_eq!(
                block(model.store().run(&[step("{a}:failures", 0, 0)])),
                Ok(vec![Reply::Count(2)])
            );
            model.advance(3_600);
        }
        model.sweep_away_everything(800);
    }
}

#[test]
fn a_count_of_nothing_goes_after_an_hour_or_so() {
    let model = Model::new(Format::Binary);
    block(model.store().run(&[step("{a}:failures", 1, 366 * 86_400)])).unwrap();
    block(model.store().run(&[step("{a}:failures", -1, 3_600)])).unwrap();
    model.sweep_away_everything(1);
}

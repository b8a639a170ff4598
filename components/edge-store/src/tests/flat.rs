//! Months of an app's life: the store holds what has to be there, and no more from week to week.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Waker};

use super::engine::{App, limits, wrong};
use super::model::{Format, Model, set, step};
use crate::Store;

const SUBJECTS: u64 = 20_000;
const DAYS: u64 = 112;
/// How many requests an instance serves before the runtime replaces it.
const REQUESTS_PER_INSTANCE: usize = 128;

#[test]
fn twenty_thousand_subjects_in_four_months_leave_the_store_flat() {
    let model = Model::new(Format::Binary);
    let mut random = fastrand::Rng::with_seed(3);
    let mut app = App::new(&model, limits());
    let mut requests = 0;
    let mut by_day = Vec::new();
    let pause = DAYS * 86_400 / SUBJECTS;
    for subject in 0..SUBJECTS {
        let to = format!("+6281{:08}", 20_000_000 + subject);
        let (_, code) = app.issue(&to).unwrap();
        app.upkeep(128);
        model.advance(random.u64(5..30));
        if random.u8(0..10) == 0 {
            app.verify(&to, &wrong(&code)).unwrap_err();
            app.upkeep(128);
            requests += 1;
        }
        if random.u8(0..10) < 9 || requests % 2 == 1 {
            app.verify(&to, &code).unwrap();
            app.upkeep(128);
            requests += 1;
        }
        requests += 1;
        if requests >= REQUESTS_PER_INSTANCE {
            app = App::new(&model, limits());
            requests = 0;
        }
        model.advance(random.u64(pause / 2..pause + pause / 2 - 20));
        if (subject + 1) % (SUBJECTS / DAYS) == 0 {
            by_day.push((model.names().len(), model.bookkeeping().len()));
        }
    }
    // After two months nothing grows any more. A subject that answers leaves its success for three days; one that
    // doesn't, its odometer for a month, and as long again until it is looked at twice. Verified by recipient, each
    // leaves one odometer for that long: it may be the next challenge's, as far as its success can tell.
    let month = |days: std::ops::Range<usize>| by_day[days].iter().map(|(keys, rest)| keys + rest);
    let (third, fourth) = (month(66..89).max().unwrap(), month(89..112).max().unwrap());
    assert!(fourth * 100 <= third * 105, "{by_day:?}");
    let a_day = usize::try_from(SUBJECTS / DAYS).unwrap();
    assert!(fourth <= a_day * 45, "{by_day:?}");
}

/// Instances that serve a request each at the same time.
const INSTANCES: usize = 10;
const BURSTS: usize = 60;
/// Requests of an instance in one burst.
const REQUESTS: usize = 10;

/// A burst of requests as one instance serves them, sweeping as the front does: where it is due, up to so many steps.
async fn burst(store: &mut Store<Model>, name: String) {
    const STEPS: u32 = 16;
    for number in 0..REQUESTS {
        let tag = format!("{{{name}:{number}}}");
        let record = set(&format!("{tag}record"), b"x", 300);
        store.run(&[record, step(&format!("{tag}count"), 1, 300)]).await.unwrap();
        for _ in 0..STEPS {
            if !store.sweep_due() || !store.sweep(128).await.unwrap().more {
                break;
            }
        }
    }
}

#[test]
fn ten_instances_at_once_leave_the_store_flat() {
    let model = Model::new(Format::Text);
    let mut stores: Vec<_> = (0..INSTANCES).map(|_| Store::new(model.in_steps().0)).collect();
    let mut counts = Vec::new();
    for number in 0..BURSTS {
        let mut calls: Vec<Pin<Box<dyn Future<Output = ()> + '_>>> = Vec::new();
        for (instance, store) in stores.iter_mut().enumerate() {
            calls.push(Box::pin(burst(store, format!("{number}:{instance}"))));
        }
        let mut context = Context::from_waker(Waker::noop());
        while !calls.is_empty() {
            calls.retain_mut(|call| call.as_mut().poll(&mut context).is_pending());
        }
        drop(calls);
        counts.push(model.names().len() + model.bookkeeping().len());
        model.advance(12 * 3_600);
    }
    let most = |counts: &[usize]| counts.iter().copied().max().unwrap();
    let (early, late) = (most(&counts[15..30]), most(&counts[45..]));
    assert!(late <= early + early / 10, "{counts:?}");
}

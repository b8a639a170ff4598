//! The sweeper against writers and against itself, in every order of their calls.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashSet};
use std::future::Future;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use super::model::{Format, Model, block, delete, get, set, step, value};
use crate::physical::Held;
use crate::{Reply, Store, StoreError};

type Outcome = Result<(), StoreError>;
type Call = Pin<Box<dyn Future<Output = Outcome>>>;
type Client = fn(Store<Model>) -> Call;

/// How a schedule ends: the model, and what each client's call brought.
struct Ending {
    model: Model,
    outcomes: Vec<Outcome>,
}

/// Tries every schedule and shows each ending once; how many states and endings there were.
/// Once with instances that read one key after the other, and once with such as read several at once.
fn explore(scene: fn() -> Model, clients: &[Client], property: impl Fn(&Ending)) -> (usize, usize) {
    explore_with(scene, true, clients, &property);
    explore_with(scene, false, clients, &property)
}

fn explore_with(
    scene: fn() -> Model,
    reads_many: bool,
    clients: &[Client],
    property: &impl Fn(&Ending),
) -> (usize, usize) {
    let scene = scene();
    let (mut seen, mut endings) = (HashSet::new(), 0);
    let mut todo = vec![Vec::new()];
    while let Some(schedule) = todo.pop() {
        let (digest, outcomes, model) = play(&scene, reads_many, clients, &schedule);
        if !seen.insert(digest) {
            continue;
        }
        for (client, outcome) in outcomes.iter().enumerate() {
            if outcome.is_none() {
                todo.push(schedule.iter().copied().chain([client]).collect());
            }
        }
        if let Some(outcomes) = outcomes.into_iter().collect() {
            endings += 1;
            property(&Ending { model, outcomes });
        }
    }
    (seen.len(), endings)
}

/// Plays a schedule from the start: each number lets one client make its next call.
fn play(
    scene: &Model,
    reads_many: bool,
    clients: &[Client],
    schedule: &[usize],
) -> (u64, Vec<Option<Outcome>>, Model) {
    let model = scene.copy();
    let mut transcripts = Vec::new();
    let mut context = Context::from_waker(Waker::noop());
    let mut calls: Vec<_> = clients
        .iter()
        .map(|client| {
            let (view, transcript) = model.in_steps();
            transcripts.push(transcript);
            let store = Store::new(view);
            if reads_many {
                store.calls.assume_sqlite();
            }
            client(store)
        })
        .collect();
    // Up to the first call, which changes nothing.
    let mut outcomes: Vec<Option<Outcome>> = calls
        .iter_mut()
        .map(|call| match call.as_mut().poll(&mut context) {
            Poll::Ready(outcome) => Some(outcome),
            Poll::Pending => None,
        })
        .collect();
    for client in schedule {
        if let Poll::Ready(outcome) = calls[*client].as_mut().poll(&mut context) {
            outcomes[*client] = Some(outcome);
        }
    }
    let mut hasher = DefaultHasher::new();
    for transcript in &transcripts {
        transcript.lock().unwrap().hash(&mut hasher);
    }
    let inner = model.inner();
    (&inner.keys, inner.millis).hash(&mut hasher);
    drop(inner);
    (hasher.finish(), outcomes, model)
}

/// A count that has been idle for long, to be removed by the next sweep.
fn ripe() -> Model {
    let model = Model::new(Format::Binary);
    block(model.store().run(&[step("{a}n", 5, 60)])).unwrap();
    for _ in 0..24 {
        block(model.store().sweep(256)).unwrap();
        model.advance(600);
        let due = model.inner().millis / 600_000;
        let segment = format!("countersign-edge:sweep:{due}:1");
        let text = model.inner().keys.get(&segment).cloned();
        if text.is_some_and(|text| text.starts_with(b"c 5 ")) {
            return model;
        }
    }
    panic!("the count is never noted");
}

/// An expired value, to be removed by the next sweep.
fn expired() -> Model {
    let model = Model::new(Format::Binary);
    block(model.store().run(&[set("{a}v", b"old", 60)])).unwrap();
    model.advance(3_000);
    block(model.store().sweep(256)).unwrap();
    model.advance(600);
    model
}

fn sweeper(mut store: Store<Model>) -> Call {
    Box::pin(async move { store.sweep(256).await.map(drop) })
}

fn setter(mut store: Store<Model>) -> Call {
    Box::pin(async move { store.run(&[set("{a}v", b"new", 86_400)]).await.map(drop) })
}

fn deleter_then_setter(mut store: Store<Model>) -> Call {
    Box::pin(async move {
        store.run(&[delete("{a}v")]).await?;
        store.run(&[set("{a}v", b"new", 86_400)]).await.map(drop)
    })
}

/// One request's two batches: the second relies on what the first has read.
fn reader_then_setter(mut store: Store<Model>) -> Call {
    Box::pin(async move {
        store.run(&[get("{a}v")]).await?;
        store.run(&[set("{a}v", b"new", 86_400)]).await.map(drop)
    })
}

fn reader_then_stepper(mut store: Store<Model>) -> Call {
    Box::pin(async move {
        store.run(&[step("{a}n", 0, 60)]).await?;
        store.run(&[step("{a}n", 1, 60)]).await.map(drop)
    })
}

/// One that has learnt that such counts are mostly new, and has a segment of the journal open.
fn unseen_stepper(mut store: Store<Model>) -> Call {
    Box::pin(async move {
        store.run(&[step("{b}n", 1, 60)]).await?;
        store.run(&[step("{a}n", 1, 60)]).await.map(drop)
    })
}

fn deleter(mut store: Store<Model>) -> Call {
    Box::pin(async move { store.run(&[delete("{a}v")]).await.map(drop) })
}

fn stepper(mut store: Store<Model>) -> Call {
    Box::pin(async move { store.run(&[step("{a}n", 1, 60)]).await.map(drop) })
}

fn kept(ending: &Ending, writers: &[usize]) {
    for writer in writers {
        match &ending.outcomes[*writer] {
            Ok(()) => {
                let read = block(ending.model.store().run(&[get("{a}v")]));
                assert_eq!(read, Ok(vec![value(b"new")]));
            }
            // The sweeper may stand still for as long as it likes.
            Err(error) => assert_eq!(*error, StoreError::Timeout),
        }
    }
}

#[test]
fn a_value_set_while_its_forerunner_is_removed_stays() {
    let (states, endings) = explore(expired, &[setter, sweeper], |ending| {
        kept(ending, &[0]);
        ending.outcomes[1].clone().unwrap();
        ending.model.sweep_away_everything(4);
    });
    assert!(states > 200 && endings > 10, "{states} states, {endings} endings");
}

#[test]
fn what_a_request_read_before_the_sweeper_removed_it_is_written_for_good() {
    let (states, endings) = explore(expired, &[reader_then_setter, sweeper], |ending| {
        kept(ending, &[0]);
        ending.model.sweep_away_everything(4);
    });
    assert!(states > 200 && endings > 10, "{states} states, {endings} endings");
    let (states, _) = explore(ripe, &[reader_then_stepper, sweeper], |ending| {
        assert_eq!(ending.outcomes, [Ok(()), Ok(())]);
        ending.model.sweep_away_everything(4);
    });
    assert!(states > 100, "{states}");
}

#[test]
#[ignore = "takes a minute: cargo xtask explore"]
fn what_was_read_beside_a_setter_and_the_sweeper_is_written_for_good() {
    let (states, _) = explore(expired, &[reader_then_setter, setter, sweeper], |ending| {
        kept(ending, &[0, 1]);
    });
    assert!(states > 2_000, "{states}");
}

#[test]
fn a_count_that_is_stepped_unseen_beside_its_removal_is_registered_or_there() {
    let counts = RefCell::new(BTreeSet::new());
    let (states, _) = explore(ripe, &[unseen_stepper, sweeper], |ending| {
        assert_eq!(ending.outcomes, [Ok(()), Ok(())]);
        counts.borrow_mut().insert(format!("{:?}", ending.model.held("{a}n")));
        ending.model.sweep_away_everything(4);
    });
    assert_eq!(
        counts.into_inner().into_iter().collect::<Vec<_>>(),
        ["Absent", "Count(1)", "Count(6)"]
    );
    assert!(states > 100, "{states}");
}

/// Two expired values that the next sweep removes together.
fn expired_twice() -> Model {
    let model = Model::new(Format::Binary);
    block(model.store().run(&[set("{a}v", b"old", 60), set("{a}w", b"old", 60)])).unwrap();
    model.advance(3_000);
    block(model.store().sweep(256)).unwrap();
    model.advance(600);
    model
}

fn setter_of_both(mut store: Store<Model>) -> Call {
    Box::pin(async move {
        let both = [set("{a}w", b"new", 86_400), set("{a}v", b"new", 86_400)];
        store.run(&both).await.map(drop)
    })
}

#[test]
fn two_values_set_while_their_forerunners_are_removed_together_stay() {
    let (states, _) = explore(expired_twice, &[setter_of_both, sweeper], |ending| {
        kept(ending, &[0]);
        if ending.outcomes[0] == Ok(()) {
            let read = block(ending.model.store().run(&[get("{a}w")]));
            assert_eq!(read, Ok(vec![value(b"new")]));
        }
        ending.model.sweep_away_everything(4);
    });
    assert!(states > 1_000, "{states}");
}

#[test]
fn a_value_set_after_a_delete_stays_whatever_the_sweeper_removes() {
    let (states, _) = explore(expired, &[deleter_then_setter, sweeper], |ending| {
        kept(ending, &[0]);
        ending.model.sweep_away_everything(4);
    });
    assert!(states > 200, "{states}");
}

#[test]
#[ignore = "takes a minute: cargo xtask explore"]
fn two_setters_and_a_sweeper_leave_a_value() {
    let (states, _) = explore(expired, &[setter, setter, sweeper], |ending| kept(ending, &[0, 1]));
    assert!(states > 2_000, "{states}");
}

#[test]
fn a_step_beside_the_removal_of_its_count_loses_nothing_but_the_old_number() {
    let outcomes = RefCell::new(BTreeSet::new());
    let (states, _) = explore(ripe, &[stepper, sweeper], |ending| {
        assert_eq!(ending.outcomes, [Ok(()), Ok(())]);
        let Held::Count(count) = ending.model.held("{a}n") else {
            outcomes.borrow_mut().insert(0);
            return;
        };
        outcomes.borrow_mut().insert(count);
        ending.model.sweep_away_everything(4);
    });
    // In between and lost; after; before.
    assert_eq!(outcomes.into_inner().into_iter().collect::<Vec<_>>(), [0, 1, 6]);
    assert!(states > 100, "{states}");
}

#[test]
#[ignore = "takes a minute: cargo xtask explore"]
fn a_value_set_beside_a_setter_a_deleter_and_the_sweeper_stays_unless_deleted() {
    let (states, _) = explore(expired, &[setter, deleter_then_setter, sweeper], |ending| {
        if ending.outcomes[1] == Ok(()) {
            kept(ending, &[1]);
        }
    });
    assert!(states > 2_000, "{states}");
}

#[test]
fn a_value_deleted_beside_the_sweeper_is_gone() {
    explore(expired, &[deleter, sweeper], |ending| {
        assert_eq!(block(ending.model.store().run(&[get("{a}v")])), Ok(vec![Reply::Value(None)]));
        ending.model.sweep_away_everything(4);
    });
}

#[test]
fn of_two_sweepers_one_at_most_works() {
    let (states, endings) = explore(expired, &[sweeper, sweeper], |ending| {
        assert_eq!(ending.outcomes, [Ok(()), Ok(())]);
        let entries = ending.model.bookkeeping();
        // What both had looked at would stand there twice.
        let again = entries.iter().filter(|key| !key.ends_with("count"));
        let lines = again.filter_map(|key| ending.model.lines(key)).flatten();
        assert!(lines.filter(|line| line == "g {a}v").count() <= 1, "{entries:?}");
        ending.model.sweep_away_everything(4);
    });
    assert!(states > 500 && endings > 5, "{states} states, {endings} endings");
}

#[test]
fn two_sweepers_and_a_setter_leave_the_value() {
    let (states, _) = explore(expired, &[setter, sweeper, sweeper], |ending| kept(ending, &[0]));
    assert!(states > 2_000, "{states}");
}

//! Counts that are stepped without having been read: what the journal says of them afterwards.

use super::model::{Format, Model, Trouble, block, get, set, step};
use crate::{Operation, Reply, Store, StoreError};

/// An instance that has met a new count of the sort `n`, and so steps the next one unseen.
fn learnt(model: &Model) -> Store<Model> {
    let mut store = model.store();
    block(store.run(&[step("{0}:n:0", 1, 60)])).unwrap();
    store
}

/// How often the journal names a key.
fn lines(model: &Model, key: &str) -> usize {
    let segments = model.bookkeeping().into_iter().filter_map(|segment| model.lines(&segment));
    segments.flatten().filter(|line| line.ends_with(&format!(" {key}"))).count()
}

/// What a batch brings, and how many calls of reading and of writing it takes.
fn cost(
    model: &Model,
    store: &mut Store<Model>,
    batch: &[Operation],
) -> (Result<Vec<Reply>, StoreError>, [usize; 2]) {
    let before = model.inner().tally;
    let replies = block(store.run(batch));
    let after = model.inner().tally;
    let reads = after.get + after.get_many - before.get - before.get_many;
    (replies, [reads, after.all() - before.all() - reads])
}

#[test]
fn what_is_new_is_named_once() {
    let model = Model::new(Format::Binary);
    let mut store = learnt(&model);
    let batch = [step("{a}:n:1", 1, 60), get("{a}:v")];
    let (replies, calls) = cost(&model, &mut store, &batch);
    assert_eq!(replies, Ok(vec![Reply::Count(1), Reply::Value(None)]));
    // Its line, its step, and the read.
    assert_eq!(calls, [1, 2]);
    assert_eq!([lines(&model, "{a}:n:1"), lines(&model, "{a}:v")], [1, 1]);
    // The value is foreseen: the next batch writes it alone.
    assert_eq!(cost(&model, &mut store, &[set("{a}:v", b"x", 60)]).1, [0, 1]);
    assert_eq!(lines(&model, "{a}:v"), 1);
    model.sweep_away_everything(4);
}

#[test]
fn what_was_there_is_taken_out_of_the_journal_again() {
    let model = Model::new(Format::Binary);
    let owner = [step("{a}:n:1", 1, 60), set("{a}:v", b"x", 60)];
    block(model.store().run(&owner)).unwrap();
    let mut store = learnt(&model);
    let batch = [step("{a}:n:1", 1, 60), get("{a}:v"), get("{a}:w")];
    let (replies, calls) = cost(&model, &mut store, &batch);
    assert_eq!(replies.unwrap().first(), Some(&Reply::Count(2)));
    assert_eq!(calls, [1, 2]);
    // With the next write of the segment. What was read and is absent stays foreseen.
    block(store.run(&[step("{b}:m:1", 1, 60)])).unwrap();
    assert_eq!(["{a}:n:1", "{a}:v", "{a}:w"].map(|key| lines(&model, key)), [1, 1, 1]);
    // And the next count of that sort is read first.
    assert_eq!(cost(&model, &mut store, &[step("{c}:n:1", 1, 60)]).1, [1, 2]);
    model.sweep_away_everything(4);
}

#[test]
fn a_count_that_a_batch_steps_twice_stays_named() {
    let model = Model::new(Format::Binary);
    let mut store = learnt(&model);
    let twice = [step("{a}:n:1", 1, 60), step("{a}:n:1", 1, 60)];
    let two = Ok(vec![Reply::Count(1), Reply::Count(2)]);
    assert_eq!(cost(&model, &mut store, &twice), (two, [0, 3]));
    block(store.run(&[step("{b}:n:1", 1, 60)])).unwrap();
    assert_eq!(lines(&model, "{a}:n:1"), 1);
    model.sweep_away_everything(4);
}

#[test]
fn a_sort_that_holds_values_is_read_before_it_is_stepped() {
    let model = Model::new(Format::Binary);
    block(model.store().run(&[set("{a}:n:1", b"x", 60), set("{b}:n:1", b"x", 60)])).unwrap();
    let mut store = learnt(&model);
    // It learns by reading one that such keys aren't all counts.
    block(store.run(&[get("{a}:n:1")])).unwrap();
    let step = [step("{b}:n:1", 1, 60)];
    assert_eq!(cost(&model, &mut store, &step), (Err(StoreError::InvalidArgument), [1, 0]));
}

/// A stranger asks for codes to a subject that is sent one already, and meets another instance each time.
#[test]
fn refused_requests_leave_no_lines_behind() {
    let model = Model::new(Format::Binary);
    let mut stores: Vec<_> = (0..8).map(|_| learnt(&model)).collect();
    block(model.store().run(&[step("{a}:n:1", 1, 60)])).unwrap();
    for round in 0..20 {
        for store in &mut stores {
            block(store.run(&[step("{a}:n:1", 1, 60), get("{a}:v")])).unwrap();
            // Others come to the same instance, which closes no segment for it.
            block(store.run(&[step(&format!("{{{round}}}:m:1"), 1, 60)])).unwrap();
        }
    }
    assert_eq!(lines(&model, "{a}:n:1"), 1);
}

#[test]
fn what_a_failed_batch_registered_unseen_is_read_before_it_is_written() {
    let model = Model::new(Format::Binary);
    block(model.store().run(&[set("{a}:v", b"old", 60)])).unwrap();
    let mut store = learnt(&model);
    // The line and the step are carried out, the read isn't.
    model.trouble(Trouble::Fails { call: 2, carried_out: false });
    let batch = [step("{a}:n:1", 1, 60), get("{a}:v")];
    assert_eq!(block(store.run(&batch)), Err(StoreError::Unavailable));
    model.trouble(Trouble::None);
    // A look, the value, and what the sweeper does to the old one.
    assert_eq!(cost(&model, &mut store, &[set("{a}:v", b"new", 60)]).1, [2, 1]);
}

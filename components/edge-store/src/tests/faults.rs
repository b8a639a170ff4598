//! What an instance does when the backend doesn't do as told.

use super::model::{BEGIN, FORMATS, Format, Model, Trouble, block, get, set, step, value};
use crate::{Fault, Reply, StoreError};

#[test]
fn a_locked_file_is_asked_again_until_it_answers() {
    for calls in 1..8 {
        let model = Model::new(Format::Binary);
        let mut store = model.store();
        model.trouble(Trouble::Locked(calls));
        let batch = [step("{a}n", 1, 60), set("{a}v", b"x", 60)];
        assert_eq!(block(store.run(&batch)), Ok(vec![Reply::Count(1), Reply::Done]));
        assert!(model.inner().paused_millis > 0);
    }
}

#[test]
fn a_file_that_stays_locked_is_unavailable_within_a_second_or_so() {
    let model = Model::new(Format::Binary);
    model.trouble(Trouble::Refused(Fault::Busy));
    let error = block(model.store().run(&[step("{a}n", 1, 60)]));
    assert_eq!(error, Err(StoreError::Unavailable));
    let paused = model.inner().paused_millis;
    assert!((500..=1_000).contains(&paused), "{paused}");
    assert!(model.inner().calls < 30);
}

#[test]
fn a_file_that_was_waited_for_in_vain_is_not_asked_again() {
    let model = Model::new(Format::Binary);
    model.inner().pace = 5_000;
    model.trouble(Trouble::Refused(Fault::Busy));
    assert_eq!(block(model.store().run(&[get("{a}v")])), Err(StoreError::Unavailable));
    assert_eq!(model.inner().calls, 1);
}

#[test]
fn no_other_error_is_repeated_and_each_gets_its_name() {
    let errors = [(Fault::Failed, StoreError::Unavailable), (Fault::Denied, StoreError::Denied)];
    for (fault, error) in errors {
        let model = Model::new(Format::Binary);
        model.trouble(Trouble::Refused(fault));
        assert_eq!(block(model.store().run(&[step("{a}n", 1, 60)])), Err(error.clone()));
        assert_eq!(block(model.store().ready()), Err(error.clone()));
        assert_eq!(block(model.store().sweep(10)), Err(error));
        assert_eq!(model.inner().calls, 3);
    }
    let spins = "SqliteFailure(Error { code: DatabaseBusy, extended_code: 5 }, Some(\"database is locked\"))";
    assert_eq!(Fault::of_text(spins), Fault::Busy);
    for text in ["too many requests", "database table is full", "broken pipe", ""] {
        assert_eq!(Fault::of_text(text), Fault::Failed);
    }
}

#[test]
fn ready_means_that_a_write_works_and_is_asked_once_a_second() {
    let model = Model::new(Format::Binary);
    let mut store = model.store();
    for _ in 0..10 {
        assert_eq!(block(store.ready()), Ok(0));
    }
    assert_eq!(model.inner().calls, 1);
    model.trouble(Trouble::ReadOnly);
    assert_eq!(block(store.ready()), Ok(0));
    assert_eq!(block(store.run(&[get("{a}v")])), Ok(vec![Reply::Value(None)]));
    model.inner().millis += 1_000;
    assert_eq!(block(store.ready()), Err(StoreError::Unavailable));
    model.trouble(Trouble::None);
    assert_eq!(block(store.ready()), Err(StoreError::Unavailable));
    model.inner().millis += 1_000;
    assert_eq!(block(store.ready()), Ok(0));
    // How long it took is told for as long as it holds.
    model.inner().millis += 1_000;
    model.inner().pace = 30;
    for _ in 0..2 {
        assert_eq!(block(store.ready()), Ok(30));
    }
}

#[test]
fn a_batch_ends_in_time() {
    let model = Model::new(Format::Binary);
    model.inner().pace = 300;
    let batch: Vec<_> = (0..32).map(|number| get(&format!("{{a}}{number}"))).collect();
    assert_eq!(block(model.store().run(&batch)), Err(StoreError::Timeout));
    assert!(model.inner().millis - BEGIN * 1_000 <= 4_300);
}

#[test]
fn after_an_error_the_same_instance_goes_on_and_loses_no_key() {
    for format in FORMATS {
        for call in 0..40 {
            for carried_out in [false, true] {
                let model = Model::new(format);
                let mut store = model.store();
                let first = [step("{a}n", 1, 60), set("{a}v", b"1", 60), step("{a}f", 1, 90_001)];
                let second = [set("{b}v", b"2", 60), step("{b}n", 1, 60)];
                model.trouble(Trouble::Fails { call, carried_out });
                let outcomes = [block(store.run(&first)), block(store.run(&second))];
                let failed = outcomes.iter().filter(|outcome| outcome.is_err()).count();
                assert!(failed <= 1, "{outcomes:?}");
                if model.inner().calls <= call {
                    assert_eq!(failed, 0);
                }
                model.trouble(Trouble::None);
                block(store.run(&second)).unwrap();
                assert_eq!(block(store.run(&[get("{b}v")])), Ok(vec![value(b"2")]));
                model.sweep_away_everything(40);
            }
        }
    }
}

#[test]
fn a_sweeper_with_a_clock_far_ahead_stops_no_sweep_for_good() {
    let model = Model::new(Format::Binary);
    block(model.store().run(&[set("{a}v", b"1", 60)])).unwrap();
    let mut fast = crate::Store::new(model.skewed(40 * 86_400));
    while block(fast.sweep(256)).unwrap().more {}
    model.sweep_away_everything(50);
    block(model.store().run(&[set("{b}v", b"1", 60)])).unwrap();
    model.sweep_away_everything(4);
}

//! An instance may die before or after any call. No key may be left that is never removed.

use super::model::{FORMATS, Format, Model, Trouble, block, delete, get, set, step};
use crate::physical::place;
use crate::{Backend, Operation, Store};

/// What the engine does with one subject, more or less.
fn batches() -> Vec<Vec<Operation>> {
    let read = |attempts| {
        vec![
            step("{a}:odometer", attempts, 3_600),
            step("{a}:failures", attempts, 366 * 86_400),
            get("{a}:challenge"),
            get("{a}:success"),
        ]
    };
    let mut issue = vec![step("{a}:sending:7", 1, 90), step("{a}:sending:6", 0, 90)];
    issue.extend(read(0));
    issue.push(step("{t}:limit:tenant:send:86400:3", 1, 86_460));
    vec![
        issue,
        vec![
            step("{a}:odometer", 1 << 32, 3_600),
            set("{a}:challenge", b"sealed", 600),
            step("{a}:sending:7", 1 << 43, 90),
        ],
        read(1),
        vec![
            step("{a}:used:x", 1, 3_600),
            set("{a}:success", b"sealed", 8 * 86_400),
            delete("{a}:failures"),
        ],
    ]
}

fn run_all(store: &mut Store<Model>) -> bool {
    batches().iter().all(|batch| block(store.run(batch)).is_ok())
}

#[test]
fn a_batch_cut_off_anywhere_leaves_no_key_for_good() {
    for format in FORMATS {
        let mut calls = 0;
        loop {
            assert!(calls < 200, "nothing is ever done");
            let mut whole = 0;
            for trouble in [Trouble::DiesBefore(calls), Trouble::DiesAfter(calls)] {
                let model = Model::new(format);
                model.trouble(trouble);
                whole += usize::from(run_all(&mut model.store()));
                model.trouble(Trouble::None);
                model.sweep_away_everything(500);
            }
            if whole == 2 {
                break;
            }
            calls += 1;
        }
        assert!(calls > 20, "{calls}");
    }
}

#[test]
fn a_sweep_cut_off_anywhere_leaves_no_key_for_good() {
    for format in FORMATS {
        // The first looks; those that remove; those that confirm.
        for hours in [1, 3, 4, 12] {
            let mut calls = 0;
            loop {
                assert!(calls < 200, "nothing is ever done");
                let mut whole = 0;
                for trouble in [Trouble::DiesBefore(calls), Trouble::DiesAfter(calls)] {
                    let model = Model::new(format);
                    assert!(run_all(&mut model.store()));
                    for _ in 0..hours {
                        model.advance(3_600);
                        block(model.store().sweep(6)).unwrap();
                    }
                    model.advance(3_600);
                    model.trouble(trouble);
                    whole += usize::from(block(model.store().sweep(256)).is_ok());
                    model.trouble(Trouble::None);
                    model.sweep_away_everything(500);
                }
                if whole == 2 {
                    break;
                }
                calls += 1;
            }
            assert!(calls > 8, "{calls}");
        }
    }
}

#[test]
fn a_step_onto_a_count_that_was_just_removed_is_found_by_the_second_look() {
    for format in FORMATS {
        let model = Model::new(format);
        block(model.store().run(&[step("{a}n", 1, 60)])).unwrap();
        for _ in 0..8 {
            if !model.names().is_empty() {
                model.advance(1_800);
                block(model.store().sweep(256)).unwrap();
            }
        }
        assert!(model.names().is_empty());
        // As by a writer that had found it there a moment before.
        block(model.increment(&place("{a}n"), 1)).unwrap();
        model.sweep_away_everything(2);
    }
}

#[test]
fn a_step_onto_a_count_that_was_just_deleted_is_found_by_the_second_look() {
    for minutes in [55, 65] {
        let model = Model::new(Format::Text);
        block(model.store().run(&[step("{a}n", 1, 60), delete("{a}n")])).unwrap();
        model.advance(minutes * 60);
        block(model.store().sweep(256)).unwrap();
        block(model.increment(&place("{a}n"), 1)).unwrap();
        model.sweep_away_everything(2);
    }
}

#[test]
fn a_value_is_looked_at_a_few_times_in_its_life() {
    let model = Model::new(Format::Binary);
    block(model.store().run(&[set("{a}v", b"x", 8 * 86_400)])).unwrap();
    let mut examined = 0;
    for _ in 0..10 * 24 {
        model.advance(3_600);
        examined += block(model.store().sweep(256)).unwrap().examined;
    }
    assert!(model.names().is_empty());
    // One look each at the windows of the sweeper's own lease.
    assert!(examined < 240 + 8, "{examined}");
}

//! What a request costs: calls of the backend, beside the operations of its batches, which are the least there can be.

use countersign_contract::settings::{Limit, VerifyBy};

use super::engine::{App, limits, wrong};
use super::model::{Format, Model, PurposeTally, Trouble, block, set, step};

const TO: &str = "+6281234567890";

/// Operations of a batch, and the calls that it took: get, set, delete, increment, and get and delete of several keys.
type Cost = (usize, [usize; 6]);

/// A subject that comes back the next day: the two batches of an issue, the one of a wrong code, the two of the right
/// one. Either all served by one instance, or each request by one that has not seen the subject before.
fn costs(format: Format, limits: &[Limit], alone: bool) -> Vec<Cost> {
    let model = Model::new(format);
    let app = || App::new(&model, limits.to_vec());
    let apps = [app(), app(), app()];
    let [issues, errs, succeeds] = if alone { [0, 0, 0] } else { [0, 1, 2] }.map(|at| &apps[at]);
    let login = || {
        let (_, code) = issues.issue(TO).unwrap();
        model.advance(20);
        errs.verify(TO, &wrong(&code)).unwrap_err();
        model.advance(5);
        succeeds.verify(TO, &code).unwrap();
        let mut batches = issues.batches();
        batches.extend(errs.batches());
        batches.extend(succeeds.batches());
        batches
    };
    login();
    for _ in 0..24 {
        model.advance(3_600);
        while block(model.store().sweep(256)).unwrap().more {}
    }
    let calls = |PurposeTally { get, set, delete, increment, get_many, delete_many }| {
        [get, set, delete, increment, get_many, delete_many]
    };
    login().into_iter().map(|(operations, tally)| (operations, calls(tally))).collect()
}

#[test]
fn sqlite_is_asked_for_what_is_read_in_one_call() {
    // Beside its writes a batch is one look at what it writes (and may write next) and one at what it reads; what a
    // batch read, the next one of the same request doesn't look at. An issue names all that it creates in one write to
    // the journal; a new segment of that is one more increment.
    let alone = [
        (11, [0, 1, 0, 2, 2, 0]),
        (5, [0, 1, 1, 1, 0, 1]),
        (6, [0, 1, 0, 2, 2, 0]),
        (6, [0, 0, 0, 2, 1, 0]),
        (8, [0, 2, 1, 2, 2, 0]),
    ];
    assert_eq!(costs(Format::Binary, &[], true), alone);
    let limited = [
        (13, [0, 1, 0, 4, 2, 0]),
        (5, [0, 1, 1, 1, 0, 1]),
        (7, [0, 1, 0, 3, 2, 0]),
        (7, [0, 0, 0, 3, 1, 0]),
        (8, [0, 2, 1, 2, 2, 0]),
    ];
    assert_eq!(costs(Format::Binary, &limits(), true), limited);
}

#[test]
fn redis_is_asked_key_by_key() {
    // The operations themselves, a code being verified by recipient: an issue (10, 0, 0, 1) and (0, 1, 2, 1), since it
    // removes the odometer that the last answer left; a code (4, 0, 0, 2); a right one then (4, 1, 1, 2).
    let alone = [
        (11, [11, 1, 0, 2, 0, 0]),
        (5, [0, 2, 1, 1, 0, 1]),
        (6, [5, 1, 0, 2, 0, 0]),
        (6, [4, 0, 0, 2, 0, 0]),
        (8, [7, 2, 1, 2, 0, 0]),
    ];
    assert_eq!(costs(Format::Text, &[], true), alone);
    let apart = [
        (11, [11, 1, 0, 2, 0, 0]),
        (5, [0, 2, 1, 1, 0, 1]),
        (6, [6, 1, 0, 3, 0, 0]),
        (6, [6, 0, 0, 2, 0, 0]),
        (8, [7, 2, 1, 3, 0, 0]),
    ];
    assert_eq!(costs(Format::Text, &[], false), apart);
}

/// As purposes have it unless they say otherwise, once two instances have been at work for a while: the issue to a
/// subject that comes back the next day and to one that comes back after a minute, and a code that is wrong, answered
/// by the other instance.
fn calls_by_id(format: Format) -> [usize; 3] {
    let model = Model::new(format);
    let app = || App::verifying_by(VerifyBy::Id, &model, Vec::new());
    let (issues, verifies) = (app(), app());
    let calls = |app: &App| app.batches().iter().map(|(_, tally)| tally.all()).sum();
    let login = |to| {
        let (challenge, code) = issues.issue(to).unwrap();
        let issue = calls(&issues);
        verifies.verify_id(&challenge.id, &wrong(&code)).unwrap_err();
        let wrong = calls(&verifies);
        verifies.verify_id(&challenge.id, &code).unwrap();
        verifies.batches();
        [issue, wrong]
    };
    login(TO);
    for _ in 0..24 {
        model.advance(3_600);
        while block(model.store().sweep(256)).unwrap().more {}
    }
    // It opens a segment of the journal, which the next ones write to as well.
    login("+6281234567891");
    let [next_day, wrong] = login(TO);
    model.advance(60);
    [next_day, login(TO)[0], wrong]
}

#[test]
fn by_id_an_issue_is_six_calls_of_sqlite_and_a_wrong_code_three() {
    assert_eq!(calls_by_id(Format::Binary), [6, 6, 3]);
    assert_eq!(calls_by_id(Format::Text), [17, 19, 6]);
}

#[test]
fn a_step_of_sweeping_writes_a_few_times_whatever_it_removes() {
    for (format, most) in [(Format::Binary, 56), (Format::Text, 350)] {
        let model = Model::new(format);
        let mut store = model.store();
        for number in 0..64 {
            let record = set(&format!("{{{number}}}record"), b"x", 60);
            block(store.run(&[record, step(&format!("{{{number}}}count"), 1, 60)])).unwrap();
        }
        model.advance(7_200);
        let mut store = model.store();
        model.trouble(Trouble::None);
        assert_eq!(block(store.sweep(128)).unwrap().examined, 128);
        let tally = model.inner().tally;
        assert!(tally.all() - tally.get - tally.get_many <= 24, "{format:?}: {tally:?}");
        assert!(tally.all() <= most, "{format:?}: {tally:?}");
    }
}

#[test]
fn however_slowly_redis_answers_a_sweep_removes_something() {
    // Beyond that no batch ends in time either.
    for pace in [0, 80, 150, 300, 600] {
        let model = Model::new(Format::Text);
        let mut store = model.store();
        for number in 0..64 {
            let record = set(&format!("{{{number}}}record"), b"x", 60);
            block(store.run(&[record])).unwrap();
        }
        model.advance(7_200);
        model.inner().pace = pace;
        for _ in 0..400 {
            // A step that comes to its deadline is an error, and loses nothing.
            let _ = block(model.store().sweep(64));
            model.advance(600);
        }
        assert_eq!(model.names(), Vec::<String>::new(), "{pace} ms a call");
    }
}

#[test]
fn a_limit_that_all_subjects_share_is_registered_once() {
    let model = Model::new(Format::Binary);
    let apps = [App::new(&model, limits()), App::new(&model, limits())];
    for number in 0..200 {
        apps[number % 2].issue(&format!("+62812345{number:05}")).unwrap();
    }
    let keys: Vec<_> =
        model.bookkeeping().into_iter().filter(|key| !key.ends_with("count")).collect();
    let named: usize = keys
        .iter()
        .filter_map(|key| model.lines(key))
        .map(|lines| lines.iter().filter(|line| line.contains(":limit:tenant:")).count())
        .sum();
    assert_eq!(named, 1);
}

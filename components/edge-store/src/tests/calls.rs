//! What a request costs: calls of the backend, beside the operations of its batches, which are the least there can be.

use countersign_core::policy::Limit;

use super::engine::{App, limits, wrong};
use super::model::{Format, Model, Tally};

const TO: &str = "+6281234567890";

/// Operations of a batch, and the calls that it took: get, set, delete, increment.
type Cost = (usize, [usize; 4]);

/// A subject that comes back the next day: the two batches of an issue, the one of a wrong code, the two of the right
/// one. Either all served by one instance, or each request by one that has not seen the subject before.
fn costs(limits: &[Limit], alone: bool) -> Vec<Cost> {
    let model = Model::new(Format::Binary);
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
        while super::model::block(model.store().sweep(256)).unwrap().more {}
    }
    let calls = |Tally { get, set, delete, increment }| [get, set, delete, increment];
    login().into_iter().map(|(operations, tally)| (operations, calls(tally))).collect()
}

#[test]
fn a_request_costs_reads_beyond_its_operations_and_two_writes_per_login() {
    // The operations themselves, a code being verified by recipient: an issue (10, 0, 0, 1) and (0, 1, 2, 1), since it
    // removes the odometer that the last answer left; a code (4, 0, 0, 2); a right one then (4, 1, 1, 2). Beyond them an issue reads what it will write and what it may write
    // next, and names it all in one write to the journal; a right code does so for the verdict, and looks after the
    // success that it replaces. A new segment of the journal is one more increment.
    let alone = [
        (11, [17, 1, 0, 2]),
        (5, [3, 1, 2, 1]),
        (6, [6, 1, 0, 2]),
        (6, [5, 0, 0, 2]),
        (8, [9, 2, 1, 2]),
    ];
    assert_eq!(costs(&[], true), alone);
    let apart = [
        (11, [17, 1, 0, 2]),
        (5, [3, 1, 2, 1]),
        (6, [6, 1, 0, 3]),
        (6, [6, 0, 0, 2]),
        (8, [10, 2, 1, 3]),
    ];
    assert_eq!(costs(&[], false), apart);
    // With limits an issue has (10, 0, 0, 3) operations, a code (4, 0, 0, 3).
    let limited = [
        (13, [19, 1, 0, 4]),
        (5, [3, 1, 2, 1]),
        (7, [7, 1, 0, 3]),
        (7, [5, 0, 0, 3]),
        (8, [9, 2, 1, 2]),
    ];
    assert_eq!(costs(&limits(), true), limited);
}

#[test]
fn a_limit_that_everybody_shares_is_registered_once() {
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

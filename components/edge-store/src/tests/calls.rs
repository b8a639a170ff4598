//! What a request costs: calls of the backend, beside the operations of its batches, which are the least there can be.

use super::engine::{App, limits, wrong};
use super::model::{Format, Model, Tally};

const TO: &str = "+6281234567890";

/// Calls beyond one per operation: of each batch of `requests` logins by one instance that has been up for a while.
fn costs(app: &App, report: &mut Vec<(&'static str, usize, Tally)>) {
    let (_, code) = app.issue(TO).unwrap();
    note("issue, before the send", 0, app, report);
    app.verify(TO, &wrong(&code)).unwrap_err();
    note("wrong code", 0, app, report);
    app.verify(TO, &code).unwrap();
    note("right code", 0, app, report);
}

fn note(name: &'static str, _: usize, app: &App, report: &mut Vec<(&'static str, usize, Tally)>) {
    for (operations, tally) in app.batches() {
        report.push((name, operations, tally));
    }
}

#[test]
fn print() {
    for l in [vec![], limits()] {
        let model = Model::new(Format::Binary);
        let app = App::new(&model, l);
        let mut report = Vec::new();
        app.issue("+6281234567891").unwrap();
        app.batches();
        for _ in 0..3 {
            costs(&app, &mut report);
            model.advance(86_400);
        }
        for line in report {
            println!("{line:?}");
        }
    }
}

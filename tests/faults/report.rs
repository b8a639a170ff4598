//! The table that a run prints.

use countersign_tests::history::{Rule, Verdict};

/// Its head.
pub(crate) const HEAD: &str = "| store | fault | requests | successes | 503 | other 5xx | cut | not connected | hanging \
| slowest (s) | second successes | over the limit | after the end | not answerable | whole again (s) |\n\
|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|";

/// One line.
pub(crate) fn line(store: &str, fault: &str, verdict: &Verdict) -> String {
    let figures = &verdict.figures;
    let seconds = |micros: u64| format!("{}.{}", micros / 1_000_000, micros / 100_000 % 10);
    let cells = [
        store.to_owned(),
        fault.to_owned(),
        (figures.requests + figures.hung_up).to_string(),
        figures.successes.to_string(),
        figures.unavailable.to_string(),
        figures.failures.to_string(),
        figures.cut.to_string(),
        figures.not_sent.to_string(),
        figures.hanging.to_string(),
        seconds(figures.slowest),
        (verdict.count(Rule::SecondSuccess) + verdict.count(Rule::WrongSuccess)).to_string(),
        verdict.count(Rule::OverLimit).to_string(),
        verdict.count(Rule::AfterEnd).to_string(),
        verdict.count(Rule::Unanswerable).to_string(),
        seconds(figures.until_whole),
    ];
    format!("| {} |", cells.join(" | "))
}

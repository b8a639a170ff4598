//! The table at the end: what passed, what failed, what wasn't run and why.

use std::fmt::Write as _;
use std::time::Duration;

use super::watch::Ended;

/// What a suite comes to.
#[derive(Default)]
pub(super) struct Table {
    rows: Vec<Row>,
    failures: Vec<String>,
    passed: usize,
    failed: usize,
    skipped: usize,
    took: Duration,
}

struct Row {
    suite: String,
    passed: usize,
    failed: usize,
    took: Duration,
    skipped: String,
}

impl Table {
    /// Adds a suite. One that ends badly, or without having told how all of it ended, counts as a failure of its own.
    pub(super) fn add(&mut self, suite: &str, ended: Ended) {
        let Ended { said, status, took } = ended;
        let mut failed = said.failed;
        self.failures.extend(said.failures.iter().map(|test| format!("{suite}: {test}")));
        if !said.is_complete || (failed == 0 && !status.success()) {
            failed += 1;
            self.failures.push(format!("{suite}: it ended before all of its tests ({status})"));
        }
        let reasons = said.skipped.iter().map(|(reason, count)| format!("{count}: {reason}"));
        let skipped = reasons.collect::<Vec<_>>().join("; ");
        self.passed += said.passed;
        self.failed += failed;
        self.skipped += said.total_skipped();
        self.took += took;
        self.rows.push(Row { suite: suite.to_owned(), passed: said.passed, failed, took, skipped });
    }

    /// How many tests failed.
    pub(super) fn failed(&self) -> usize {
        self.failed
    }

    /// How many tests weren't run.
    pub(super) fn skipped(&self) -> usize {
        self.skipped
    }

    /// The table, and below it the tests that failed.
    pub(super) fn render(&self) -> String {
        let names = self.rows.iter().map(|row| row.suite.len());
        let width = names.max().unwrap_or_default().max("suite".len());
        let mut text = format!(
            "{:<width$}  {:>6}  {:>6}  {:>8}  skipped\n",
            "suite", "passed", "failed", "seconds"
        );
        for Row { suite, passed, failed, took, skipped } in &self.rows {
            let seconds = took.as_secs_f64();
            let line =
                format!("{suite:<width$}  {passed:>6}  {failed:>6}  {seconds:>8.1}  {skipped}");
            text.push_str(line.trim_end());
            text.push('\n');
        }
        if !self.failures.is_empty() {
            // Writing to a String can't fail.
            let _ = write!(text, "\nfailed:\n  {}\n", self.failures.join("\n  "));
        }
        let Self { passed, failed, skipped, .. } = self;
        let seconds = self.took.as_secs_f64();
        let _ = write!(
            text,
            "\n{seconds:.1} seconds\n{passed} passed, {failed} failed, {skipped} skipped"
        );
        text
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::super::libtest::Said;
    use super::*;

    fn ended(code: u8, lines: &[&str]) -> Ended {
        let mut said = Said::default();
        lines.iter().for_each(|line| said.read(line));
        let status = Command::new("sh").args(["-c", &format!("exit {code}")]).status().unwrap();
        Ended { said, status, took: Duration::from_millis(1_500) }
    }

    #[test]
    fn each_suite_has_a_line_and_all_together_one() {
        let mut table = Table::default();
        table.add("core", ended(0, &["test result: ok. 7 passed; 0 failed; 0 ignored"]));
        let spin = "test b ... ignored, needs `spin`";
        let mixed = [spin, spin, "test c ... ignored, slow", "test d ... FAILED"];
        let result = "test result: FAILED. 1 passed; 1 failed; 3 ignored";
        table.add("tests races", ended(101, &[&mixed[..], &[result]].concat()));
        let expected = "\
suite        passed  failed   seconds  skipped
core              7       0       1.5
tests races       1       1       1.5  2: needs `spin`; 1: slow

failed:
  tests races: d

3.0 seconds
8 passed, 1 failed, 3 skipped";
        assert_eq!(table.render(), expected);
    }

    #[test]
    fn a_suite_that_ends_early_fails_whatever_its_status() {
        let whole = "test result: ok. 7 passed; 0 failed; 0 ignored";
        for (code, lines, failed) in
            [(0, &[whole][..], 0), (0, &[], 1), (1, &[], 1), (1, &[whole], 1)]
        {
            let mut table = Table::default();
            table.add("core", ended(code, lines));
            assert_eq!(table.failed(), failed, "{code} {lines:?}");
        }
    }
}

//! What a test binary says of its tests: the lines of libtest that are the same in every stable Rust.

use std::collections::BTreeMap;

/// What is said of a test that is ignored without a reason.
const NO_REASON: &str = "no reason given";

/// How the tests of a suite ended.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    /// How many passed.
    pub(super) passed: usize,
    /// How many failed.
    pub(super) failed: usize,
    /// Why some weren't run, and how many each.
    pub(super) skipped: BTreeMap<String, usize>,
    /// The names of those that failed.
    pub(super) failures: Vec<String>,
    /// Whether it told how all of it ended.
    pub(super) is_complete: bool,
}

impl Said {
    /// Takes in one line, without its end. What tests print themselves means nothing, unless it looks like libtest's.
    pub(super) fn read(&mut self, line: &str) {
        if let Some(result) = line.strip_prefix("test result: ") {
            self.read_result(result);
        } else if let Some((name, how)) =
            line.strip_prefix("test ").and_then(|rest| rest.rsplit_once(" ... "))
        {
            if how == "FAILED" {
                self.failures.push(name.to_owned());
            } else if let Some(reason) = how.strip_prefix("ignored") {
                let reason = reason.strip_prefix(", ").unwrap_or(NO_REASON);
                *self.skipped.entry(reason.to_owned()).or_default() += 1;
            }
        }
    }

    /// `ok. 5 passed; 0 failed; 1 ignored; 0 measured; 3 filtered out; finished in 0.01s`
    fn read_result(&mut self, result: &str) {
        let counts = result.split_once(". ").map_or("", |(_, counts)| counts);
        let count = |what: &str| -> Option<usize> {
            let mut parts = counts.split("; ").filter_map(|part| part.split_once(' '));
            parts.find(|(_, word)| *word == what).and_then(|(count, _)| count.parse().ok())
        };
        if let (Some(passed), Some(failed)) = (count("passed"), count("failed")) {
            self.passed += passed;
            self.failed += failed;
            self.is_complete = true;
        }
    }

    /// How many weren't run.
    pub(super) fn total_skipped(&self) -> usize {
        self.skipped.values().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(lines: &[&str]) -> Said {
        let mut said = Said::default();
        lines.iter().for_each(|line| said.read(line));
        said
    }

    #[test]
    fn every_test_is_told_by_how_it_ended() {
        let said = said(&[
            "running 5 tests",
            "test a::works ... ok",
            "test a::panics - should panic ... ok",
            "test b::fails ... FAILED",
            "test b::waits ... ignored",
            "test b::spins ... ignored, needs `spin`, on the PATH",
            "test result: FAILED. 2 passed; 1 failed; 2 ignored; 0 measured; 3 filtered out; finished in 0.01s",
        ]);
        assert_eq!((said.passed, said.failed, said.total_skipped()), (2, 1, 2));
        assert_eq!(said.failures, ["b::fails"]);
        let reasons = [(NO_REASON, 1), ("needs `spin`, on the PATH", 1)];
        assert_eq!(said.skipped, reasons.map(|(reason, count)| (reason.to_owned(), count)).into());
        assert!(said.is_complete);
    }

    #[test]
    fn a_suite_that_ends_before_its_result_is_not_complete() {
        let said = said(&["running 2 tests", "test a ... ok", "result: ok"]);
        assert!(!said.is_complete);
        assert_eq!(said.passed, 0);
    }

    #[test]
    fn the_results_of_several_suites_add_up() {
        let result = "test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out";
        assert_eq!(said(&[result, result]).passed, 4);
    }
}

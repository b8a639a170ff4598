//! The checks of a run: how each ended and what it took.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// A check that has only one way not to fail.
pub(super) fn passed((): ()) -> Outcome {
    Outcome::Passed
}

/// How a check ended that didn't fail.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It found nothing.
    Passed,
    /// It found nothing, but a part of it wasn't run: this.
    Partly(String),
    /// It wasn't run, for this reason.
    Skipped(String),
}

/// The checks that were run.
#[derive(Default)]
pub(super) struct Report {
    lines: Vec<String>,
    failed: Vec<&'static str>,
    total: Duration,
}

impl Report {
    /// Runs a check and says how it ended.
    pub(super) fn step(&mut self, name: &'static str, check: impl FnOnce() -> Result<Outcome>) {
        println!("-- {name}");
        let start = Instant::now();
        let result = check();
        self.record(name, start.elapsed(), result);
    }

    fn record(&mut self, name: &'static str, took: Duration, result: Result<Outcome>) {
        let verdict = match result {
            Ok(Outcome::Passed) => "ok".to_owned(),
            Ok(Outcome::Partly(missing)) => format!("ok; {missing}"),
            Ok(Outcome::Skipped(reason)) => format!("skipped; {reason}"),
            Err(error) => {
                eprintln!("{name}: {error:#}");
                self.failed.push(name);
                "FAILED".to_owned()
            }
        };
        self.total += took;
        let line = format!("{name:<28} {:>7.1} s  {verdict}", took.as_secs_f64());
        println!("-- {line}");
        self.lines.push(line);
    }

    /// Prints the summary.
    pub(super) fn close(self) -> Result<()> {
        println!("\n{}", self.lines.join("\n"));
        let (total, failed) = (self.total.as_secs_f64(), self.failed.len());
        println!("{:<28} {total:>7.1} s  {} checks, {failed} failed", "together", self.lines.len());
        if !self.failed.is_empty() {
            bail!("failed: {}", self.failed.join(", "));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_does_not_keep_the_next_check_from_running() {
        let mut report = Report::default();
        report.step("first", || bail!("broken"));
        report.step("second", || Ok(Outcome::Passed));
        assert_eq!(report.lines.len(), 2);
        assert_eq!(report.close().unwrap_err().to_string(), "failed: first");
    }

    #[test]
    fn a_check_that_was_run_in_part_says_what_is_missing() {
        let mut report = Report::default();
        report.step("tests", || Ok(Outcome::Partly("2 tests skipped".to_owned())));
        assert!(report.lines[0].ends_with(" s  ok; 2 tests skipped"));
        assert!(report.close().is_ok());
    }

    #[test]
    fn a_skipped_check_says_why_and_fails_nothing() {
        let mut report = Report::default();
        report.record(
            "deny",
            Duration::from_millis(1500),
            Ok(Outcome::Skipped("no tool".to_owned())),
        );
        assert!(report.lines[0].ends_with("1.5 s  skipped; no tool"));
        assert!(report.close().is_ok());
    }
}

//! `cargo xtask ci`: every check, each with its time; all of them run, whichever fail.

mod core_tree;
mod deny;
mod reproducible;
mod work_tree;

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::python::REQUIREMENTS;
use crate::toolchain::WASM;
use crate::workspace::Workspace;
use crate::{help, phone_table, process, test, toolchain, wit};

/// What does no input or output of its own.
const PURE: [&str; 3] = ["countersign-core", "countersign-http-api", "countersign-providers"];

/// What components are made of.
const COMPONENTS: [&str; 6] = [
    "countersign-edge",
    "countersign-edge-sender",
    "countersign-edge-settings",
    "countersign-edge-store",
    "countersign-edge-store-redis",
    "countersign-otp",
];

/// Runs every check.
///
/// # Errors
/// Where one fails; the message names all that did.
pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    help::refuse_arguments("ci", arguments)?;
    let is_ci = std::env::var_os("CI").is_some_and(|value| !value.is_empty());
    let before = work_tree::Snapshot::take(workspace)?;
    let mut report = Report::default();
    report.step("toolchain", || {
        toolchain::ensure_components(workspace)?;
        toolchain::ensure_wasm_target(workspace).map(passed)
    });
    report.step("format", || cargo(workspace, &["fmt", "--all", "--", "--check"]));
    report.step("clippy", || {
        cargo(
            workspace,
            &["clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"],
        )
    });
    report.step("clippy for wasm", || {
        // What only exists there, and what has to build there as well.
        let packages = PURE.iter().chain(&COMPONENTS).flat_map(|package| ["--package", package]);
        let mut arguments = vec!["clippy", "--quiet", "--target", WASM];
        arguments.extend(packages);
        arguments.extend(["--", "-D", "warnings"]);
        cargo(workspace, &arguments)
    });
    report.step("what the core depends on", || core_tree::check(workspace).map(passed));
    report.step("documentation", || document(workspace));
    report.step("wit", || wit::check(workspace).map(passed));
    report.step("wit/deps", || wit::check_vendored(workspace).map(passed));
    report.step("licences and versions", || deny::check(workspace, is_ci));
    report.step("tests", || test::run(workspace, &[]).map(passed));
    report.step("component from elsewhere", || reproducible::check(workspace).map(passed));
    report.step("generated files", || {
        if workspace.root.join(REQUIREMENTS).exists() {
            phone_table::run(workspace, &[])?;
        }
        before.check(&work_tree::Snapshot::take(workspace)?, is_ci).map(passed)
    });
    report.close()
}

fn cargo(workspace: &Workspace, arguments: &[&str]) -> Result<Outcome> {
    process::run(workspace.cargo().args(arguments)).map(passed)
}

fn document(workspace: &Workspace) -> Result<Outcome> {
    let mut cargo = workspace.cargo();
    cargo.args(["doc", "--workspace", "--no-deps", "--quiet"]).env("RUSTDOCFLAGS", "-D warnings");
    process::run(&mut cargo).map(passed)
}

fn passed((): ()) -> Outcome {
    Outcome::Passed
}

/// How a check ended that didn't fail.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    /// It found nothing.
    Passed,
    /// It wasn't run, for this reason.
    Skipped(String),
}

/// The checks that were run.
#[derive(Default)]
struct Report {
    lines: Vec<String>,
    failed: Vec<&'static str>,
    total: Duration,
}

impl Report {
    /// Runs a check and says how it ended.
    fn step(&mut self, name: &'static str, check: impl FnOnce() -> Result<Outcome>) {
        println!("-- {name}");
        let start = Instant::now();
        let result = check();
        self.record(name, start.elapsed(), result);
    }

    fn record(&mut self, name: &'static str, took: Duration, result: Result<Outcome>) {
        let verdict = match result {
            Ok(Outcome::Passed) => "ok".to_owned(),
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
    fn close(self) -> Result<()> {
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

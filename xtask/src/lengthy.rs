//! `cargo xtask explore`, `cargo xtask soak`, `cargo xtask trials`: tests that take minutes, for a machine that has
//! nothing else to do. They are ignored by `cargo xtask test`.

use anyhow::Result;

use crate::arguments;
use crate::test::{self, Selection};
use crate::tools::Tool;
use crate::workspace::Workspace;

/// One after the other.
const PASSED: [&str; 3] = ["--ignored", "--nocapture", "--test-threads=1"];

/// Where the explorations are, the suite `interleavings` among them.
const EXPLORED: [&str; 3] = ["race::", "cases::", "as_libphonenumber"];

/// Tries every order of calls that takes long to try, and every spelling of a number.
///
/// # Errors
/// As `cargo xtask test`.
pub(crate) fn explore(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    arguments::refuse("explore", arguments)?;
    let selection = Selection {
        suite: None,
        words: &EXPLORED.map(str::to_owned),
        passed: &["--include-ignored".to_owned()],
        environment: &[("COUNTERSIGN_TEST_EXPLORE", "whole")],
        tools: &[Tool::Python],
    };
    test::run_selected(workspace, &selection).map(drop)
}

/// Runs the host beside attackers, and with a log that stalls.
///
/// # Errors
/// As `cargo xtask test`.
pub(crate) fn soak(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    arguments::refuse("soak", arguments)?;
    run(workspace, "hostile", "soak::")
}

/// Runs the edge app on each store, under the real Spin where there is one.
///
/// # Errors
/// As `cargo xtask test`.
pub(crate) fn trials(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    arguments::refuse("trials", arguments)?;
    run(workspace, "edge", "trials::")
}

/// Builds as `cargo xtask test` does, and runs the tests of a suite that have a word in their names.
fn run(workspace: &Workspace, suite: &'static str, word: &str) -> Result<()> {
    let selection = Selection {
        suite: Some(suite),
        words: &[word.to_owned()],
        passed: &PASSED.map(str::to_owned),
        environment: &[],
        tools: &[Tool::Redis],
    };
    test::run_selected(workspace, &selection).map(drop)
}

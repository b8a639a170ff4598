//! `cargo xtask faults`: the suite `tests/faults` with every row of its table, which takes a quarter of an hour.

use anyhow::Result;

use crate::arguments;
use crate::test::{self, Selection};
use crate::tools::Tool;
use crate::workspace::Workspace;

/// The suite.
const SUITE: &str = "faults";
/// What it looks at for how much of it is run, and for the name of the only fault.
const LENGTH: (&str, &str) = ("COUNTERSIGN_TEST_FAULTS", "full");
const ONLY: &str = "COUNTERSIGN_TEST_FAULTS_ONLY";
/// The table as it grows.
const PASSED: [&str; 2] = ["--nocapture", "--test-threads=1"];

/// Builds, and runs every fault, or those that have these words in their names, with the store's before it.
///
/// # Errors
/// Where Redis or PostgreSQL is missing, a build fails or something happened that may never.
pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    let (words, passed) = arguments::split(arguments);
    let only = words.join(" ");
    let selection = Selection {
        suite: Some(SUITE),
        words: &[],
        passed: &[&PASSED.map(str::to_owned), passed].concat(),
        environment: &[LENGTH, (ONLY, &only)],
        tools: &[Tool::Postgres, Tool::Redis],
    };
    test::run_selected(workspace, &selection).map(drop)
}

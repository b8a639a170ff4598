//! `cargo xtask storms`: the suite `tests/storms` with all of its rounds, which takes minutes.

use anyhow::Result;

use crate::arguments;
use crate::test::{self, Selection};
use crate::tools::Tool;
use crate::workspace::Workspace;

/// The suite.
const SUITE: &str = "storms";
/// What it looks at for the number of its rounds.
const ROUNDS: (&str, &str) = ("COUNTERSIGN_TEST_STORMS", "full");
/// One after the other.
const PASSED: [&str; 2] = ["--nocapture", "--test-threads=1"];

/// Builds, and runs the storms.
///
/// # Errors
/// Where Redis is missing, a build fails or a storm does harm.
pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    let (words, passed) = arguments::split(arguments);
    let selection = Selection {
        suite: Some(SUITE),
        words,
        passed: &[&PASSED.map(str::to_owned), passed].concat(),
        environment: &[ROUNDS],
        tools: &[Tool::Redis],
    };
    test::run_selected(workspace, &selection).map(drop)
}

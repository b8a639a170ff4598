//! `cargo xtask soak`: the tests that take minutes, for a machine that has nothing else to do.

use anyhow::Result;

use crate::arguments;
use crate::test::{self, Selection};
use crate::tools::Tool;
use crate::workspace::Workspace;

/// The suite that they are in.
const SUITE: &str = "hostile";
/// What is in the names of all.
const WORD: &str = "soak::";
/// One after the other.
const PASSED: [&str; 3] = ["--ignored", "--nocapture", "--test-threads=1"];

/// Builds as `cargo xtask test` does, and runs them.
///
/// # Errors
/// As `cargo xtask test`.
pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    arguments::refuse("soak", arguments)?;
    let selection = Selection {
        suite: Some(SUITE),
        words: &[WORD.to_owned()],
        passed: &PASSED.map(str::to_owned),
        environment: &[],
        tools: &[Tool::Redis],
    };
    test::run_selected(workspace, &selection).map(drop)
}

//! `cargo xtask soak`: the tests that take minutes, for a machine that has nothing else to do.

use anyhow::Result;

use crate::workspace::Workspace;
use crate::{arguments, test};

/// The suite that they are in.
const SUITE: [&str; 2] = ["--test", "hostile"];

/// What picks them, one after the other. What they start of themselves is no test.
const ARGUMENTS: [&str; 6] =
    ["soak::", "--ignored", "--nocapture", "--test-threads=1", "--skip", "attackers::attack"];

/// Builds as `cargo xtask test` does, and runs them.
///
/// # Errors
/// As `cargo xtask test`.
pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    arguments::refuse("soak", arguments)?;
    test::run_suites(workspace, &SUITE.map(str::to_owned), &ARGUMENTS.map(str::to_owned))
}

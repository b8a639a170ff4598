//! `cargo xtask storms`: the suite `tests/storms` with all of its rounds, which takes minutes.

use anyhow::Result;

use crate::tools::Tool;
use crate::workspace::{Profile, Workspace};
use crate::{arguments, process, test, tools};

/// What the suite looks at for the number of its rounds.
const ROUNDS: (&str, &str) = ("COUNTERSIGN_TEST_STORMS", "full");

/// Builds, and runs the storms one after the other.
///
/// # Errors
/// Where Redis is missing, a build fails or a storm does harm.
pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    let (own, passed) = arguments::split(arguments);
    tools::ensure(&[Tool::Redis])?;
    test::prepare(workspace)?;
    let mut cargo = workspace.cargo();
    cargo.args(["test", "--workspace", "--test", "storms"]).args(own);
    cargo.args(["--", "--nocapture", "--test-threads", "1"]).args(passed);
    test::set_environment(&mut cargo, workspace, Profile::Development);
    cargo.env(ROUNDS.0, ROUNDS.1);
    process::run(&mut cargo)
}

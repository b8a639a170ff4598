//! `cargo xtask instructions`: what a call costs in instructions, held to the table in the docs.

use anyhow::Result;

use crate::tools::Tool;
use crate::workspace::{Profile, Workspace};
use crate::{arguments, build, process, test, tools};

/// The binary that counts.
const BENCH: &str = "countersign-bench";

/// Builds what the tests share, counts and compares; with `UPDATE=1` writes the table again.
///
/// # Errors
/// Where valgrind is missing, a build fails, or a figure is too far from the table's.
pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    arguments::refuse("instructions", arguments)?;
    tools::ensure(&[Tool::Valgrind])?;
    build::component(workspace)?;
    // With the features that the tests have, and in their profile: a release build takes minutes more, and would tell no
    // more of what has changed.
    process::run(workspace.cargo().args(["build", "--workspace", "--bin", BENCH]))?;
    let host = workspace.host(Profile::Development);
    let mut bench = workspace.command(host.with_file_name(BENCH));
    test::set_environment(&mut bench, workspace, Profile::Development);
    process::run(bench.arg("instructions"))
}

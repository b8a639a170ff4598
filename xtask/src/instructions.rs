//! `cargo xtask instructions`: what a call costs in instructions, held to the table in the docs.

use std::process::Command;

use anyhow::Result;

use crate::tools::Tool;
use crate::workspace::{Profile, Workspace};
use crate::{arguments, build, process, test, tools};

/// The binary that counts.
const BENCH: &str = "countersign-bench";

/// Builds, counts and compares; with `UPDATE=1` writes the table again.
///
/// # Errors
/// Where valgrind is missing, a build fails, or a figure is too far from the table's.
pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    arguments::refuse("instructions", arguments)?;
    tools::ensure(&[Tool::Valgrind])?;
    build::component(workspace)?;
    process::run(&mut bench_build(workspace))?;
    let host = workspace.host(Profile::Development);
    let mut bench = workspace.command(host.with_file_name(BENCH));
    test::set_environment(&mut bench, workspace, Profile::Development);
    process::run(bench.arg("instructions"))
}

/// Builds with the dependencies, the features and the profile of the tests: a release build takes minutes more, and tells
/// no more of what has changed.
fn bench_build(workspace: &Workspace) -> Command {
    let mut cargo = workspace.cargo();
    cargo.args(["build", "--workspace", "--bin", BENCH]);
    // What an incremental build inlines depends on the builds before it: 5 % of some figures.
    cargo.env("CARGO_INCREMENTAL", "0");
    // `env` runs the compiler and nothing else. With a wrapper cargo keeps our own crates apart from those of the tests,
    // so that neither build undoes the other.
    cargo.env("RUSTC_WORKSPACE_WRAPPER", "env");
    cargo
}

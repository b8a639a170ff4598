//! `cargo xtask test`: every test, with what they need.

use std::process::Command;

use anyhow::{Result, bail};

use crate::tools::Tool;
use crate::workspace::{Profile, Workspace};
use crate::{arguments, edge, process, python, tools};

/// Installs what the tests need, builds, and runs them.
///
/// # Errors
/// Where something is missing, a build fails or a test does.
pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    let (own, passed) = arguments::split(arguments);
    if let [_, second, ..] = own {
        bail!(
            "`test` takes one filter, not `{second}` too; arguments of the test binaries follow `--`"
        );
    }
    run_suites(workspace, own, passed)
}

/// The same, with these `own` arguments of `cargo test` and those `passed` on to the test binaries.
///
/// # Errors
/// As [`run`].
pub(crate) fn run_suites(workspace: &Workspace, own: &[String], passed: &[String]) -> Result<()> {
    tools::ensure(&[Tool::Exim, Tool::Nginx, Tool::Python, Tool::Redis])?;
    let python = python::ensure(workspace)?;
    prepare(workspace)?;

    let mut cargo = workspace.cargo();
    cargo.args(["test", "--workspace"]).args(own);
    if !passed.is_empty() {
        cargo.arg("--").args(passed);
    }
    set_environment(&mut cargo, workspace, Profile::Development);
    if let Some(python) = python {
        cargo.env("COUNTERSIGN_TEST_PYTHON", python);
    }
    process::run(&mut cargo)
}

/// Builds the test binaries and what they run.
///
/// # Errors
/// Where a build fails.
pub(crate) fn prepare(workspace: &Workspace) -> Result<()> {
    edge::build_and_place(workspace)?;
    // In one go with the test binaries, so that the host has the features that they are built with.
    process::run(workspace.cargo().args([
        "build",
        "--workspace",
        "--tests",
        "--bin",
        "countersign",
        "--bin",
        "spin-stand-in",
    ]))
}

/// Tells a suite or a bench where the host and the component are.
pub(crate) fn set_environment(command: &mut Command, workspace: &Workspace, profile: Profile) {
    command.env("COUNTERSIGN_TEST_BIN", workspace.host(profile));
    command.env("COUNTERSIGN_TEST_WASM", workspace.component());
}

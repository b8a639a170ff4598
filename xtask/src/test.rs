//! `cargo xtask test`: every test, with what they need, and a table of how they ended.
//!
//! Cargo builds the test binaries and we run them, each to its end whatever fails, so that what libtest says of skipped
//! tests isn't lost. cargo-nextest does as much, and would cost a fresh machine minutes to compile.

mod lanes;
mod libtest;
mod suites;
mod table;
mod watch;

use std::process::Command;

use anyhow::{Result, bail};

use self::lanes::Lanes;
use self::table::Table;
use crate::tools::Tool;
use crate::workspace::{Profile, Workspace};
use crate::{arguments, edge, node, process, python, tools};

/// Which tests are run.
pub(crate) struct Selection<'a> {
    /// The only suite below `tests/` that they are in; else every test of the workspace.
    pub(crate) suite: Option<&'a str>,
    /// Words of which the name of a test has at least one, if there are any. Only without words are the examples in the
    /// documentation run: to list them is to compile them.
    pub(crate) words: &'a [String],
    /// Arguments of the test binaries.
    pub(crate) passed: &'a [String],
    /// More variables that the suites look at.
    pub(crate) environment: &'a [(&'a str, &'a str)],
    /// What they need.
    pub(crate) tools: &'a [Tool],
}

/// What one or other of the tests needs.
const TOOLS: &[Tool] =
    &[Tool::Exim, Tool::Nginx, Tool::PgBouncer, Tool::Postgres, Tool::Python, Tool::Redis];

/// Installs what the tests need, builds, and runs them.
///
/// # Errors
/// Where something is missing, a build fails or a test does.
pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    run_all(workspace, arguments).map(drop)
}

/// The same; gives back how many tests were skipped.
///
/// # Errors
/// As [`run`].
pub(crate) fn run_all(workspace: &Workspace, arguments: &[String]) -> Result<usize> {
    let (words, passed) = arguments::split(arguments);
    let selection = Selection { suite: None, words, passed, environment: &[], tools: TOOLS };
    run_selected(workspace, &selection)
}

/// Installs what the tests need, builds, and runs some of them; gives back how many were skipped.
///
/// # Errors
/// As [`run`], and where no test matches.
pub(crate) fn run_selected(workspace: &Workspace, selection: &Selection<'_>) -> Result<usize> {
    tools::ensure(selection.tools)?;
    let needs_python = selection.tools.contains(&Tool::Python);
    let python = if needs_python { python::ensure(workspace)? } else { None };
    let node = python.as_ref().map(|python| node::ensure(workspace, python)).transpose()?;
    prepare(workspace)?;
    let set_up = |command: &mut Command| {
        set_environment(command, workspace, Profile::Development);
        command.envs(python.as_ref().map(|python| ("COUNTERSIGN_TEST_PYTHON", python)));
        if let Some(node) = &node {
            command.env("COUNTERSIGN_TEST_NODE", &node.program);
            command.env("COUNTERSIGN_TEST_NODE_MODULES", &node.modules);
        }
        command.envs(selection.environment.iter().copied());
    };
    let table = run_suites(workspace, selection, set_up)?;
    if !is_list(selection.passed) {
        println!("\n{}", table.render());
    }
    if table.failed() > 0 {
        bail!("tests failed");
    }
    Ok(table.skipped())
}

fn run_suites(
    workspace: &Workspace,
    selection: &Selection<'_>,
    set_up: impl Fn(&mut Command),
) -> Result<Table> {
    let Selection { suite: only, words, passed, .. } = *selection;
    let picked = [words, passed].concat();
    let mut lanes = Lanes::default();
    for suite in suites::build(workspace, only)? {
        if suite.count(workspace, &picked)? > 0 {
            let mut command = suite.command(workspace);
            set_up(command.args(&picked));
            lanes.add(suite.starts_servers(), suite.name, command);
        }
    }
    if only.is_none() && words.is_empty() {
        let mut cargo = workspace.cargo();
        cargo.args(["test", "--workspace", "--doc", "--no-fail-fast", "--"]).args(passed);
        set_up(&mut cargo);
        lanes.add(false, "examples in the documentation".to_owned(), cargo);
    } else if lanes.is_empty() {
        bail!("no test has a name with: {}", words.join(", "));
    }
    if is_list(passed) { lanes.list() } else { lanes.run() }
}

/// Whether the test binaries are asked for the names of their tests, with which they run none.
fn is_list(arguments: &[String]) -> bool {
    arguments.iter().any(|argument| argument == suites::LIST)
}

/// Builds the test binaries and what they run.
///
/// # Errors
/// Where a build fails.
fn prepare(workspace: &Workspace) -> Result<()> {
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

//! `cargo xtask ci`: every check, each with its time; all of them run, whichever fail.

mod core_tree;
mod deny;
mod report;
mod reproducible;
mod work_tree;

use anyhow::Result;

use self::report::{Outcome, Report, passed};
use crate::python::REQUIREMENTS;
use crate::toolchain::WASM;
use crate::workspace::Workspace;
use crate::{arguments, instructions, phone_table, process, shape, test, toolchain, wit};

/// What does no input or output of its own.
const PURE: [&str; 3] = ["countersign-core", "countersign-http-api", "countersign-providers"];

/// What components are made of.
const COMPONENTS: [&str; 11] = [
    "countersign-edge",
    "countersign-edge-front-wasip2",
    "countersign-edge-front-wasip3",
    "countersign-edge-host",
    "countersign-edge-host-redis",
    "countersign-edge-sender",
    "countersign-edge-settings",
    "countersign-edge-store",
    "countersign-edge-store-redis",
    "countersign-heap",
    "countersign-otp",
];

/// Runs every check.
///
/// # Errors
/// Where one fails; the message names all that did.
pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    arguments::refuse("ci", arguments)?;
    let is_ci = std::env::var_os("CI").is_some_and(|value| !value.is_empty());
    let before = work_tree::Snapshot::take(workspace)?;
    let mut report = Report::default();
    report.step("toolchain", || {
        toolchain::ensure_components(workspace)?;
        toolchain::ensure_wasm_target(workspace).map(passed)
    });
    report.step("format", || cargo(workspace, &["fmt", "--all", "--", "--check"]));
    report.step("clippy", || {
        cargo(
            workspace,
            &["clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"],
        )
    });
    report.step("clippy for wasm", || {
        // What only exists there, and what has to build there as well.
        let packages = PURE.iter().chain(&COMPONENTS).flat_map(|package| ["--package", package]);
        let mut arguments = vec!["clippy", "--quiet", "--target", WASM];
        arguments.extend(packages);
        arguments.extend(["--", "-D", "warnings"]);
        cargo(workspace, &arguments)?;
        // With what it has in place of Spin's interfaces.
        let own = ["--package", "countersign-edge-host-keyvalue", "--", "-D", "warnings"];
        cargo(workspace, &[&["clippy", "--quiet", "--target", WASM], own.as_slice()].concat())
    });
    report.step("what the core depends on", || core_tree::check(workspace).map(passed));
    report.step("shape", || shape::run(workspace, &[]).map(passed));
    report.step("documentation", || document(workspace));
    report.step("wit", || wit::check(workspace).map(passed));
    report.step("wit/deps", || wit::check_vendored(workspace).map(passed));
    report.step("licences and versions", || deny::check(workspace, is_ci));
    report.step("tests", || {
        Ok(match test::run_all(workspace, &[])? {
            0 => Outcome::Passed,
            skipped => {
                Outcome::Partly(format!("{skipped} tests skipped, for the reasons in the table"))
            }
        })
    });
    report.step("instructions", || instructions::run(workspace, &[]).map(passed));
    report.step("component from elsewhere", || reproducible::check(workspace).map(passed));
    report.step("generated files", || {
        if workspace.root.join(REQUIREMENTS).exists() {
            phone_table::run(workspace, &[])?;
        }
        before.check(&work_tree::Snapshot::take(workspace)?, is_ci).map(passed)
    });
    report.close()
}

fn cargo(workspace: &Workspace, arguments: &[&str]) -> Result<Outcome> {
    process::run(workspace.cargo().args(arguments)).map(passed)
}

fn document(workspace: &Workspace) -> Result<Outcome> {
    let mut cargo = workspace.cargo();
    cargo.args(["doc", "--workspace", "--no-deps", "--quiet"]).env("RUSTDOCFLAGS", "-D warnings");
    process::run(&mut cargo).map(passed)
}

//! `cargo xtask shape`: what keeps the code easy to read, in numbers. Counted by a program of its own: `cargo xtask serve`
//! has no need to compile what reads Rust.

use std::fmt::Write as _;

use anyhow::{Context, Result};

use crate::workspace::{Kind, Workspace};
use crate::{arguments, process};

/// The package of the program that counts.
const COUNTER: &str = "xtask-shape";

/// The folder of packages that are nothing but tests and what these need.
const TESTS: &str = "tests";

/// Has the numbers printed, and what they are made of.
///
/// # Errors
/// Where a number is above its limit, or a source can't be read.
pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    arguments::refuse("shape", arguments)?;
    let tests = workspace.root.join(TESTS);
    let mut crates = String::new();
    for of in workspace.crates()? {
        if of.kind != Kind::Suite && !of.root.starts_with(&tests) {
            // Writing to a String can't fail.
            let _ = writeln!(crates, "{} {}", of.package, of.root.display());
        }
    }
    let list = workspace.target.join("shape-crates.txt");
    std::fs::write(&list, crates)
        .with_context(|| format!("{} can't be written", list.display()))?;
    let mut cargo = workspace.cargo();
    cargo.args(["run", "--quiet", "--package", COUNTER, "--"]);
    process::run(cargo.arg(&workspace.root).arg(list))
}

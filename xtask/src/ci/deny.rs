//! Licences, sources and doubled versions of what we depend on, judged by cargo-deny against `deny.toml`.

use std::path::PathBuf;

use anyhow::Result;

use super::report::Outcome;
use crate::process;
use crate::workspace::Workspace;

const VERSION: &str = "0.20.2";

/// Runs cargo-deny; installs it first where this is CI. Elsewhere it isn't worth its minutes.
///
/// The advisories are not among the checks: their database isn't in a registry, and what passes today must
/// pass tomorrow.
///
/// # Errors
/// Where it can't be installed or finds something.
pub(super) fn check(workspace: &Workspace, is_ci: bool) -> Result<Outcome> {
    let folder = workspace.target.join("tools");
    let own = folder.join("bin").join(format!("cargo-deny{}", std::env::consts::EXE_SUFFIX));
    let Some(deny) = find(own.clone()).or_else(|| is_ci.then_some(own)) else {
        return Ok(Outcome::Skipped(format!(
            "run: cargo install cargo-deny --locked --version {VERSION}"
        )));
    };
    if !deny.exists() {
        let mut cargo = workspace.cargo();
        cargo
            .args(["install", "cargo-deny", "--locked", "--version", VERSION, "--root"])
            .arg(&folder);
        process::run(&mut cargo)?;
    }
    let mut command = workspace.command(deny);
    command.args([
        "--all-features",
        "check",
        "--hide-inclusion-graph",
        "bans",
        "licenses",
        "sources",
    ]);
    process::run(&mut command)?;
    Ok(Outcome::Passed)
}

fn find(own: PathBuf) -> Option<PathBuf> {
    if own.exists() { Some(own) } else { process::find_program("cargo-deny") }
}

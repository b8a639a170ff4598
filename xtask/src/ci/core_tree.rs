//! The rules stay pure: what `countersign-core` may never come to depend on.

use anyhow::{Result, bail};

use crate::process;
use crate::workspace::Workspace;

const FORBIDDEN: [&str; 4] = ["tokio", "hyper", "redis", "wasmtime"];

/// Checks that the core's tree holds none of the crates that do input, output or wasm.
///
/// # Errors
/// Where it holds one, which the message names.
pub(super) fn check(workspace: &Workspace) -> Result<()> {
    let mut cargo = workspace.cargo();
    cargo.args(["tree", "--package", "countersign-core", "--prefix", "none", "--format", "{p}"]);
    // Every feature, target and build script: not only what this machine would compile.
    cargo.args(["--edges", "normal,build", "--target", "all", "--all-features"]);
    let tree = process::read(&mut cargo)?;
    let found = forbidden_in(&tree);
    if !found.is_empty() {
        bail!(
            "countersign-core depends on {}; see: cargo tree -p countersign-core",
            found.join(", ")
        );
    }
    Ok(())
}

/// The forbidden crates among the lines of a `cargo tree`, and those named after them: `tokio-util`.
fn forbidden_in(tree: &str) -> Vec<&str> {
    let names = tree.lines().filter_map(|line| line.split(' ').next());
    let mut found: Vec<&str> = names
        .filter(|name| {
            FORBIDDEN.iter().any(|forbidden| {
                name.strip_prefix(forbidden)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
            })
        })
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forbidden_crate_and_its_family_are_found_once() {
        let tree =
            "countersign-core v0.1.0 (/w)\ntokio v1.0.0\nhyper-util v0.1.0 (*)\ntokio v1.0.0 (*)\n";
        assert_eq!(forbidden_in(tree), ["hyper-util", "tokio"]);
    }

    #[test]
    fn a_name_that_only_begins_alike_is_allowed() {
        assert!(forbidden_in("redistribute v1.0.0\nserde v1.0.0\n").is_empty());
    }
}

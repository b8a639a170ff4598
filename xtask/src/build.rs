//! `cargo xtask build`: the component, and the host with it inside.

use std::process::Command;

use anyhow::{Result, bail};

use crate::workspace::{Profile, Workspace};
use crate::{component, process};

/// Builds the component and the host.
///
/// # Errors
/// Where an argument is unknown or a build fails.
pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    let profile = match arguments {
        [] => Profile::Development,
        [release] if release == "--release" => Profile::Release,
        _ => bail!("`build` takes `--release` or nothing, not `{}`", arguments.join(" ")),
    };
    component(workspace)?;
    host(workspace, profile)?;
    println!("{}", workspace.host(profile).display());
    Ok(())
}

/// Builds the component and says where it is, how large and what its digest is.
///
/// # Errors
/// Where the build fails.
pub(crate) fn component(workspace: &Workspace) -> Result<()> {
    let bytes = component::build_and_place(workspace)?;
    let path = workspace.component();
    println!("{}: {} bytes, SHA-256 {}", path.display(), bytes.len(), component::sha256(&bytes));
    Ok(())
}

/// Builds the host around the component, which its build script finds in the target directory.
///
/// # Errors
/// Where the build fails.
pub(crate) fn host(workspace: &Workspace, profile: Profile) -> Result<()> {
    process::run(&mut host_command(workspace, profile))
}

fn host_command(workspace: &Workspace, profile: Profile) -> Command {
    let mut cargo = workspace.cargo();
    cargo.args(["build", "--bin", "countersign"]);
    match profile {
        // With the features that the whole workspace asks for, as the tests do: compiled once for all.
        Profile::Development => cargo.arg("--workspace"),
        Profile::Trial => cargo.args(["--profile", "trial", "--package", "countersign-binary"]),
        // With its own alone: the stand-in for Spin asks for more of wasmtime.
        Profile::Release => cargo.args(["--release", "--package", "countersign-binary"]),
    };
    cargo
}

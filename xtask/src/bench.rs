//! `cargo xtask bench`: what countersign costs, measured on this machine.

use anyhow::Result;

use crate::tools::Tool;
use crate::workspace::{Profile, Workspace};
use crate::{build, help, process, test, tools};

/// Builds for release and measures.
///
/// # Errors
/// Where Redis is missing, a build fails or a measurement does.
pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    let (own, passed) = help::split_arguments(arguments);
    tools::ensure(&[Tool::Redis])?;
    build::component(workspace)?;
    build::host(workspace, Profile::Release)?;
    let mut cargo = workspace.cargo();
    cargo.args(["run", "--release", "--package", "countersign-bench", "--"]).args(own).args(passed);
    test::set_environment(&mut cargo, workspace, Profile::Release);
    process::run(&mut cargo)
}

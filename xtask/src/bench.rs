//! `cargo xtask bench`: what countersign costs, measured on this machine.

use anyhow::Result;

use crate::tools::Tool;
use crate::workspace::{Profile, Workspace};
use crate::{arguments, build, edge, process, test, tools};

/// The benches that start each store's servers.
const STORES: [&str; 3] = ["durability", "live", "stores"];

/// Builds for release and measures.
///
/// # Errors
/// Where Redis is missing, a build fails or a measurement does.
pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    let (own, passed) = arguments::split(arguments);
    let of_stores = own.first().is_some_and(|name| STORES.contains(&name.as_str()));
    tools::ensure(if of_stores {
        &[Tool::PgBouncer, Tool::Postgres, Tool::Redis]
    } else {
        &[Tool::Redis]
    })?;
    // In one go, so that all have the same features and wasmtime is compiled once; without the stand-in, which asks for
    // more of wasmtime than the host, where it isn't needed.
    let mut packages = vec!["countersign-binary", "countersign-bench"];
    if own.first().is_some_and(|name| name == "edge") {
        edge::build_and_place(workspace)?;
        packages.push("countersign-spin");
    } else {
        build::component(workspace)?;
    }
    let mut cargo = workspace.cargo();
    cargo.args(["build", "--release", "--bins"]);
    cargo.args(packages.iter().flat_map(|package| ["--package", package]));
    process::run(&mut cargo)?;
    let host = workspace.host(Profile::Release);
    let mut bench = workspace.command(host.with_file_name("countersign-bench"));
    bench.args(own).args(passed);
    test::set_environment(&mut bench, workspace, Profile::Release);
    process::run(&mut bench)
}

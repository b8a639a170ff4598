//! The pinned toolchain's parts: rustup need not act on `rust-toolchain.toml` by itself, so we do.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::process;
use crate::workspace::Workspace;

/// What the component, the core and the HTTP surface are compiled for.
pub(crate) const WASM: &str = "wasm32-unknown-unknown";

/// Adds the wasm target to the pinned toolchain where it is missing.
///
/// # Errors
/// Where it can't be added; the message says what to run.
pub(crate) fn ensure_wasm_target(workspace: &Workspace) -> Result<()> {
    let mut rustc = workspace.command("rustc");
    rustc.args(["--print", "target-libdir", "--target", WASM]);
    let folder = process::read(&mut rustc)?;
    if Path::new(folder.trim()).is_dir() {
        return Ok(());
    }
    add(workspace, &["target", "add", WASM])
}

/// Adds rustfmt and clippy to the pinned toolchain where they are missing.
///
/// # Errors
/// Where they can't be added; the message says what to run.
pub(crate) fn ensure_components(workspace: &Workspace) -> Result<()> {
    for (component, subcommand) in [("rustfmt", "fmt"), ("clippy", "clippy")] {
        if !process::succeeds(workspace.cargo().args([subcommand, "--version"])) {
            add(workspace, &["component", "add", component])?;
        }
    }
    Ok(())
}

fn add(workspace: &Workspace, what: &[&str]) -> Result<()> {
    let file = workspace.root.join("rust-toolchain.toml");
    let text = std::fs::read_to_string(&file)
        .with_context(|| format!("{} can't be read", file.display()))?;
    let channel = parse_channel(&text).context("rust-toolchain.toml names no channel")?;
    let mut rustup = Command::new("rustup");
    rustup.args(what).args(["--toolchain", channel]);
    process::run(&mut rustup).with_context(|| {
        let what = what.join(" ");
        format!("the toolchain lacks a part; run: rustup {what} --toolchain {channel}")
    })
}

/// The channel that a `rust-toolchain.toml` pins.
fn parse_channel(text: &str) -> Option<&str> {
    let mut values = text.lines().filter_map(|line| line.trim().strip_prefix("channel"));
    let value = values.find_map(|rest| rest.trim_start().strip_prefix('='))?;
    value.trim().strip_prefix('"')?.split('"').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pinned_channel_is_read() {
        assert_eq!(parse_channel("[toolchain]\nchannel = \"1.95.0\"\n"), Some("1.95.0"));
        assert_eq!(parse_channel("[toolchain]\nchannel=\"stable\" # why\n"), Some("stable"));
        assert_eq!(parse_channel("[toolchain]\nprofile = \"minimal\"\n"), None);
    }
}

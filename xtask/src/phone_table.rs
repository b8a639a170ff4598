//! `cargo xtask phone-table`: the core's table of phone numbers, generated from libphonenumber's metadata.

use anyhow::{Context, Result, bail, ensure};

use crate::workspace::Workspace;
use crate::{arguments, python};

const GENERATOR: &str = "crates/core/src/recipient/phone/generate.py";
const TABLE: &str = "crates/core/src/recipient/phone/table.rs";

/// Generates the table again.
///
/// # Errors
/// Where the generator or its Python is missing, or fails.
pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    arguments::refuse("phone-table", arguments)?;
    let Some(python) = python::ensure(workspace)? else {
        bail!("{} is missing: it pins the version of the metadata", python::REQUIREMENTS);
    };
    let made =
        workspace.command(python).arg(GENERATOR).output().context("the generator did not start")?;
    ensure!(made.status.success(), "{GENERATOR} failed: {}", String::from_utf8_lossy(&made.stderr));
    std::fs::write(workspace.root.join(TABLE), made.stdout)
        .with_context(|| format!("{TABLE} can't be written"))
}

//! `cargo xtask phone-table`: the core's table of phone numbers, generated from libphonenumber's metadata.

use anyhow::{Result, bail};

use crate::workspace::Workspace;
use crate::{help, process, python};

const GENERATOR: &str = "crates/core/src/recipient/phone/generate.py";

/// Generates the table again.
///
/// # Errors
/// Where the generator or its Python is missing, or fails.
pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    help::refuse_arguments("phone-table", arguments)?;
    let Some(python) = python::ensure(workspace)? else {
        bail!("{} is missing: it pins the version of the metadata", python::REQUIREMENTS);
    };
    process::run(workspace.command(python).arg(GENERATOR))
}

//! The Python that holds the phone numbers' oracle, in an environment of its own under the target folder.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::tools::Tool;
use crate::workspace::Workspace;
use crate::{process, tools};

/// The one place that pins the oracle's version.
pub(crate) const REQUIREMENTS: &str = "crates/core/src/recipient/phone/requirements.txt";

/// The Python of an environment that holds what [`REQUIREMENTS`] lists, made anew when that changes.
/// None where there is no such list.
///
/// # Errors
/// Where Python is missing, or pip can't install what is listed.
pub(crate) fn ensure(workspace: &Workspace) -> Result<Option<PathBuf>> {
    let requirements = workspace.root.join(REQUIREMENTS);
    if !requirements.exists() {
        return Ok(None);
    }
    let wanted =
        std::fs::read(&requirements).with_context(|| format!("{REQUIREMENTS} can't be read"))?;
    let folder = workspace.target.join("python");
    let python = python_of(&folder);
    // Written last: an environment without it was left half made.
    let installed = folder.join("installed-requirements.txt");
    if std::fs::read(&installed).is_ok_and(|present| present == wanted) && python.exists() {
        return Ok(Some(python));
    }
    tools::ensure(&[Tool::Python])?;
    println!("installing what {REQUIREMENTS} lists into {}", folder.display());
    process::run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
    let mut pip = Command::new(&python);
    pip.args(["-m", "pip", "--disable-pip-version-check", "--quiet", "install", "--requirement"]);
    process::run(pip.arg(&requirements))?;
    std::fs::write(&installed, wanted)
        .with_context(|| format!("{} can't be written", installed.display()))?;
    Ok(Some(python))
}

fn python_of(folder: &Path) -> PathBuf {
    if cfg!(windows) {
        folder.join("Scripts").join("python.exe")
    } else {
        folder.join("bin/python")
    }
}

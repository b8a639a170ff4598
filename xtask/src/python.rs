//! The Python of the tests, in an environment of its own under the target folder: the phone numbers' oracle, Schemathesis,
//! and Node.js as Python's index has it.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::tools::Tool;
use crate::workspace::Workspace;
use crate::{process, tools};

/// The one place that pins Schemathesis' version.
const SCHEMATHESIS: &str = "tests/schemathesis/requirements.txt";

/// The one place that pins Node.js' version.
const NODE: &str = "tests/node/requirements.txt";

/// The one place that pins the oracle's version.
pub(crate) const REQUIREMENTS: &str = "crates/core/src/recipient/phone/requirements.txt";

/// The Python of an environment that holds what the lists name, made anew when one changes. None where there is no
/// [`REQUIREMENTS`].
///
/// # Errors
/// Where Python is missing, or pip can't install what is listed.
pub(crate) fn ensure(workspace: &Workspace) -> Result<Option<PathBuf>> {
    let requirements = workspace.root.join(REQUIREMENTS);
    if !requirements.exists() {
        return Ok(None);
    }
    let lists = [requirements, workspace.root.join(SCHEMATHESIS), workspace.root.join(NODE)];
    let read = |list: &PathBuf| {
        std::fs::read(list).with_context(|| format!("{} can't be read", list.display()))
    };
    let wanted = lists.iter().map(read).collect::<Result<Vec<_>>>()?.concat();
    let folder = workspace.target.join("python");
    let python = python_of(&folder);
    // Written last: an environment without it was left half made.
    let installed = folder.join("installed-requirements.txt");
    if std::fs::read(&installed).is_ok_and(|present| present == wanted) && python.exists() {
        return Ok(Some(python));
    }
    tools::ensure(&[Tool::Python])?;
    println!(
        "installing what {REQUIREMENTS}, {SCHEMATHESIS} and {NODE} list into {}",
        folder.display()
    );
    process::run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
    let mut pip = Command::new(&python);
    pip.args(["-m", "pip", "--disable-pip-version-check", "--quiet", "install"]);
    for list in &lists {
        pip.arg("--requirement").arg(list);
    }
    process::run(&mut pip)?;
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

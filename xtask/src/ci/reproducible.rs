//! The same bytes from another directory: the component, built again from a copy.

use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::workspace::Workspace;
use crate::{component, process};

/// Builds the component here and from a copy with a target folder of its own, and compares.
///
/// # Errors
/// Where a build fails or the bytes differ.
pub(super) fn check(workspace: &Workspace) -> Result<()> {
    let elsewhere = workspace.target.join("elsewhere");
    // Deeper and longer than any likely root, so that a path left in the module shows.
    let copy = Workspace {
        root: elsewhere.join("a-folder-with-a-longer-name").join("copy"),
        target: elsewhere.join("target"),
    };
    copy_sources(workspace, &copy.root)?;
    let here = component::build_and_place(workspace)?;
    let there = component::build_and_place(&copy)?;
    if here != there {
        bail!(
            "the component depends on where it is built: compare {} and {}",
            workspace.component().display(),
            copy.component().display()
        );
    }
    Ok(())
}

/// Copies what git knows or would add. What the last copy held and this one doesn't is removed first.
fn copy_sources(workspace: &Workspace, to: &Path) -> Result<()> {
    if to.exists() {
        std::fs::remove_dir_all(to)
            .with_context(|| format!("{} can't be removed", to.display()))?;
    }
    let mut git = workspace.command("git");
    git.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    let listed = process::read(&mut git)?;
    for name in listed.split('\0').filter(|name| !name.is_empty()) {
        let source = workspace.root.join(name);
        // Deleted, but not yet committed.
        if !source.is_file() {
            continue;
        }
        copy_file(&source, &to.join(name)).with_context(|| format!("{name} can't be copied"))?;
    }
    Ok(())
}

fn copy_file(source: &Path, copy: &Path) -> Result<()> {
    let folder = copy.parent().context("a file without a folder")?;
    std::fs::create_dir_all(folder)?;
    std::fs::copy(source, copy)?;
    Ok(())
}

//! What git sees: that a run of the checks leaves the working tree as it found it.

use anyhow::{Result, bail};

use crate::workspace::Workspace;
use crate::{component, process};

/// The working tree at one moment: which files differ from the last commit, and how.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Snapshot {
    status: String,
    content: String,
}

impl Snapshot {
    /// Looks at the working tree.
    ///
    /// # Errors
    /// Where git can't.
    pub(super) fn take(workspace: &Workspace) -> Result<Self> {
        let mut git = workspace.command("git");
        let status = process::read(git.args(["status", "--porcelain", "--untracked-files=all"]))?;
        let mut git = workspace.command("git");
        let difference = process::read(git.args(["diff", "HEAD", "--binary", "--no-color"]))?;
        Ok(Self { status, content: component::sha256(difference.as_bytes()) })
    }

    /// Compares the working tree with what it was. What a developer hasn't committed yet may stay so;
    /// in CI nothing may be there that isn't committed.
    ///
    /// # Errors
    /// Where something was generated that is not committed; the message names the files.
    pub(super) fn check(&self, now: &Self, is_ci: bool) -> Result<()> {
        if now != self || (is_ci && !now.status.is_empty()) {
            bail!(
                "the checks changed files; commit what was generated:\n{}",
                now.status.trim_end()
            );
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot(status: &str, content: &str) -> Snapshot {
        Snapshot { status: status.to_owned(), content: content.to_owned() }
    }

    #[test]
    fn a_developers_own_changes_are_no_fault_but_in_ci() {
        let changed = snapshot(" M README.md\n", "1");
        assert!(changed.check(&snapshot(" M README.md\n", "1"), false).is_ok());
        assert!(changed.check(&snapshot(" M README.md\n", "1"), true).is_err());
    }

    #[test]
    fn a_generated_difference_is_named() {
        let before = snapshot(" M table.rs\n", "1");
        let refusal = before.check(&snapshot(" M table.rs\n", "2"), false).unwrap_err();
        assert!(refusal.to_string().contains("table.rs"));
    }
}

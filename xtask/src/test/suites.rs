//! The test binaries: cargo builds them and says where they are.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::process;
use crate::workspace::{Crate, Kind, Workspace};

/// The argument of libtest that has it tell the names of its tests.
pub(super) const LIST: &str = "--list";

/// The package of the suites below `tests/`.
const SUITES: &str = "countersign-tests";

/// A test binary.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Suite {
    /// What it is called in the table.
    pub(super) name: String,
    /// The binary.
    pub(super) binary: PathBuf,
    /// Its package.
    pub(super) package: String,
    /// The folder of its package, where cargo would run it.
    pub(super) folder: PathBuf,
}

impl Suite {
    /// Its binary, to be run as `cargo test` does.
    pub(super) fn command(&self, workspace: &Workspace) -> Command {
        let mut command = workspace.command(&self.binary);
        command.current_dir(&self.folder);
        command.env("CARGO_MANIFEST_DIR", &self.folder).env("CARGO_PKG_NAME", &self.package);
        command
    }

    /// Whether its tests start servers and watch their times: those below `tests/` but for the oracle.
    pub(super) fn starts_servers(&self) -> bool {
        self.package == SUITES && !self.name.ends_with(" phone_oracle")
    }

    /// How many of its tests these arguments of libtest leave, the ignored ones among them.
    ///
    /// # Errors
    /// Where it can't be asked.
    pub(super) fn count(&self, workspace: &Workspace, arguments: &[String]) -> Result<usize> {
        let mut command = self.command(workspace);
        command.args(arguments.iter().filter(|argument| *argument != LIST));
        command.args([LIST, "--format", "terse"]);
        let listed = process::read(&mut command)?;
        Ok(listed.lines().filter(|line| line.ends_with(": test")).count())
    }
}

/// Builds the test binaries, or those that have this name only, in the order of their names.
///
/// # Errors
/// Where the build fails.
pub(super) fn build(workspace: &Workspace, only: Option<&str>) -> Result<Vec<Suite>> {
    let mut cargo = workspace.cargo();
    cargo.args(["test", "--workspace"]).args(only.iter().flat_map(|name| ["--test", name]));
    cargo.args(["--no-run", "--message-format", "json-render-diagnostics"]);
    let messages = process::read(cargo.stderr(Stdio::inherit()))?;
    let mut suites = parse(&messages, &workspace.crates()?)?;
    suites.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(suites)
}

/// The test binaries among cargo's messages, one a line.
fn parse(messages: &str, crates: &[Crate]) -> Result<Vec<Suite>> {
    let mut suites = Vec::new();
    for message in messages.lines() {
        let message: Value = serde_json::from_str(message).context("a message is not JSON")?;
        let text = |place: &str| message.pointer(place).and_then(Value::as_str);
        let is_test = message.pointer("/profile/test") == Some(&Value::Bool(true));
        let (Some(binary), Some(root), true) =
            (text("/executable"), text("/target/src_path"), is_test)
        else {
            continue;
        };
        let of = crates.iter().find(|of| of.root == Path::new(root));
        let of = of.with_context(|| format!("{root} belongs to no package"))?;
        suites.push(Suite {
            name: name(of),
            binary: binary.into(),
            package: of.package.clone(),
            folder: of.folder.clone(),
        });
    }
    Ok(suites)
}

fn name(of: &Crate) -> String {
    if of.kind == Kind::Library || of.name == of.package {
        of.package.clone()
    } else {
        format!("{} {}", of.package, of.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str, kind: Kind, root: &str) -> Crate {
        let (package, folder) = ("pack".to_owned(), "/w/pack".into());
        Crate { package, folder, name: name.to_owned(), kind, root: root.into() }
    }

    #[test]
    fn the_binaries_that_cargo_built_for_tests_are_found() {
        let crates =
            [of("pack", Kind::Library, "/w/lib.rs"), of("races", Kind::Suite, "/w/races.rs")];
        let messages = [
            r#"{"reason": "build-script-executed"}"#,
            r#"{"executable": null, "profile": {"test": false}, "target": {"src_path": "/w/lib.rs"}}"#,
            r#"{"executable": "/t/main", "profile": {"test": false}, "target": {"src_path": "/w/main.rs"}}"#,
            r#"{"executable": "/t/lib-1", "profile": {"test": true}, "target": {"src_path": "/w/lib.rs"}}"#,
            r#"{"executable": "/t/races-1", "profile": {"test": true}, "target": {"src_path": "/w/races.rs"}}"#,
        ];
        let suite = |name: &str, binary: &str| Suite {
            name: name.to_owned(),
            binary: binary.into(),
            package: "pack".to_owned(),
            folder: "/w/pack".into(),
        };
        let expected = [suite("pack", "/t/lib-1"), suite("pack races", "/t/races-1")];
        assert_eq!(parse(&messages.join("\n"), &crates).unwrap(), expected);
        assert!(parse(messages.last().unwrap(), &[]).is_err());
    }
}

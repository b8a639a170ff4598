//! The crates of the workspace: what each package is compiled to.

use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::Value;

use super::Workspace;
use crate::process;

/// A crate of a package.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Crate {
    /// The package.
    pub(crate) package: String,
    /// Its root file.
    pub(crate) root: PathBuf,
}

impl Workspace {
    /// The libraries and programs of the workspace.
    ///
    /// # Errors
    /// Where cargo can't tell.
    pub(crate) fn crates(&self) -> Result<Vec<Crate>> {
        let mut cargo = self.cargo();
        cargo.args(["metadata", "--no-deps", "--format-version", "1"]);
        parse(&process::read(&mut cargo)?).context("cargo metadata names no crates")
    }
}

fn parse(metadata: &str) -> Option<Vec<Crate>> {
    let metadata: Value = serde_json::from_str(metadata).ok()?;
    let mut crates = Vec::new();
    for package in metadata.get("packages")?.as_array()? {
        let name = package.get("name")?.as_str()?;
        for target in package.get("targets")?.as_array()? {
            let kinds = target.get("kind")?.as_array()?;
            if kinds.iter().any(|kind| kind == "lib" || kind == "cdylib" || kind == "bin") {
                let root = target.get("src_path")?.as_str()?.into();
                crates.push(Crate { package: name.to_owned(), root });
            }
        }
    }
    Some(crates)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_counts_and_a_test_does_not() {
        let text = r#"{"packages": [{"name": "a", "targets": [
            {"kind": ["cdylib", "lib"], "src_path": "/w/a/src/lib.rs"},
            {"kind": ["test"], "src_path": "/w/a/tests/main.rs"},
            {"kind": ["custom-build"], "src_path": "/w/a/build.rs"}
        ]}]}"#;
        let expected = Crate { package: "a".to_owned(), root: "/w/a/src/lib.rs".into() };
        assert_eq!(parse(text), Some(vec![expected]));
        assert_eq!(parse("{}"), None);
    }
}

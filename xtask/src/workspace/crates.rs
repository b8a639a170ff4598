//! The crates of the workspace: what each package is compiled to.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;

use super::Workspace;
use crate::process;

/// A crate of a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Crate {
    /// The package.
    pub(crate) package: String,
    /// The folder of the package's `Cargo.toml`.
    pub(crate) folder: PathBuf,
    /// Its own name.
    pub(crate) name: String,
    /// What it is.
    pub(crate) kind: Kind,
    /// Its root file.
    pub(crate) root: PathBuf,
}

/// What a crate is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A library or a component.
    Library,
    /// A program.
    Program,
    /// A suite of tests.
    Suite,
}

impl Workspace {
    /// The libraries, programs and suites of the workspace.
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
        let name = text(package, "name")?;
        let folder = Path::new(text(package, "manifest_path")?).parent()?;
        for target in package.get("targets")?.as_array()? {
            let Some(kind) = kind(target) else { continue };
            crates.push(Crate {
                package: name.to_owned(),
                folder: folder.to_owned(),
                name: text(target, "name")?.to_owned(),
                kind,
                root: text(target, "src_path")?.into(),
            });
        }
    }
    Some(crates)
}

fn kind(target: &Value) -> Option<Kind> {
    let kinds = target.get("kind")?.as_array()?;
    kinds.iter().find_map(|kind| match kind.as_str()? {
        "bin" => Some(Kind::Program),
        "cdylib" | "lib" => Some(Kind::Library),
        "test" => Some(Kind::Suite),
        _ => None,
    })
}

fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key)?.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_crate_is_told_by_its_package_and_kind() {
        let metadata = r#"{"packages": [{"name": "a", "manifest_path": "/w/a/Cargo.toml", "targets": [
            {"name": "a", "kind": ["cdylib", "lib"], "src_path": "/w/a/src/lib.rs"},
            {"name": "main", "kind": ["test"], "src_path": "/w/a/tests/main.rs"},
            {"name": "build-script-build", "kind": ["custom-build"], "src_path": "/w/a/build.rs"}
        ]}]}"#;
        let library = Crate {
            package: "a".to_owned(),
            folder: "/w/a".into(),
            name: "a".to_owned(),
            kind: Kind::Library,
            root: "/w/a/src/lib.rs".into(),
        };
        let suite = Crate {
            name: "main".to_owned(),
            kind: Kind::Suite,
            root: "/w/a/tests/main.rs".into(),
            ..library.clone()
        };
        assert_eq!(parse(metadata), Some(vec![library, suite]));
        assert_eq!(parse("{}"), None);
    }
}

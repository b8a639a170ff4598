//! Where things are: asked of cargo, so that `CARGO_TARGET_DIR` and every subfolder work.

mod crates;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

pub(crate) use self::crates::{Crate, Kind};
use crate::process;

/// The workspace and the folder that holds what is built from it.
#[derive(Clone, Debug)]
pub(crate) struct Workspace {
    /// The folder of the workspace's `Cargo.toml`.
    pub(crate) root: PathBuf,
    /// Cargo's target directory, absolute.
    pub(crate) target: PathBuf,
}

impl Workspace {
    /// The workspace around the current folder.
    ///
    /// # Errors
    /// Where cargo finds none.
    pub(crate) fn find() -> Result<Self> {
        let mut cargo = Command::new(cargo_program());
        cargo.args(["metadata", "--no-deps", "--format-version", "1"]);
        Self::from_metadata(&process::read(&mut cargo)?)
    }

    fn from_metadata(text: &str) -> Result<Self> {
        let metadata: Value = serde_json::from_str(text).context("cargo metadata is not JSON")?;
        let folder = |key: &str| {
            let value = metadata.get(key).and_then(Value::as_str);
            value.map(PathBuf::from).with_context(|| format!("cargo metadata has no {key}"))
        };
        Ok(Self { root: folder("workspace_root")?, target: folder("target_directory")? })
    }

    /// `cargo`, to be run in the workspace's root with its target directory.
    pub(crate) fn cargo(&self) -> Command {
        let mut cargo = self.command(cargo_program());
        cargo.env("CARGO_TARGET_DIR", &self.target);
        // What the cargo that runs us says of this package. Build scripts that look at these (ring's does) would run again,
        // and all that depends on them be compiled again, whenever cargo is called the other way.
        for (name, _) in std::env::vars_os() {
            if is_of_a_package(&name.to_string_lossy()) {
                cargo.env_remove(name);
            }
        }
        cargo
    }

    /// Another program, to be run in the workspace's root.
    pub(crate) fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root);
        command
    }

    /// The component.
    pub(crate) fn component(&self) -> PathBuf {
        self.target.join("countersign.wasm")
    }

    /// One of the compositions of the edge app.
    pub(crate) fn edge(&self, name: &str) -> PathBuf {
        // Below the root, whatever the target directory: `spin.toml` names it.
        self.root.join("target").join(name).with_extension("wasm")
    }

    /// The host's binary.
    pub(crate) fn host(&self, profile: Profile) -> PathBuf {
        let name = format!("countersign{}", std::env::consts::EXE_SUFFIX);
        self.target.join(profile.folder()).join(name)
    }

    /// The packages that a build for `platform` uses.
    ///
    /// # Errors
    /// Where cargo can't resolve or fetch them.
    pub(crate) fn packages(&self, platform: &str) -> Result<Vec<Package>> {
        let mut cargo = self.cargo();
        cargo.args(["metadata", "--format-version", "1", "--filter-platform", platform]);
        parse_packages(&process::read(&mut cargo)?)
    }
}

/// How the host is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Profile {
    /// Cargo's `dev`, shared with the tests.
    Development,
    /// `trial`: quick to build, for `cargo xtask serve`.
    Trial,
    /// Cargo's `release`.
    Release,
}

impl Profile {
    fn folder(self) -> &'static str {
        match self {
            Self::Development => "debug",
            Self::Trial => "trial",
            Self::Release => "release",
        }
    }
}

/// A package as `cargo metadata` tells of it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Package {
    /// Its name.
    pub(crate) name: String,
    /// Its version.
    pub(crate) version: String,
    /// The folder of its `Cargo.toml`.
    pub(crate) folder: PathBuf,
    /// Whether it comes from outside this workspace.
    pub(crate) is_foreign: bool,
}

/// The packages of a `cargo metadata`.
///
/// # Errors
/// Where the text isn't what cargo writes.
pub(crate) fn parse_packages(metadata: &str) -> Result<Vec<Package>> {
    let metadata: Value = serde_json::from_str(metadata).context("cargo metadata is not JSON")?;
    let packages = metadata.get("packages").and_then(Value::as_array);
    let packages = packages.context("cargo metadata has no packages")?;
    packages
        .iter()
        .map(|package| parse_package(package).context("a package without a name"))
        .collect()
}

fn parse_package(package: &Value) -> Option<Package> {
    let text = |key: &str| package.get(key).and_then(Value::as_str);
    Some(Package {
        name: text("name")?.to_owned(),
        version: text("version")?.to_owned(),
        folder: Path::new(text("manifest_path")?).parent()?.to_owned(),
        is_foreign: text("source").is_some(),
    })
}

/// Whether cargo sets a variable for the package that it runs.
fn is_of_a_package(name: &str) -> bool {
    ["CARGO_BIN_", "CARGO_CRATE_NAME", "CARGO_MANIFEST_", "CARGO_PKG_", "CARGO_PRIMARY_PACKAGE"]
        .iter()
        .any(|beginning| name.starts_with(beginning))
}

/// The cargo that runs us, or the one on the `PATH`.
fn cargo_program() -> std::ffi::OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cargo_says_of_this_package_is_not_handed_on() {
        let told = |name| is_of_a_package(name);
        assert!(
            told("CARGO_PKG_NAME") && told("CARGO_MANIFEST_DIR") && told("CARGO_MANIFEST_LINKS")
        );
        assert!(
            !told("CARGO_TARGET_DIR") && !told("CARGO_HOME") && !told("CARGO") && !told("PATH")
        );
        let workspace =
            Workspace::from_metadata(r#"{"workspace_root": "/", "target_directory": "/t"}"#);
        let cargo = workspace.unwrap().cargo();
        let removed =
            |name: &str| cargo.get_envs().any(|(key, value)| key == name && value.is_none());
        assert!(removed("CARGO_PKG_NAME"), "the test itself runs with it");
    }

    #[test]
    fn the_folders_are_those_that_cargo_names() {
        let text = r#"{"workspace_root": "/w", "target_directory": "/elsewhere/t"}"#;
        let workspace = Workspace::from_metadata(text).unwrap();
        assert_eq!(workspace.root, Path::new("/w"));
        assert_eq!(workspace.component(), Path::new("/elsewhere/t/countersign.wasm"));
        assert!(Workspace::from_metadata("{}").is_err());
    }

    #[test]
    fn a_package_with_a_source_is_foreign() {
        let text = r#"{"packages": [
            {"name": "a", "version": "1.2.3", "manifest_path": "/r/a-1.2.3/Cargo.toml", "source": "registry"},
            {"name": "b", "version": "0.1.0", "manifest_path": "/w/b/Cargo.toml", "source": null}
        ]}"#;
        let packages = parse_packages(text).unwrap();
        assert_eq!(packages[0].folder, Path::new("/r/a-1.2.3"));
        assert!(packages[0].is_foreign);
        assert!(!packages[1].is_foreign);
    }
}

//! `cargo xtask wit`: formats the contract and vendors what it builds on.

mod format;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use wit_parser::Resolve;

use crate::workspace::{Workspace, parse_packages};
use crate::{component, help, process};

/// What the contract imports of WASI, directly or not.
const VENDORED: [&str; 3] = ["clocks", "io", "random"];

/// Where the files are that CI holds against their source, within `wit/`.
const VENDOR_FOLDER: &str = "deps";

/// Formats `wit/` and vendors `wit/deps` again.
///
/// # Errors
/// Where the source of WASI can't be had, a file can't be written, or something remains to be mended by
/// hand.
pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    help::refuse_arguments("wit", arguments)?;
    let vendored = workspace.root.join("wit").join(VENDOR_FOLDER);
    let expected = vendored_files(workspace)?;
    for path in files_below(&vendored)? {
        if !expected.contains_key(&path) {
            std::fs::remove_file(&path).with_context(|| format!("{} stays", path.display()))?;
        }
    }
    for (path, text) in &expected {
        let folder = path.parent().context("a vendored file without a folder")?;
        std::fs::create_dir_all(folder)
            .with_context(|| format!("{} can't be made", folder.display()))?;
        component::write_if_changed(path, text.as_bytes())?;
    }
    for (path, text) in contract(workspace)? {
        component::write_if_changed(&path, format::format(&text).as_bytes())?;
    }
    check(workspace)
}

/// Checks that the contract parses, with what it builds on, and looks as it should.
///
/// # Errors
/// Where it doesn't; the message names each place.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    let mut faults = Vec::new();
    for (path, text) in contract(workspace)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let formatted = format::format(&text);
        if formatted != text {
            faults.push(format!("wit/{name} isn't formatted; run: cargo xtask wit"));
        }
        faults.extend(format::faults(&formatted).iter().map(|fault| format!("wit/{name}:{fault}")));
    }
    if !faults.is_empty() {
        bail!(faults.join("\n"));
    }
    Resolve::default().push_dir(workspace.root.join("wit")).context("wit/ doesn't parse")?;
    Ok(())
}

/// Checks that `wit/deps` holds what its source does.
///
/// # Errors
/// Where it doesn't, or the source can't be had.
pub(crate) fn check_vendored(workspace: &Workspace) -> Result<()> {
    let expected = vendored_files(workspace)?;
    let mut present = BTreeMap::new();
    for path in files_below(&workspace.root.join("wit").join(VENDOR_FOLDER))? {
        let text = read(&path)?;
        present.insert(path, text);
    }
    if present != expected {
        bail!("wit/{VENDOR_FOLDER} differs from its source; run: cargo xtask wit");
    }
    Ok(())
}

/// The contract's own files and their text.
fn contract(workspace: &Workspace) -> Result<Vec<(PathBuf, String)>> {
    let folder = workspace.root.join("wit");
    let vendored = folder.join(VENDOR_FOLDER);
    let own = files_below(&folder)?.into_iter().filter(|path| !path.starts_with(&vendored));
    own.map(|path| read(&path).map(|text| (path, text))).collect()
}

/// What `wit/deps` should hold: WASI as the wasmtime has it that the host is built with.
fn vendored_files(workspace: &Workspace) -> Result<BTreeMap<PathBuf, String>> {
    let source = wasi_source(workspace)?.join("src/p2/wit/deps");
    let mut files = BTreeMap::new();
    for name in VENDORED {
        let text = read(&source.join(format!("{name}.wit")))?;
        let folder = folder_of(&text).with_context(|| format!("{name}.wit names no package"))?;
        let path = workspace.root.join("wit").join(VENDOR_FOLDER).join(folder);
        files.insert(path.join(format!("{name}.wit")), text);
    }
    Ok(files)
}

/// The folder of a package: `package wasi:io@0.2.12;` lies in `wasi-io@0.2.12`.
fn folder_of(text: &str) -> Option<String> {
    let package = text.lines().find_map(|line| line.strip_prefix("package "))?;
    let (namespace, rest) = package.trim_end().strip_suffix(';')?.split_once(':')?;
    Some(format!("{namespace}-{rest}"))
}

/// Where cargo keeps the source of `wasmtime-wasi`, fetched for this: nothing of ours depends on it.
fn wasi_source(workspace: &Workspace) -> Result<PathBuf> {
    let lock = read(&workspace.root.join("Cargo.lock"))?;
    let version = locked_version(&lock, "wasmtime").context("Cargo.lock holds no wasmtime")?;
    let folder = workspace.target.join("wit-source");
    let manifest = format!(
        "[package]\nname = \"wit-source\"\nedition = \"2024\"\n\n[lib]\npath = \"lib.rs\"\n\n\
         [dependencies]\nwasmtime-wasi = {{ version = \"={version}\", default-features = false }}\n\n\
         [workspace]\n"
    );
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("{} can't be made", folder.display()))?;
    component::write_if_changed(&folder.join("lib.rs"), b"")?;
    component::write_if_changed(&folder.join("Cargo.toml"), manifest.as_bytes())?;
    let mut cargo = workspace.cargo();
    cargo.current_dir(&folder);
    // For a platform of few dependencies: the files are the same for all.
    cargo.args(["metadata", "--format-version", "1", "--filter-platform", crate::toolchain::WASM]);
    let packages = parse_packages(&process::read(&mut cargo)?)?;
    let found = packages.into_iter().find(|package| package.name == "wasmtime-wasi");
    Ok(found.context("cargo doesn't know where wasmtime-wasi is")?.folder)
}

/// The version of a package in a `Cargo.lock`.
fn locked_version<'a>(lock: &'a str, name: &str) -> Option<&'a str> {
    let heading = format!("name = \"{name}\"");
    let mut lines = lock.lines().skip_while(|line| *line != heading).skip(1);
    lines.next()?.strip_prefix("version = \"")?.strip_suffix('"')
}

/// Every file in a folder and those below it, in the order of their paths.
fn files_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder)
            .with_context(|| format!("{} can't be read", folder.display()))?;
        for entry in entries {
            let path = entry?.path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    Ok(files)
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("{} can't be read", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_lies_in_the_folder_of_its_name() {
        assert_eq!(folder_of("package wasi:io@0.2.12;\n").as_deref(), Some("wasi-io@0.2.12"));
        assert_eq!(folder_of("interface x {}\n"), None);
    }

    #[test]
    fn the_locked_version_is_that_of_the_very_name() {
        let lock = "[[package]]\nname = \"wasmtime-environ\"\nversion = \"1.0.0\"\n\n\
                    [[package]]\nname = \"wasmtime\"\nversion = \"48.0.8\"\n";
        assert_eq!(locked_version(lock, "wasmtime"), Some("48.0.8"));
        assert_eq!(locked_version(lock, "wasm"), None);
    }
}

//! `cargo xtask wit`: formats the contract and vendors what it builds on.

mod format;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use wit_parser::Resolve;

use crate::workspace::{Workspace, parse_packages};
use crate::{arguments, component, process};

/// What the contract imports, directly or not.
const VENDORED: [Vendored; 6] = [
    // WASI 0.2, as the wasmtime has it that the host is built with.
    Vendored {
        package: "wasmtime-wasi-http",
        version: Version::OfWasmtime,
        folder: "wit/deps",
        files: &["cli", "clocks", "filesystem", "http", "io", "random", "sockets"],
        heading: None,
    },
    // The drafts that wasmtime implements, and with it other hosts than Spin.
    Vendored {
        package: "wasmtime-wasi-keyvalue",
        version: Version::OfWasmtime,
        folder: "wit/deps/keyvalue",
        files: &["atomic", "batch", "store", "watch", "world"],
        heading: None,
    },
    Vendored {
        package: "wasmtime-wasi-config",
        version: Version::OfWasmtime,
        folder: "wit/deps/config",
        files: &["store", "world"],
        heading: None,
    },
    // Those that Spin implements.
    Vendored {
        package: "spin-sdk",
        version: Version::Of("7.0.0"),
        folder: "wit/deps/wasi-keyvalue-2024-10-17",
        files: &["atomic", "batch", "store", "watch", "world"],
        heading: None,
    },
    Vendored {
        package: "spin-sdk",
        version: Version::Of("7.0.0"),
        folder: "wit/deps/wasi-runtime-config-2024-09-27",
        files: &["store", "world"],
        heading: None,
    },
    // Spin's synchronous Redis. The rest of its package isn't needed.
    Vendored {
        package: "spin-sdk",
        version: Version::Of("5.2.0"),
        folder: "wit/deps/spin@2.0.0",
        files: &["redis"],
        heading: Some("package fermyon:spin@2.0.0;\n\n"),
    },
];

/// WIT files of another project, out of its crate.
struct Vendored {
    package: &'static str,
    version: Version,
    /// Where they lie in the crate.
    folder: &'static str,
    /// Their names, without `.wit`.
    files: &'static [&'static str],
    /// What each is put under, where the file that names their package is left out.
    heading: Option<&'static str>,
}

/// Which version of a crate.
#[derive(Clone, Copy)]
enum Version {
    /// This one.
    Of(&'static str),
    /// That of wasmtime.
    OfWasmtime,
}

/// Where the files are that CI holds against their source, within `wit/`.
const VENDOR_FOLDER: &str = "deps";

/// Formats `wit/` and vendors `wit/deps` again.
///
/// # Errors
/// Where the source of WASI can't be had, a file can't be written, or something remains to be mended by
/// hand.
pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    arguments::refuse("wit", arguments)?;
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

/// What `wit/deps` should hold.
fn vendored_files(workspace: &Workspace) -> Result<BTreeMap<PathBuf, String>> {
    let lock = read(&workspace.root.join("Cargo.lock"))?;
    let wasmtime = locked_version(&lock, "wasmtime").context("Cargo.lock holds no wasmtime")?;
    let deps = workspace.root.join("wit").join(VENDOR_FOLDER);
    let mut files = BTreeMap::new();
    for vendored in &VENDORED {
        let version = match vendored.version {
            Version::Of(version) => version,
            Version::OfWasmtime => wasmtime,
        };
        let source = crate_source(workspace, vendored.package, version)?.join(vendored.folder);
        let mut texts = Vec::new();
        for name in vendored.files {
            let text = read(&source.join(format!("{name}.wit")))?;
            texts.push((name, vendored.heading.unwrap_or_default().to_owned() + &text));
        }
        // Files of one package may name it once, or each its own.
        let shared = texts.iter().find_map(|(_, text)| folder_of(text));
        for (name, text) in texts {
            let folder = folder_of(&text).or_else(|| shared.clone());
            let folder = folder.with_context(|| format!("{name}.wit names no package"))?;
            files.insert(deps.join(folder).join(format!("{name}.wit")), text);
        }
    }
    Ok(files)
}

/// The folder of a package: `package wasi:io@0.2.12;` lies in `wasi-io@0.2.12`.
fn folder_of(text: &str) -> Option<String> {
    let package = text.lines().find_map(|line| line.strip_prefix("package "))?;
    let (namespace, rest) = package.trim_end().strip_suffix(';')?.split_once(':')?;
    Some(format!("{namespace}-{rest}"))
}

/// Where cargo keeps the source of a crate, fetched for this: nothing of ours need depend on it.
fn crate_source(workspace: &Workspace, name: &str, version: &str) -> Result<PathBuf> {
    let folder = workspace.target.join("wit-source").join(format!("{name}-{version}"));
    let manifest = format!(
        "[package]\nname = \"wit-source\"\nedition = \"2024\"\n\n[lib]\npath = \"lib.rs\"\n\n\
         [dependencies]\n{name} = {{ version = \"={version}\", default-features = false }}\n\n\
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
    let found = packages.into_iter().find(|package| package.name == name);
    Ok(found.with_context(|| format!("cargo doesn't know where {name} is"))?.folder)
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
        let old = folder_of("/// Some words.\npackage wasi:keyvalue@0.2.0-draft2;\n");
        assert_eq!(old.as_deref(), Some("wasi-keyvalue@0.2.0-draft2"));
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

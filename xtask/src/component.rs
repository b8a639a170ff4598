//! Components: the modules that cargo builds, wrapped; the same bytes everywhere.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};
use wasmparser::BinaryReader;
use wit_component::ComponentEncoder;

use crate::process;
use crate::toolchain::{self, WASM};
use crate::workspace::{Package, Workspace};

/// One initial page holds the shadow stack and the data, which makes fresh instances cheap.
const STACK_BYTES: u32 = 32_768;

/// What stands before a component's sections: magic number, version, layer.
const HEADER_BYTES: usize = 8;
/// The id of sections that mean nothing to a runtime, and the name of one of them.
const CUSTOM_SECTION: u8 = 0;
const NAMES: &str = "component-name";

/// The profile in `Cargo.toml`: one for all components, as macros are compiled once for each.
const PROFILE: &str = "component";

/// The package of `countersign.wasm`.
const ENGINE: &str = "countersign-otp";

/// Builds `countersign.wasm`.
///
/// # Errors
/// As [`build_packages`].
pub(crate) fn build(workspace: &Workspace) -> Result<Vec<u8>> {
    // By itself: what other packages want of a shared dependency can't change its bytes.
    let [component] = build_packages(workspace, None, [ENGINE])?;
    Ok(component)
}

/// Builds some packages, each as a component, with what a file says in place of the profile's own settings.
///
/// # Errors
/// Where the wasm target can't be added, a build fails, or a module is no valid component.
pub(crate) fn build_packages<const N: usize>(
    workspace: &Workspace,
    settings: Option<&str>,
    packages: [&str; N],
) -> Result<[Vec<u8>; N]> {
    toolchain::ensure_wasm_target(workspace)?;
    let mut cargo = workspace.cargo();
    cargo.args(["build", "--profile", PROFILE, "--target", WASM]);
    cargo.args(settings.iter().flat_map(|file| ["--config", file]));
    cargo.args(packages.iter().flat_map(|package| ["--package", package]));
    cargo.env("CARGO_ENCODED_RUSTFLAGS", rustflags(workspace)?);
    process::run(&mut cargo)?;
    let mut components = [const { Vec::new() }; N];
    for (component, package) in components.iter_mut().zip(packages) {
        let module = module_path(&workspace.target, package);
        let bytes = std::fs::read(&module).with_context(|| {
            format!("{} is missing; is {package} a `cdylib`?", module.display())
        })?;
        *component =
            encode(&bytes).with_context(|| format!("{} is no component", module.display()))?;
    }
    Ok(components)
}

/// Builds `countersign.wasm` and puts it where the tools look for it.
///
/// # Errors
/// As [`build`], and where the file can't be written.
pub(crate) fn build_and_place(workspace: &Workspace) -> Result<Vec<u8>> {
    let bytes = build(workspace)?;
    write_if_changed(&workspace.component(), &bytes)?;
    Ok(bytes)
}

/// Writes a file unless it already holds these bytes, so that nothing that depends on it is redone.
/// It is replaced in one step: a reader sees the old or the new file.
///
/// # Errors
/// Where it can't be written.
pub(crate) fn write_if_changed(path: &Path, bytes: &[u8]) -> Result<()> {
    if std::fs::read(path).is_ok_and(|present| present == bytes) {
        return Ok(());
    }
    let mut half = path.as_os_str().to_owned();
    half.push(".new");
    std::fs::write(&half, bytes)
        .and_then(|()| std::fs::rename(&half, path))
        .with_context(|| format!("{} can't be written", path.display()))
}

/// The SHA-256 of some bytes, in hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in Sha256::digest(bytes) {
        // Writing to a String can't fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

fn encode(module: &[u8]) -> Result<Vec<u8>> {
    without_names(&ComponentEncoder::default().validate(true).module(module)?.encode()?)
}

/// A component without the names that its parts have for debugging: some kilobytes that nothing needs.
///
/// # Errors
/// Where it is no binary.
pub(crate) fn without_names(component: &[u8]) -> Result<Vec<u8>> {
    let (header, _) = component.split_at_checked(HEADER_BYTES).context("it has no header")?;
    let mut kept = header.to_vec();
    let mut reader = BinaryReader::new(component, 0);
    reader.read_bytes(HEADER_BYTES)?;
    while !reader.eof() {
        let begin = reader.current_position();
        let id = reader.read_u8()?;
        let content = reader.read_reader()?;
        let is_custom = id == CUSTOM_SECTION;
        if !(is_custom && content.clone().read_string().is_ok_and(|name| name == NAMES)) {
            kept.extend_from_slice(component.get(begin..reader.current_position()).unwrap_or(&[]));
        }
    }
    Ok(kept)
}

fn module_path(target: &Path, package: &str) -> PathBuf {
    target.join(WASM).join(PROFILE).join(format!("{}.wasm", package.replace('-', "_")))
}

/// The flags that make the module small at start and free of this machine's paths, as
/// `CARGO_ENCODED_RUSTFLAGS` wants them: so a folder's name may hold spaces. A `RUSTFLAGS` of the
/// caller's doesn't reach the component.
fn rustflags(workspace: &Workspace) -> Result<OsString> {
    let mut flags = vec![
        OsString::from("-C"),
        format!("link-arg=-zstack-size={STACK_BYTES}").into(),
        // Numbers that the linker fills in take five bytes each otherwise, whatever their size.
        OsString::from("-C"),
        OsString::from("link-arg=--compress-relocations"),
    ];
    let rustc = process::read(workspace.command("rustc").args(["--version", "--verbose"]))?;
    let sysroot = process::read(workspace.command("rustc").args(["--print", "sysroot"]))?;
    let packages = workspace.packages(WASM)?;
    let commit = parse_commit(&rustc).context("`rustc --version` names no commit")?;
    for (from, to) in remappings(&workspace.root, Path::new(sysroot.trim()), commit, &packages) {
        let mut flag = OsString::from("--remap-path-prefix=");
        flag.push(from);
        flag.push("=");
        flag.push(to);
        flags.push(flag);
    }
    Ok(flags.join(std::ffi::OsStr::new("\u{1f}")))
}

/// Which folders of this machine get which name; the last match counts.
fn remappings(
    root: &Path,
    sysroot: &Path,
    commit: &str,
    packages: &[Package],
) -> Vec<(PathBuf, String)> {
    let mut remappings = vec![
        (root.to_owned(), "/countersign".to_owned()),
        // Where the standard library's source is installed, rustc names those files instead of this.
        (sysroot.join("lib/rustlib/src/rust"), format!("/rustc/{commit}")),
    ];
    // Not cargo's home alone: its folders are named for the registry, and sources may be vendored.
    let foreign = packages.iter().filter(|package| package.is_foreign);
    for folder in foreign.filter_map(|package| package.folder.parent()) {
        if !remappings.iter().any(|(from, _)| from == folder) {
            remappings.push((folder.to_owned(), "/crates".to_owned()));
        }
    }
    remappings
}

fn parse_commit(version: &str) -> Option<&str> {
    version.lines().find_map(|line| line.strip_prefix("commit-hash: "))
}

#[cfg(test)]
mod tests;

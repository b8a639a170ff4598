//! The component's native code, kept between runs: a composed app takes seconds to compile.
//!
//! What is loaded is executed: a file counts only where no other user could have written it.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use sha2::{Digest, Sha256};
use wasmtime::Engine;
use wasmtime::component::Component;

/// Loads a component's native code, or compiles it and keeps the result where that is possible.
pub(crate) fn load(
    engine: &Engine,
    bytes: &[u8],
    directory: Option<&Path>,
) -> wasmtime::Result<Component> {
    let Some(path) = directory.map(|directory| file(engine, bytes, directory)) else {
        return Component::new(engine, bytes);
    };
    if let Some(component) = trusted(&path).then(|| deserialize(engine, &path)).flatten() {
        return Ok(component);
    }
    let component = Component::new(engine, bytes)?;
    if let Err(error) =
        component.serialize().map_err(io::Error::other).and_then(|code| keep(&path, &code))
    {
        eprintln!("native code can't be kept at {}: {error}", path.display());
    }
    Ok(component)
}

/// Beside the program that runs, which for a test is in the target folder.
pub(crate) fn usual_directory() -> Option<PathBuf> {
    Some(std::env::current_exe().ok()?.parent()?.join("spin-stand-in-cache"))
}

fn file(engine: &Engine, bytes: &[u8], directory: &Path) -> PathBuf {
    let mut hasher = DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut hasher);
    let digest = data_encoding::HEXLOWER.encode(&Sha256::digest(bytes));
    directory.join(format!("{digest}-{:016x}.cwasm", hasher.finish()))
}

/// Whether file and folder are ours, and no other user may write to them.
fn trusted(path: &Path) -> bool {
    let user = rustix::process::geteuid().as_raw();
    let ours = |path: &Path| {
        fs::symlink_metadata(path).is_ok_and(|metadata| {
            metadata.uid() == user && metadata.mode() & 0o022 == 0 && !metadata.is_symlink()
        })
    };
    ours(path) && path.parent().is_some_and(ours)
}

#[expect(unsafe_code, reason = "loading native code that an earlier run made")]
fn deserialize(engine: &Engine, path: &Path) -> Option<Component> {
    // SAFETY: the file was written by `keep` below from wasmtime's own output and renamed into place whole;
    // `trusted` has made sure that no other user could have written to it or to its folder since.
    unsafe { Component::deserialize_file(engine, path) }.ok()
}

/// Several tests of one process may compile the same component at once: each has a draft of its own.
fn keep(path: &Path, code: &[u8]) -> io::Result<()> {
    static DRAFTS: AtomicU64 = AtomicU64::new(0);
    let directory = path.parent().ok_or(io::ErrorKind::NotFound)?;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    let number = DRAFTS.fetch_add(1, Ordering::Relaxed);
    let draft = path.with_extension(format!("{}-{number}.draft", std::process::id()));
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    let written = options
        .open(&draft)
        .and_then(|mut file| file.write_all(code))
        .and_then(|()| fs::rename(&draft, path));
    if written.is_err() {
        let _ = fs::remove_file(&draft);
    }
    written
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// The smallest component: magic, version 13, layer 1.
    const EMPTY: &[u8] = b"\0asm\x0d\0\x01\0";

    #[test]
    fn native_code_is_kept_and_loaded_again() {
        let folder = tempfile::tempdir().unwrap();
        let cache = folder.path().join("cache");
        let engine = Engine::default();
        load(&engine, EMPTY, Some(&cache)).unwrap();
        let kept = file(&engine, EMPTY, &cache);
        assert!(trusted(&kept) && deserialize(&engine, &kept).is_some());
        fs::set_permissions(&kept, fs::Permissions::from_mode(0o666)).unwrap();
        assert!(!trusted(&kept), "others may write to it");
    }
}

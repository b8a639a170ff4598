//! The component's native code: compiled once, kept on disk, and loaded from there ever after.
//!
//! What is loaded is executed, so a file counts only where no user but the one who runs this owns
//! it and could have written it, and only where it is what was written: it begins with its own
//! SHA-256, since a disk may flip bytes and wasmtime doesn't look for that. It is named after the
//! component's digest and after wasmtime's version and settings: native code of anything else is
//! never found.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use wasmtime::Engine;
use wasmtime::component::Component;

/// How long the SHA-256 is that a file begins with.
const DIGEST_BYTES: usize = 32;

/// The SHA-256 of a component, in hexadecimal.
pub(super) fn digest(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(&Sha256::digest(bytes))
}

/// Loads the native code of a component, or compiles it and keeps the result. Where nothing can be kept, every
/// start compiles.
pub(super) fn load(
    engine: &Engine,
    bytes: &[u8],
    digest: &str,
    directory: Option<&Path>,
) -> wasmtime::Result<Component> {
    let Some(path) = directory.map(|directory| file(engine, digest, directory)) else {
        return Component::new(engine, bytes);
    };
    if let Some(component) = trusted(&path).then(|| deserialize(engine, &path)).flatten() {
        return Ok(component);
    }
    let code = engine.precompile_component(bytes)?;
    match keep(&path, &code) {
        Ok(()) if trusted(&path) => {
            tracing::info!(path = %path.display(), "compiled the component and kept its native code");
            if let Some(component) = deserialize(engine, &path) {
                return Ok(component);
            }
        }
        Ok(()) => {
            tracing::warn!(path = %path.display(), "others may write here: native code isn't kept")
        }
        Err(error) => tracing::warn!(path = %path.display(), %error, "native code can't be kept"),
    }
    Component::new(engine, bytes)
}

/// What is kept of a component from an earlier start.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Kept {
    /// Nothing yet, in this folder.
    Absent(PathBuf),
    /// A file that can't be loaded.
    Damaged(PathBuf),
    /// A file that is loaded.
    Good(PathBuf),
    /// There is no folder to keep it in.
    Nowhere,
    /// A file that other users may have written, or in a folder of theirs.
    Untrusted(PathBuf),
}

/// Looks at what is kept. Compiles nothing and keeps nothing.
pub(super) fn look(engine: &Engine, digest: &str, directory: Option<&Path>) -> Kept {
    let Some(directory) = directory else { return Kept::Nowhere };
    let path = file(engine, digest, directory);
    if fs::symlink_metadata(&path).is_err() {
        Kept::Absent(directory.to_owned())
    } else if !trusted(&path) {
        Kept::Untrusted(path)
    } else if deserialize(engine, &path).is_none() {
        Kept::Damaged(path)
    } else {
        Kept::Good(path)
    }
}

fn file(engine: &Engine, digest: &str, directory: &Path) -> PathBuf {
    let mut hasher = DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut hasher);
    directory.join(format!("{digest}-{:016x}.code", hasher.finish()))
}

/// Whether file and folder are ours, and no other user may write to them.
fn trusted(path: &Path) -> bool {
    let ours = |path: &Path| {
        fs::symlink_metadata(path).is_ok_and(|metadata| {
            let user = rustix::process::geteuid().as_raw();
            metadata.uid() == user && metadata.mode() & 0o022 == 0 && !metadata.is_symlink()
        })
    };
    ours(path) && path.parent().is_some_and(ours)
}

/// The native code in `path`, where it is whole.
#[expect(unsafe_code, reason = "loading native code that an earlier start made")]
fn deserialize(engine: &Engine, path: &Path) -> Option<Component> {
    let kept = fs::read(path).ok()?;
    let (digest, code) = kept.split_at_checked(DIGEST_BYTES)?;
    if *digest != *Sha256::digest(code) {
        tracing::warn!(path = %path.display(), "kept native code is damaged: compiling anew");
        return None;
    }
    // SAFETY: the bytes are those that `keep` below was given, wasmtime's own output, as their
    // digest says; `trusted` has made sure that no other user could have written to the file or to
    // its folder. They can't change any more.
    unsafe { Component::deserialize(engine, code) }.ok()
}

fn keep(path: &Path, code: &[u8]) -> io::Result<()> {
    let directory = path.parent().ok_or(io::ErrorKind::NotFound)?;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    let draft = path.with_extension(format!("{}.draft", std::process::id()));
    let written = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&draft)
        .and_then(|mut file| {
            file.write_all(&Sha256::digest(code))?;
            file.write_all(code)
        })
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
    fn native_code_is_kept_and_found_again() {
        let folder = tempfile::tempdir().unwrap();
        let cache = folder.path().join("cache");
        let engine = Engine::default();
        load(&engine, EMPTY, "digest", Some(&cache)).unwrap();
        let kept = file(&engine, "digest", &cache);
        assert_eq!(fs::metadata(&kept).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(trusted(&kept) && deserialize(&engine, &kept).is_some());
    }

    #[test]
    fn what_others_may_write_is_not_loaded() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kept.cwasm");
        fs::write(&path, b"code").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        assert!(trusted(&path));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o620)).unwrap();
        assert!(!trusted(&path));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
        assert!(!trusted(&path));
    }

    #[test]
    fn damaged_native_code_is_compiled_anew() {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
        let engine = Engine::default();
        let path = file(&engine, "digest", folder.path());
        keep(&path, b"no native code at all").unwrap();
        load(&engine, EMPTY, "digest", Some(folder.path())).unwrap();
        assert!(deserialize(&engine, &path).is_some());

        let mut kept = fs::read(&path).unwrap();
        *kept.last_mut().unwrap() ^= 1;
        fs::write(&path, &kept).unwrap();
        assert!(deserialize(&engine, &path).is_none());
        load(&engine, EMPTY, "digest", Some(folder.path())).unwrap();
        assert!(deserialize(&engine, &path).is_some());
    }
}

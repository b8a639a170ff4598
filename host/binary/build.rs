//! Finds the component that goes into the binary: `COUNTERSIGN_COMPONENT`, or what `cargo xtask` has built into the
//! target directory. Without one the binary is built all the same, and says at its start what it lacks.
//!
//! A package of its own, so that another component doesn't have the host's library compiled again.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// What a component begins with: the magic number, version 13, layer 1.
const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=COUNTERSIGN_COMPONENT");
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    let bytes = match env::var_os("COUNTERSIGN_COMPONENT") {
        // Set to nothing: none is wanted.
        Some(path) if path.is_empty() => None,
        Some(path) => Some(read(Path::new(&path))?),
        None => built(&out),
    };
    let text = match bytes {
        Some(bytes) => {
            if !bytes.starts_with(COMPONENT) {
                return Err(io::Error::other("COUNTERSIGN_COMPONENT is no WebAssembly component"));
            }
            fs::write(out.join("countersign.wasm"), bytes)?;
            "Some(include_bytes!(\"countersign.wasm\"))"
        }
        None => "None",
    };
    fs::write(out.join("component.rs"), text)
}

/// What `cargo xtask` has built. The build script's folder is `<target>[/<triple>]/<profile>/build/<package>/out`.
fn built(out: &Path) -> Option<Vec<u8>> {
    let above = out.ancestors().nth(4)?;
    let is_cross = env::var_os("TARGET").is_some_and(|triple| above.ends_with(triple));
    let target = if is_cross { above.parent()? } else { above };
    // A file that isn't there is looked for again at the next build.
    read(&target.join("countersign.wasm")).ok()
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    println!("cargo::rerun-if-changed={}", path.display());
    fs::read(path)
        .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))
}

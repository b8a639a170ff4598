//! Packs the description of the HTTP surface: it is a sixth of the edge app as text, and read once in a while.

use std::error::Error;
use std::path::{Path, PathBuf};

use miniz_oxide::deflate::compress_to_vec;

/// As small as it gets.
const LEVEL: u8 = 10;

fn main() -> Result<(), Box<dyn Error>> {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    let out = PathBuf::from(std::env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?);
    for name in ["openapi.json", "openapi-edge.json"] {
        let text = docs.join(name);
        println!("cargo::rerun-if-changed={}", text.display());
        let packed = compress_to_vec(&std::fs::read(text)?, LEVEL);
        std::fs::write(out.join(format!("{name}.deflate")), packed)?;
    }
    Ok(())
}

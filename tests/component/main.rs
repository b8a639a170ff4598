//! `countersign.wasm` itself: what it may reach, what it promises, and that it does it in any host.
#![cfg(test)]

mod bounds;
mod contract;
mod guest;

use std::path::PathBuf;

/// The component: `COUNTERSIGN_TEST_WASM`, or what lies above the folder of the binary, where its build has found it.
fn component() -> Vec<u8> {
    let above = || {
        let binary = countersign_tests::process::binary().unwrap();
        binary.parent().unwrap().with_file_name("countersign.wasm")
    };
    let path = std::env::var_os("COUNTERSIGN_TEST_WASM").map_or_else(above, PathBuf::from);
    std::fs::read(&path)
        .unwrap_or_else(|error| panic!("{}: {error}: `cargo xtask test` builds it", path.display()))
}

//! `countersign.wasm` itself: what it may reach, what it promises, and that it does it in any host.
#![cfg(test)]

mod bounds;
mod contract;
mod guest;

use std::path::PathBuf;

/// The component: `COUNTERSIGN_TEST_WASM`, or what lies beside the binary.
fn component() -> Vec<u8> {
    let beside =
        || countersign_tests::process::binary().unwrap().with_file_name("countersign.wasm");
    let path = std::env::var_os("COUNTERSIGN_TEST_WASM").map_or_else(beside, PathBuf::from);
    std::fs::read(&path)
        .unwrap_or_else(|error| panic!("{}: {error}: `cargo xtask test` builds it", path.display()))
}

//! What the app is made of.

use std::fs;

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use wasmparser::{Encoding, Parser, Payload};

use crate::deployment::root;

/// The components of a composition, by their bytes.
fn parts(composition: &[u8]) -> Vec<&[u8]> {
    let mut parts = Vec::new();
    for payload in Parser::new(0).parse_all(composition) {
        if let Payload::ComponentSection { unchecked_range, .. } = payload.unwrap() {
            let place = |offset: u64| usize::try_from(offset).unwrap();
            parts.push(&composition[place(unchecked_range.start)..place(unchecked_range.end)]);
        }
    }
    parts
}

fn digest(bytes: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(bytes))
}

#[test]
fn the_engine_within_is_the_one_that_the_host_runs() {
    let engine = std::env::var_os("COUNTERSIGN_TEST_WASM").expect("`cargo xtask test` names it");
    let host = digest(&fs::read(engine).unwrap());
    for name in ["countersign-edge.wasm", "countersign-edge-redis.wasm"] {
        let composition = fs::read(root("target").join(name)).unwrap();
        let digests: Vec<_> = parts(&composition).into_iter().map(digest).collect();
        assert_eq!(digests.iter().filter(|digest| **digest == host).count(), 1, "{name}");
    }
}

#[test]
fn the_app_reaches_nothing_but_what_the_runtime_gives() {
    let allowed = [
        "countersign:otp/types@0.1.0",
        "fermyon:spin/redis@2.0.0",
        "wasi:cli/",
        "wasi:clocks/",
        "wasi:config/store@0.2.0-draft-2024-09-27",
        "wasi:http/",
        "wasi:io/",
        "wasi:keyvalue/",
        "wasi:random/",
    ];
    for name in ["countersign-edge.wasm", "countersign-edge-redis.wasm"] {
        let composition = fs::read(root("target").join(name)).unwrap();
        let mut depth = 0;
        for payload in Parser::new(0).parse_all(&composition) {
            match payload.unwrap() {
                Payload::Version { encoding: Encoding::Component | Encoding::Module, .. } => {
                    depth += 1
                }
                Payload::End(_) => depth -= 1,
                Payload::ComponentImportSection(imports) if depth == 1 => {
                    for import in imports {
                        let import = import.unwrap().name.name;
                        assert!(
                            allowed.iter().any(|it| import.starts_with(it)),
                            "{name}: {import}"
                        );
                        let is_files = import.contains("filesystem") || import.contains("sockets");
                        assert!(!is_files, "{name}: {import}");
                    }
                }
                _ => {}
            }
        }
    }
}

//! What the app is made of.

use std::fs;

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use wasmparser::{Encoding, Parser, Payload};

use crate::deployment::root;

/// Every composition that `cargo xtask edge` makes.
const COMPOSITIONS: [&str; 6] = [
    "countersign-edge.wasm",
    "countersign-edge-wasip2.wasm",
    "countersign-edge-redis.wasm",
    "countersign-edge-redis-wasip2.wasm",
    "countersign-edge-keyvalue.wasm",
    "countersign-edge-keyvalue-wasip2.wasm",
];

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
    for name in COMPOSITIONS {
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
        "wasi:config/store@0.2.0-rc.1",
        "wasi:http/",
        "wasi:io/",
        "wasi:keyvalue/",
        "wasi:random/",
    ];
    for name in COMPOSITIONS {
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

/// The imports of a composition, and what it exports.
fn surface(name: &str) -> (Vec<String>, Vec<String>) {
    let composition = fs::read(root("target").join(name)).unwrap();
    let (mut depth, mut imports, mut exports) = (0, Vec::new(), Vec::new());
    for payload in Parser::new(0).parse_all(&composition) {
        match payload.unwrap() {
            Payload::Version { .. } => depth += 1,
            Payload::End(_) => depth -= 1,
            Payload::ComponentImportSection(section) if depth == 1 => {
                imports.extend(section.into_iter().map(|import| import.unwrap().name.name.into()));
            }
            Payload::ComponentExportSection(section) if depth == 1 => {
                exports.extend(section.into_iter().map(|export| export.unwrap().name.name.into()));
            }
            _ => {}
        }
    }
    (imports, exports)
}

/// Released hosts know neither WASI 0.3 nor one another's drafts.
#[test]
fn what_is_made_for_other_hosts_asks_for_nothing_that_they_lack() {
    for name in COMPOSITIONS {
        let (imports, exports) = surface(name);
        let is_wasip2 = name.ends_with("-wasip2.wasm");
        let export =
            if is_wasip2 { "wasi:http/incoming-handler@0.2.12" } else { "wasi:http/handler@0.3.0" };
        assert_eq!(exports, [export], "{name}");
        let of_0_3 = imports.iter().filter(|import| import.contains("@0.3")).count();
        assert_eq!(of_0_3 == 0, is_wasip2, "{name}: {imports:?}");
        let is_spins = |import: &String| {
            import.starts_with("fermyon:")
                || import.ends_with("-draft2")
                || import.ends_with("-2024-09-27")
        };
        let is_portable = name.contains("-keyvalue");
        assert_eq!(imports.iter().any(is_spins), !is_portable, "{name}: {imports:?}");
        let drafts = ["wasi:keyvalue/atomics@0.2.0-draft", "wasi:config/store@0.2.0-rc.1"];
        let has_drafts = drafts.iter().all(|draft| imports.iter().any(|import| import == draft));
        assert_eq!(has_drafts, is_portable, "{name}: {imports:?}");
    }
}

/// A runtime compiles it at each deployment and keeps its code in memory.
#[test]
fn the_app_stays_small() {
    for name in ["countersign-edge.wasm", "countersign-edge-redis.wasm"] {
        let bytes = fs::read(root("target").join(name)).unwrap().len();
        assert!(bytes <= 2_500_000, "{name}: {bytes} bytes");
    }
}

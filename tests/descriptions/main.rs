//! The linters of OpenAPI that others use, Redocly's and Spectral's, find nothing in our two documents.
#![cfg(test)]

use std::path::{Path, PathBuf};
use std::process::Command;

/// What `cargo xtask test` installs: Node.js, and the folder with the packages of `tests/node`.
fn node() -> (PathBuf, PathBuf) {
    let installed = |variable| {
        let path = std::env::var_os(variable);
        path.unwrap_or_else(|| panic!("`cargo xtask test` installs it and sets {variable}")).into()
    };
    (installed("COUNTERSIGN_TEST_NODE"), installed("COUNTERSIGN_TEST_NODE_MODULES"))
}

/// Lints `documents` with a program of the packages and these arguments. Returns whether it found nothing, and what
/// it said.
fn lint(program: &str, arguments: &[&str], documents: &[PathBuf]) -> (bool, String) {
    let (node, modules) = node();
    let mut command = Command::new(node);
    command.arg(modules.join(".bin").join(program)).arg("lint").args(arguments).args(documents);
    // Neither asks for a newer version of itself, nor tells of its use.
    command.env("REDOCLY_SUPPRESS_UPDATE_NOTICE", "true").env("REDOCLY_TELEMETRY", "off");
    let output = command.current_dir(here()).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("descriptions")
}

fn documents() -> Vec<PathBuf> {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    ["openapi.json", "openapi-edge.json"].map(|name| docs.join(name)).into()
}

const REDOCLY: [&str; 3] = ["--config", "redocly.yaml", "--format=stylish"];
const SPECTRAL: [&str; 4] = ["--ruleset", "spectral.yaml", "--fail-severity", "hint"];

#[test]
fn redocly_finds_nothing() {
    let (is_clean, said) = lint("redocly", &REDOCLY, &documents());
    assert!(is_clean, "{said}");
}

#[test]
fn spectral_finds_nothing() {
    let (is_clean, said) = lint("spectral", &SPECTRAL, &documents());
    assert!(is_clean, "{said}");
}

/// Both find what is wrong with a document: they read what they are given.
#[test]
fn a_document_without_descriptions_is_refused_by_both() {
    let folder = tempfile::tempdir().unwrap();
    let document = folder.path().join("openapi.json");
    let text = std::fs::read_to_string(&documents()[0]).unwrap();
    std::fs::write(&document, text.replace("\"operationId\"", "\"operationName\"")).unwrap();
    for (program, arguments) in [("redocly", &REDOCLY[..]), ("spectral", &SPECTRAL[..])] {
        let (is_clean, said) = lint(program, arguments, std::slice::from_ref(&document));
        assert!(!is_clean && said.contains("operation"), "{program}: {said}");
    }
}

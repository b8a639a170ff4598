//! Every file and folder that a page for developers names is there.

use std::fs;
use std::path::Path;

const PAGES: [&str; 3] = ["CONTRIBUTING.md", "docs/ARCHITECTURE.md", "docs/providers/adding.md"];
/// A provider that isn't there: the example of that page.
const EXAMPLE: &str = "acme";
/// How paths begin. Other words in code type are names.
const FOLDERS: [&str; 9] = [
    "benches/",
    "components/",
    "crates/",
    "docs/",
    "examples/",
    "host/",
    "tests/",
    "wit/",
    "xtask/",
];

#[test]
fn every_path_that_is_named_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut named = 0;
    for page in PAGES {
        let text = fs::read_to_string(root.join(page)).unwrap();
        // Code type is between one backtick and the next.
        for word in text.split('`').skip(1).step_by(2) {
            let is_path = FOLDERS.iter().any(|folder| word.starts_with(folder));
            let is_whole = !word.contains(['{', '*', '\n', ' ']) && !word.contains(EXAMPLE);
            if is_path && is_whole {
                named += 1;
                assert!(root.join(word).exists(), "{page} names {word}");
            }
        }
    }
    assert!(named > 80, "{named} paths: are pages read as they are written?");
}

//! The configurations in `examples/`: as they are committed, but for where the operator's files are.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::senders::{Router, Stream};

/// An example whose secrets stand in files of this test's own; how many there are.
fn with_secrets(text: &str, directory: &Path) -> (String, usize) {
    let mut secrets = 0;
    let lines = text.lines().map(|line| {
        let Some((name, _)) = line.split_once("_file = \"").filter(|_| !line.starts_with('#'))
        else {
            return line.to_owned();
        };
        // Every secret is a good key; each is another one.
        let file = directory.join(format!("secret-{secrets}"));
        fs::write(&file, format!("{:02x}\n", 0x10 + secrets).trim().repeat(32) + "\n").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        secrets += 1;
        format!("{name}_file = '{}'", file.display())
    });
    let text = lines.collect::<Vec<_>>().join("\n");
    (text, secrets)
}

#[tokio::test]
async fn the_examples_are_in_order_and_their_providers_open() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    let mut checked = 0;
    for entry in fs::read_dir(examples).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let directory = tempfile::tempdir().unwrap();
        let (text, secrets) = with_secrets(&fs::read_to_string(&path).unwrap(), directory.path());
        let is_development = name == "development.toml";
        let loaded = from_in_store(&name, &text, directory.path());
        assert_eq!(secrets == 0, is_development, "{name}: {secrets} secrets in files");
        assert_eq!(loaded.config.server.mode == Mode::Development, is_development, "{name}");
        let warned = loaded.warnings.iter().filter(|warning| {
            // A developer's keys may be made up.
            !(is_development && warning.path == "keys")
        });
        assert_eq!(warned.count(), 0, "{name}: {:?}", loaded.warnings);
        loaded.config.store.check().unwrap_or_else(|error| panic!("{name}: {error}"));
        let router = Router::open(&loaded.config, Stream::StandardError);
        let router = router.unwrap_or_else(|problems| panic!("{name}: {problems}"));
        assert!(router.senders().routes().next().is_some(), "{name} has no provider");
        checked += 1;
    }
    assert_eq!(checked, 6, "an example is missing, or isn't counted here");
}

/// Loads an example. A store's URL has to be one.
fn from_in_store(name: &str, text: &str, directory: &Path) -> Loaded {
    let url = directory.join("store-url");
    // A cluster has no other databases.
    let database = if text.contains("\ncluster = true") { 0 } else { 1 };
    let server = "redis://countersign:hunter2@redis.internal:6379";
    fs::write(&url, format!("{server}/{database}\n")).unwrap();
    fs::set_permissions(&url, fs::Permissions::from_mode(0o600)).unwrap();
    let lines = text.lines().map(|line| match line.strip_prefix("url_file = ") {
        Some(_) => format!("url_file = '{}'", url.display()),
        None => line.to_owned(),
    });
    let text = lines.collect::<Vec<_>>().join("\n");
    from(&text, &[]).unwrap_or_else(|problems| panic!("{name}: {problems}"))
}

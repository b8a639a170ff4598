//! The runtime configuration: where the key-value stores are.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::error::StartError;
use crate::keyvalue::Store;

/// The store that every app has, and its file in the state directory.
const DEFAULT_STORE: (&str, &str) = ("default", "sqlite_key_value.db");

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    key_value_store: BTreeMap<String, StoreConfig>,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
enum StoreConfig {
    Redis { url: String },
    Spin { path: Option<PathBuf> },
}

/// The stores by label: what the file says, and the default one.
///
/// # Errors
///
/// Where a file can't be read, says what the stand-in does not know, or a directory can't be made.
pub(crate) fn stores(
    file: Option<&Path>,
    state_dir: Option<&Path>,
) -> Result<BTreeMap<String, Store>, StartError> {
    let mut stores = BTreeMap::new();
    if let Some(path) = file {
        let text = std::fs::read_to_string(path)
            .map_err(|error| StartError::Unreadable { path: path.into(), error })?;
        let refused = |reason| StartError::RuntimeConfig { path: path.into(), reason };
        let parsed: File = toml::from_str(&text).map_err(|error| refused(error.to_string()))?;
        let folder = path.parent().unwrap_or(Path::new(""));
        for (label, config) in parsed.key_value_store {
            let store = match config {
                StoreConfig::Redis { url } => Store::redis(&url).map_err(refused)?,
                StoreConfig::Spin { path: Some(path) } => sqlite(&folder.join(path))?,
                // Easily forgotten: Spin keeps such a store in memory, not in the state directory.
                StoreConfig::Spin { path: None } => Store::memory(),
            };
            stores.insert(label, store);
        }
    }
    let (label, name) = DEFAULT_STORE;
    if !stores.contains_key(label) {
        let store =
            state_dir.map_or_else(|| Ok(Store::memory()), |folder| sqlite(&folder.join(name)));
        stores.insert(label.into(), store?);
    }
    Ok(stores)
}

fn sqlite(path: &Path) -> Result<Store, StartError> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)
            .map_err(|error| StartError::Unreadable { path: folder.into(), error })?;
    }
    Ok(Store::sqlite(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<BTreeMap<String, Store>, StartError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("runtime.toml");
        std::fs::write(&path, text).unwrap();
        stores(Some(&path), Some(folder.path()))
    }

    #[test]
    fn stores_are_found_by_their_labels() {
        let stores =
            read("[key_value_store.other]\ntype = 'redis'\nurl = 'redis://127.0.0.1'").unwrap();
        assert_eq!(stores.keys().collect::<Vec<_>>(), ["default", "other"]);
    }

    #[test]
    fn what_the_stand_in_does_not_know_is_refused() {
        for (text, reason) in [
            ("[key_value_store.default]\ntype = 'azure_cosmos'", "azure_cosmos"),
            ("[key_value_store.default]\ntype = 'spin'\npaht = 'x'", "paht"),
            ("[key_value_store.default]\ntype = 'redis'\nurl = 'nonsense'", "Redis URL"),
            ("[llm_compute]\ntype = 'x'", "llm_compute"),
        ] {
            let error = read(text).err().unwrap().to_string();
            assert!(error.contains(reason), "{reason} in {error}");
        }
    }
}

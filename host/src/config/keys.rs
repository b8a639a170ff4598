//! `[keys]`: what codes, records and names in the store are made with. All processes that share a store have the
//! same.

use std::path::{Path, PathBuf};

use countersign_settings::problem::Problem;
use countersign_settings::secret::Secret;
use schemars::JsonSchema;
use serde::Deserialize;

/// The keys. `countersign key generate` makes one.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeysSettings {
    /// Turns recipients into the names of their keys in the store: 32 bytes, base64url or hexadecimal. Changing
    /// it forgets every challenge, lock and failure count.
    pub index: Option<Secret<String>>,
    /// The file that holds `index`.
    pub index_file: Option<PathBuf>,
    /// The keys that codes and records are made with: the first is used for what is new, the others are still
    /// accepted.
    #[schemars(length(min = 1, max = 8))]
    pub ring: Vec<RingKey>,
}

/// One key of the ring.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RingKey {
    /// Its name, stored beside what it protects: 1 to 32 characters of `a-z`, `0-9`, `_` and `-`.
    pub name: String,
    /// 32 bytes, base64url or hexadecimal.
    pub secret: Option<Secret<String>>,
    /// The file that holds `secret`.
    pub secret_file: Option<PathBuf>,
}

/// The value of a secret that is given as `name` or as `name_file`.
///
/// # Errors
/// Where both or none are given, or the file can't be read. A line break at the end of the file is ignored.
pub fn read_secret(
    path: &str,
    value: Option<&Secret<String>>,
    file: Option<&Path>,
) -> Result<Secret<String>, Problem> {
    let name = path.rsplit('.').next().unwrap_or(path);
    match (value, file) {
        (Some(value), None) => Ok(value.clone()),
        (None, Some(file)) => {
            let text = std::fs::read_to_string(file).map_err(|error| {
                let text = format!("{} can't be read: {error}", file.display());
                Problem::new(format!("{path}_file"), text)
            })?;
            let text = Secret::new(text);
            let line = text.expose().trim_end_matches(['\r', '\n']);
            Ok(Secret::new(line.to_owned()))
        }
        (Some(_), Some(_)) => {
            let text = format!("`{name}` and `{name}_file` are both given: one too many");
            Err(Problem::new(path, text))
        }
        (None, None) => {
            let text = format!("missing: give `{name}` or `{name}_file`");
            Err(Problem::new(path, text))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_comes_from_one_place_only() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("key");
        std::fs::write(&file, "abc\n").unwrap();
        let value = Secret::new("abc".to_owned());
        let read = |value, file| read_secret("keys.index", value, file);

        assert_eq!(read(Some(&value), None).unwrap(), value);
        assert_eq!(read(None, Some(&file)).unwrap(), value);
        assert!(read(Some(&value), Some(&file)).unwrap_err().text.contains("both"));
        assert!(read(None, None).unwrap_err().text.contains("`index_file`"));
        let absent = read(None, Some(&directory.path().join("absent"))).unwrap_err();
        assert_eq!(absent.path, "keys.index_file");
    }
}

//! Variables that hold a document: TOML, or JSON where the text begins with a brace.

use countersign_settings::problem::{Problem, expected};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The longest variable that is read: 1 MiB.
pub const MAX_BYTES: usize = 1024 * 1024;

/// Reads a document of shape `T`.
///
/// # Errors
/// Where it is neither, or has another shape. A value is never repeated: it could be a secret.
pub fn read<T: DeserializeOwned>(name: &str, text: &str) -> Result<T, Problem> {
    let value = value(name, text)?;
    serde_path_to_error::deserialize(&value).map_err(|error| {
        let path = error.path().to_string();
        let path = if path == "." { name.to_owned() } else { format!("{name}: {path}") };
        let fault = error.inner().to_string();
        let text = expected(&fault).map(|expected| format!("has to be {expected}"));
        Problem::new(path, text.unwrap_or(fault))
    })
}

/// Reads a document of any shape.
///
/// # Errors
/// Where it is too long, or neither TOML nor JSON.
pub fn value(name: &str, text: &str) -> Result<Value, Problem> {
    if text.len() > MAX_BYTES {
        return Err(Problem::new(name, format!("is longer than {MAX_BYTES} bytes")));
    }
    if text.trim_start().starts_with('{') {
        return serde_json::from_str(text).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            Problem::new(name, format!("is no JSON: line {line}, column {column}"))
        });
    }
    toml::from_str(text).map_err(|error: toml::de::Error| {
        let line = error.span().map_or(1, |span| {
            text.get(..span.start).map_or(1, |before| before.matches('\n').count() + 1)
        });
        Problem::new(name, format!("is no TOML: line {line}: {}", error.message()))
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    type Numbers = BTreeMap<String, BTreeMap<String, u32>>;

    fn fault(text: &str) -> String {
        read::<Numbers>("numbers", text).unwrap_err().to_string()
    }

    #[test]
    fn a_document_is_toml_or_json() {
        let toml = read::<Numbers>("numbers", "[a]\nb = 1\n").unwrap();
        let json = read::<Numbers>("numbers", " {\"a\": {\"b\": 1}}").unwrap();
        assert_eq!(toml, json);
        assert_eq!(toml["a"]["b"], 1);
    }

    #[test]
    fn a_fault_names_its_place_and_repeats_no_value() {
        assert!(fault("[a]\nb = \n").starts_with("numbers: is no TOML: line 2"));
        assert_eq!(fault("{\"a\":"), "numbers: is no JSON: line 1, column 5");
        assert_eq!(fault("[a]\nb = \"hunter2\"\n"), "numbers: a.b: has to be u32");
        assert_eq!(fault("[a]\nb = -471199\n"), "numbers: a.b: has to be u32");
        assert!(fault(&" ".repeat(MAX_BYTES + 1)).contains("longer"));
    }
}

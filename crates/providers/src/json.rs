//! JSON that others wrote.

use serde::de::DeserializeOwned;

/// Some clients write it ahead of UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Reads JSON; a byte order mark before it is ignored, as RFC 8259, section 8.1, allows.
pub(crate) fn read<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    serde_json::from_slice(unmarked(bytes)).ok()
}

/// What follows a byte order mark, where there is one.
pub(crate) fn unmarked(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes)
}

/// What serde found, less the value that it found it in.
pub(crate) fn without_values(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    let text = text.strip_suffix(&place).unwrap_or(&text);
    if !error.is_data() {
        return format!("has to be JSON: {text}{place}");
    }
    let Some((_, expected)) = text.rsplit_once(", expected ") else { return text.to_owned() };
    if text.starts_with("unknown variant ") {
        return format!("`type` has to be {expected}");
    }
    let repeats = ["invalid length ", "invalid type: ", "invalid value: "];
    if repeats.iter().any(|beginning| text.starts_with(beginning)) {
        return format!("has to be {expected}");
    }
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_mark_is_ignored_and_only_at_the_beginning() {
        for text in ["[1]", "\u{feff}[1]", "\u{feff} [1]\n"] {
            assert_eq!(read::<Vec<u8>>(text.as_bytes()), Some(vec![1]), "{text:?}");
        }
        for text in ["\u{feff}\u{feff}[1]", " \u{feff}[1]", "[1]\u{feff}", "\u{feff}", ""] {
            assert_eq!(read::<Vec<u8>>(text.as_bytes()), None, "{text:?}");
        }
    }
}

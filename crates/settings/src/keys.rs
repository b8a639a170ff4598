//! Keys: what codes, records and names in the store are made with. All processes that share a store have the same.

use std::collections::BTreeSet;

use data_encoding::{BASE64URL_NOPAD, HEXLOWER_PERMISSIVE};

use crate::problem::Problem;
use countersign_contract::Secret;
use countersign_contract::names::{MAX_KEY_NAME, is_name};

/// Bytes of every key.
pub const KEY_BYTES: usize = 32;

/// 32 bytes from base64url (padded or not) or hexadecimal text.
///
/// # Errors
/// Where the text is neither, or another number of bytes. The text is not repeated.
pub fn decode_key(path: &str, text: &Secret<String>) -> Result<Secret<Vec<u8>>, Problem> {
    let text = text.expose().trim();
    let bytes = if text.len() == 2 * KEY_BYTES {
        HEXLOWER_PERMISSIVE.decode(text.as_bytes()).ok()
    } else {
        let bare = text.trim_end_matches('=');
        BASE64URL_NOPAD.decode(bare.as_bytes()).ok()
    };
    bytes.map(Secret::new).filter(|bytes| bytes.expose().len() == KEY_BYTES).ok_or_else(|| {
        let text =
            "has to be 32 bytes as base64url or hexadecimal; `countersign key generate` makes one";
        Problem::new(path, text)
    })
}

/// Finds what is wrong with the names of a ring's keys, and their number. `path` is the ring's own.
pub fn check_ring<'a>(
    path: &str,
    names: impl Iterator<Item = &'a str>,
    problems: &mut Vec<Problem>,
) {
    let mut seen = BTreeSet::new();
    let mut count = 0;
    for (number, name) in names.enumerate() {
        count += 1;
        let path = format!("{path}.{number}.name");
        if !is_name(name, MAX_KEY_NAME) {
            let text = "has to be 1 to 32 characters of `a-z`, `0-9`, `_` and `-`";
            problems.push(Problem::new(path.clone(), text));
        }
        if !seen.insert(name) {
            problems.push(Problem::new(path, "another key has this name"));
        }
    }
    if !(1..=8).contains(&count) {
        problems.push(Problem::new(path, "has to hold 1 to 8 keys"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(text: &str) -> Option<Vec<u8>> {
        let text = Secret::new(text.to_owned());
        Some(decode_key("keys.index", &text).ok()?.expose().clone())
    }

    #[test]
    fn a_key_is_read_from_either_spelling() {
        assert_eq!(decoded(&"fF".repeat(32)), Some(vec![255; 32]));
        assert_eq!(decoded(&format!("{}8", "_".repeat(42))), Some(vec![255; 32]));
        assert_eq!(decoded(&format!("{}8=", "_".repeat(42))), Some(vec![255; 32]));
    }

    #[test]
    fn a_key_of_another_length_is_refused_and_not_repeated() {
        for text in ["", "abc", &"ab".repeat(31), &"ab".repeat(33), &"A".repeat(44)] {
            let problem = decode_key("keys.index", &Secret::new(text.to_owned())).unwrap_err();
            assert!(text.is_empty() || !problem.to_string().contains(text), "{problem}");
        }
    }
}

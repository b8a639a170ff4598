//! JSON that others wrote.

use std::borrow::Cow;
use std::ops::Range;
use std::slice;

use countersign_settings::problem::expected;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Some clients write it ahead of UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Reads JSON as tolerantly as its meaning allows: a spoilt text that we don't use must not turn a message that was sent
/// into one that wasn't.
///
/// - A byte order mark before it is ignored, as RFC 8259, section 8.1, allows.
/// - Bytes that aren't UTF-8, and halves of surrogate pairs (`\ud83d` alone), are read as U+FFFD.
/// - Of a name that stands twice in an object the last counts, whatever it is read into.
pub(crate) fn read<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    let text = paired(String::from_utf8_lossy(unmarked(bytes)));
    match serde_json::from_str::<Value>(&text) {
        Ok(value) => serde_json::from_value(value).ok(),
        // A number that is too large, or a depth, in what `T` passes over.
        Err(_) => serde_json::from_str(&text).ok(),
    }
}

/// The text with each escape of half a surrogate pair replaced by that of U+FFFD.
fn paired(mut text: Cow<'_, str>) -> Cow<'_, str> {
    let mut from = 0;
    while let Some(place) = half(&text, from) {
        text.to_mut().replace_range(place.clone(), "\\ufffd");
        from = place.end;
    }
    text
}

/// Where the first escape of half a surrogate pair stands, from an escape's beginning on.
fn half(text: &str, mut from: usize) -> Option<Range<usize>> {
    loop {
        let place = from + text.get(from..)?.find('\\')?;
        let end = place + ESCAPE_BYTES;
        from = match unit(text, place) {
            Some(0xd800..=0xdbff) if matches!(unit(text, end), Some(0xdc00..=0xdfff)) => {
                end + ESCAPE_BYTES
            }
            Some(0xd800..=0xdfff) => return Some(place..end),
            Some(_) => end,
            // Two bytes: a backslash that is escaped begins no escape.
            None => place + 2,
        };
    }
}

/// Of `\ud83d`.
const ESCAPE_BYTES: usize = 6;

/// The UTF-16 code unit that is escaped there.
fn unit(text: &str, place: usize) -> Option<u16> {
    let digits = text.get(place..place + ESCAPE_BYTES)?.strip_prefix("\\u")?;
    let is_hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    is_hex.then(|| u16::from_str_radix(digits, 16).ok())?
}

/// What stands where a list is documented: its items; or what stands there instead, as the only one.
pub(crate) fn list(value: &Value) -> &[Value] {
    match value {
        Value::Array(items) => items,
        Value::Null => &[],
        one => slice::from_ref(one),
    }
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
    if let Some(expected) = expected(text) {
        return format!("has to be {expected}");
    }
    match text.rsplit_once(", expected ") {
        Some((_, types)) if text.starts_with("unknown variant ") => {
            format!("`type` has to be {types}")
        }
        _ => text.to_owned(),
    }
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

    #[derive(Debug, serde::Deserialize, PartialEq)]
    struct Named {
        id: String,
    }

    fn id(json: &[u8]) -> Option<String> {
        read::<Named>(json).map(|named| named.id)
    }

    #[test]
    fn bytes_that_are_not_utf_8_cost_their_own_text_alone() {
        assert_eq!(id(b"{\"x\":\"\xff\",\"id\":\"a\"}").as_deref(), Some("a"));
        assert_eq!(id(b"{\"id\":\"a\xed\xa0\xbd\"}").as_deref(), Some("a\u{fffd}\u{fffd}\u{fffd}"));
        assert_eq!(id(b"\xef\xbb\xbf{\"id\":\"\xc3\xbc\xe9\"}").as_deref(), Some("\u{fc}\u{fffd}"));
        assert_eq!(id(b"{\"id\":\"a\"}\xff"), None);
        assert_eq!(id(b"\xff{\"id\":\"a\"}"), None);
    }

    #[test]
    fn half_a_surrogate_pair_is_a_sign_that_cannot_be_shown() {
        for (escaped, text) in [
            (r"\ud83d", "\u{fffd}"),
            (r"\uDE00", "\u{fffd}"),
            (r"a\ud83dz", "a\u{fffd}z"),
            (r"\ud83d\ud83d", "\u{fffd}\u{fffd}"),
            (r"\ude00\ud83d", "\u{fffd}\u{fffd}"),
            (r"\ud83d\ude00", "\u{1f600}"),
            (r"\ud83d\uD83D\uDE00\ude00", "\u{fffd}\u{1f600}\u{fffd}"),
            (r"\ud83d\u0041", "\u{fffd}A"),
            (r"\ud83d\n\ude00", "\u{fffd}\n\u{fffd}"),
            (r"\\ud83d", r"\ud83d"),
            (r"\\\ud83d", "\\\u{fffd}"),
            (r"\ud83d\\ude00", "\u{fffd}\\ude00"),
            (r"\ud83d\\", "\u{fffd}\\"),
            ("\u{fc}\\ud83d\u{fc}", "\u{fc}\u{fffd}\u{fc}"),
        ] {
            let json = format!("{{\"id\":\"{escaped}\"}}");
            assert_eq!(id(json.as_bytes()).as_deref(), Some(text), "{escaped}");
        }
        for escaped in [r"\ud83", r"\ud8", r"\u", "\\", r"\u+83d", "\\ud8\u{fc}", "\\\u{fc}"] {
            let json = format!("{{\"id\":\"{escaped}\"}}");
            assert_eq!(id(json.as_bytes()), None, "{escaped}");
            assert_eq!(id(escaped.as_bytes()), None, "{escaped}");
        }
    }

    #[test]
    fn of_a_name_that_stands_twice_the_last_counts() {
        assert_eq!(id(br#"{"id":"a","id":"b"}"#).as_deref(), Some("b"));
        assert_eq!(id(br#"{"id":7,"id":"b"}"#).as_deref(), Some("b"));
        assert_eq!(id(br#"{"id":"b","id":7}"#), None);
    }

    #[test]
    fn what_is_passed_over_may_be_too_large_or_too_deep() {
        assert_eq!(id(br#"{"x":1e999,"id":"a"}"#).as_deref(), Some("a"));
        let deep = format!(r#"{{"x":{}{},"id":"a"}}"#, "[".repeat(200), "]".repeat(200));
        assert_eq!(id(deep.as_bytes()).as_deref(), Some("a"));
        assert_eq!(read::<Value>(b"[1e999]"), None);
    }
}

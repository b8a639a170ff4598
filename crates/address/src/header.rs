//! The headers in which proxies write whom they saw.
//!
//! Both are lists that each proxy appends to, and a client may send the header too. So a line is read from its right
//! end: whatever a client wrote, an open quotation mark included, what proxies appended stays as they wrote it.

use std::borrow::Cow;
use std::net::IpAddr;

use super::read;

/// The elements of a line of `X-Forwarded-For`, the last first; nothing for one that can't be read. An address may be a
/// quoted string. Empty elements are passed over (RFC 9110, section 5.6.1).
pub fn x_forwarded_for(line: &str) -> impl Iterator<Item = Option<IpAddr>> {
    elements(line, b',').map(|element| read(&unquoted(element)?))
}

/// The `for` of each element of a line of `Forwarded` (RFC 7239), the last first; nothing for an element that has none,
/// or more than one, or whose own isn't an address. Empty elements are passed over.
pub fn forwarded(line: &str) -> impl Iterator<Item = Option<IpAddr>> {
    elements(line, b',').map(forwarded_for)
}

fn forwarded_for(element: &str) -> Option<IpAddr> {
    let mut found = elements(element, b';').filter_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        name.trim().eq_ignore_ascii_case("for").then_some(value.trim())
    });
    let value = found.next()?;
    if found.next().is_some() { None } else { read(&unquoted(value)?) }
}

/// The parts of a text between separators outside quoted strings, trimmed, the last first, without empty ones.
fn elements(text: &str, separator: u8) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    let parts = std::iter::from_fn(move || {
        let text = rest?;
        let Some(at) = last_outside_quotes(text, separator) else {
            rest = None;
            return Some(text);
        };
        let (before, part) = text.split_at_checked(at)?;
        rest = Some(before);
        part.get(1..)
    });
    parts.map(str::trim).filter(|part| !part.is_empty())
}

/// Where the last separator stands that isn't within a quoted string.
fn last_outside_quotes(text: &str, separator: u8) -> Option<usize> {
    let mut quoted = false;
    for (at, byte) in text.bytes().enumerate().rev() {
        if byte == b'"' && !is_escaped(text, at) {
            quoted = !quoted;
        } else if byte == separator && !quoted {
            return Some(at);
        }
    }
    None
}

/// Whether an odd number of backslashes stands before a place.
fn is_escaped(text: &str, at: usize) -> bool {
    let before = text.as_bytes().get(..at).unwrap_or_default();
    before.iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1
}

/// What a token or a quoted string says (RFC 9110, section 5.6.4); nothing where a quotation mark is missing.
fn unquoted(text: &str) -> Option<Cow<'_, str>> {
    let Some(inner) = text.strip_prefix('"') else {
        return (!text.contains('"')).then_some(Cow::Borrowed(text));
    };
    let inner = inner.strip_suffix('"')?;
    if !inner.contains(['"', '\\']) {
        return Some(Cow::Borrowed(inner.trim()));
    }
    let mut said = String::new();
    let mut signs = inner.chars();
    while let Some(sign) = signs.next() {
        match sign {
            '"' => return None,
            '\\' => said.push(signs.next()?),
            other => said.push(other),
        }
    }
    Some(Cow::Owned(said.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(hops: impl Iterator<Item = Option<IpAddr>>) -> Vec<String> {
        hops.map(|hop| hop.map_or("-".into(), |address| address.to_string())).collect()
    }

    #[test]
    fn x_forwarded_for_is_read_from_its_right_end() {
        for (line, expected) in [
            ("1.1.1.1, 198.51.100.7", &["198.51.100.7", "1.1.1.1"][..]),
            ("1.1.1.1,198.51.100.7:80", &["198.51.100.7", "1.1.1.1"]),
            ("\"203.0.113.6\"", &["203.0.113.6"]),
            ("\"203.0.113.6:80\" , \"[2001:db8::1]:80\"", &["2001:db8::1", "203.0.113.6"]),
            ("203.0.113.10,", &["203.0.113.10"]),
            (" , 203.0.113.10 ,,\t", &["203.0.113.10"]),
            ("", &[]),
            (", ,", &[]),
            ("unknown, 203.0.113.10", &["203.0.113.10", "-"]),
            ("203.000.113.012", &["-"]),
            ("fe80::1%eth0", &["-"]),
            ("203.0.113.15; 10.0.0.1", &["-"]),
            ("203.0.113.15 10.0.0.1", &["-"]),
            // What a client left open swallows nothing that a proxy appended.
            ("1.1.1.1, \", 198.51.100.7", &["198.51.100.7", "-"]),
            ("\"1.1.1.1, 198.51.100.7", &["198.51.100.7", "-"]),
            ("\\, 198.51.100.7", &["198.51.100.7", "-"]),
            ("1.1.1.1\u{fffd}, 198.51.100.7", &["198.51.100.7", "-"]),
            ("203.0.113.6\"", &["-"]),
            ("\"", &["-"]),
        ] {
            assert_eq!(told(x_forwarded_for(line)), expected, "{line:?}");
        }
    }

    #[test]
    fn forwarded_is_read_as_its_rfc_says() {
        for (line, expected) in [
            ("for=1.1.1.1, For=198.51.100.7;proto=https", &["198.51.100.7", "1.1.1.1"][..]),
            ("for=203.0.113.31;by=\"a,b\"", &["203.0.113.31"]),
            ("for=\"203\\.0.113.33\"", &["203.0.113.33"]),
            ("proto=http;for=\"[2001:db8::1]:4711\"", &["2001:db8::1"]),
            ("FOR=\"[2001:DB8:cafe::17]:_port\";host=\"a;for=1.1.1.1\"", &["2001:db8:cafe::17"]),
            ("for=[2001:db8::1]:80", &["2001:db8::1"]),
            ("for=198.51.100.7:80;;by=x", &["198.51.100.7"]),
            ("for=203.0.113.31,", &["203.0.113.31"]),
            (", ;, for=203.0.113.31", &["203.0.113.31", "-"]),
            ("for=\"_hidden\", for=unknown, by=10.0.0.2", &["-", "-", "-"]),
            ("for=203.0.113.31;for=1.1.1.1", &["-"]),
            ("for=", &["-"]),
            ("for", &["-"]),
            ("for=\"203.0.113.31", &["-"]),
            ("x=\"\\\"\", for=203.0.113.31", &["203.0.113.31", "-"]),
            ("host=\"a\\\",for=1.1.1.1\";for=203.0.113.31", &["203.0.113.31"]),
            // What a client left open swallows nothing that a proxy appended.
            ("for=1.1.1.1;x=\", for=198.51.100.7;by=\"10.0.0.1\"", &["198.51.100.7", "-"]),
            ("for=\"1.1.1.1, for=\"198.51.100.7\"", &["198.51.100.7", "-"]),
            ("for=\"\\, for=198.51.100.7", &["198.51.100.7", "-"]),
        ] {
            assert_eq!(told(forwarded(line)), expected, "{line:?}");
        }
    }
}

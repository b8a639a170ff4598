//! Names of tenants, purposes and keys.

/// Whether `name` is what the contract calls a name: 1 to `most` characters of `a-z`, `0-9`, `_` and `-`.
#[must_use]
pub fn is_name(name: &str, most: usize) -> bool {
    let allowed = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-');
    (1..=most).contains(&name.len()) && name.bytes().all(allowed)
}

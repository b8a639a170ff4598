//! Names of tenants, purposes and keys.

/// The longest name of a tenant, a purpose or an API key.
pub const MAX_NAME: usize = 64;

/// The longest name of a key of the ring.
pub const MAX_KEY_NAME: usize = 32;

/// Whether `name` is what the contract calls a name: 1 to `most` characters of `a-z`, `0-9`, `_` and `-`.
#[must_use]
pub fn is_name(name: &str, most: usize) -> bool {
    let allowed = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-');
    (1..=most).contains(&name.len()) && name.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_short_and_of_few_characters() {
        for name in ["a", "wallet_funding", "k-9", &"x".repeat(MAX_NAME)] {
            assert!(is_name(name, MAX_NAME), "{name}");
        }
        for name in ["", "A", "a b", "ä", "a.b", &"x".repeat(MAX_NAME + 1)] {
            assert!(!is_name(name, MAX_NAME), "{name}");
        }
    }
}

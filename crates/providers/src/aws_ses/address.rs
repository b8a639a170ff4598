//! The addresses of an operator's own.

use data_encoding::BASE64;

/// What an address has to be.
pub(super) const FORM: &str = "has to be one mail address of ASCII, at most 254 characters long";
/// What a name has to be.
pub(super) const NAME_FORM: &str = "has to be 1 to 45 bytes on one line";

const MAX_ADDRESS_BYTES: usize = 254;
/// What one encoded word of RFC 2047 holds.
const MAX_NAME_BYTES: usize = 45;

/// Whether it is a plain address: what SES reads, no list and no name.
pub(super) fn is_address(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_graphic() && !b"\"(),:;<>[\\]".contains(&byte);
    let has_parts = text.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty() && !domain.is_empty() && !domain.contains('@')
    });
    text.len() <= MAX_ADDRESS_BYTES && text.bytes().all(is_plain) && has_parts
}

/// The address with the name in front, as RFC 5322 and RFC 2047 write them; nothing where the name can't be.
pub(super) fn with_name(address: &str, name: Option<&str>) -> Option<String> {
    let Some(name) = name else { return Some(address.to_owned()) };
    if !(1..=MAX_NAME_BYTES).contains(&name.len()) || name.chars().any(char::is_control) {
        return None;
    }
    let is_plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b' ');
    Some(if is_plain {
        format!("\"{name}\" <{address}>")
    } else {
        format!("=?UTF-8?B?{}?= <{address}>", BASE64.encode(name.as_bytes()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_plain_address_and_nothing_else() {
        assert!(is_address("codes@example.com"));
        assert!(is_address("o'neil+codes@mail.example.com"));
        for text in [
            "",
            "codes",
            "@example.com",
            "codes@",
            "a@b@c",
            "a@b.example,c@d.example",
            "Codes <codes@example.com>",
            "codes@example.com\r\nBcc: x@example.com",
            "codes @example.com",
            "köde@example.com",
            &format!("{}@example.com", "x".repeat(243)),
        ] {
            assert!(!is_address(text), "{text}");
        }
    }

    #[test]
    fn a_name_cannot_be_taken_for_an_address() {
        fn with(name: &str) -> Option<String> {
            with_name("a@b.example", Some(name))
        }
        assert_eq!(with_name("a@b.example", None).as_deref(), Some("a@b.example"));
        assert_eq!(with("Acme Codes").as_deref(), Some("\"Acme Codes\" <a@b.example>"));
        assert_eq!(with("Ä").as_deref(), Some("=?UTF-8?B?w4Q=?= <a@b.example>"));
        assert_eq!(with("x\" <y>,").as_deref(), Some("=?UTF-8?B?eCIgPHk+LA==?= <a@b.example>"));
        assert!(with(&"x".repeat(45)).is_some());
        for name in ["", "a\nb", "a\r\nBcc: x", &"x".repeat(46)] {
            assert_eq!(with(name), None, "{name}");
        }
    }
}

//! Mail addresses that an operator gives. Near enough: what sends the mail knows whether there is such a mailbox.

use data_encoding::BASE64;

const MAX_ADDRESS_BYTES: usize = 254;
const MAX_MAILBOX_BYTES: usize = 320;

/// Whether a text is an address: `codes@example.com`, of at most 254 bytes.
pub(crate) fn is_address(text: &str) -> bool {
    let may_stand =
        |sign: char| !sign.is_control() && !sign.is_whitespace() && !"<>,;\"".contains(sign);
    let parts = text.rsplit_once('@');
    text.len() <= MAX_ADDRESS_BYTES
        && text.chars().all(may_stand)
        && parts.is_some_and(|(name, host)| !name.is_empty() && !host.is_empty())
}

/// Whether a text is an address, or a name and an address in angle brackets, of at most 320 bytes.
pub(crate) fn is_mailbox(text: &str) -> bool {
    if is_address(text) {
        return true;
    }
    let parts = text.strip_suffix('>').and_then(|text| text.rsplit_once('<'));
    text.len() <= MAX_MAILBOX_BYTES
        && parts.is_some_and(|(name, address)| {
            !name.chars().any(|sign| sign.is_control() || "<>".contains(sign))
                && is_address(address)
        })
}

/// What an address has to be.
pub(crate) const ASCII_ADDRESS: &str =
    "has to be one mail address of ASCII, at most 254 characters long";
/// What a name has to be.
const NAME: &str = "has to be 1 to 45 bytes on one line";

/// What one encoded word of RFC 2047 holds.
const MAX_NAME_BYTES: usize = 45;

/// Whether it is a plain address of ASCII: no list, no name and no quotes.
pub(crate) fn is_ascii_address(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_graphic() && !b"\"(),:;<>[\\]".contains(&byte);
    let has_parts = text.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty() && !domain.is_empty() && !domain.contains('@')
    });
    text.len() <= MAX_ADDRESS_BYTES && text.bytes().all(is_plain) && has_parts
}

/// The address with the name in front, as RFC 5322 and RFC 2047 write them.
///
/// # Errors
/// What the name has to be.
pub(crate) fn with_name(address: &str, name: Option<&str>) -> Result<String, &'static str> {
    let Some(name) = name else { return Ok(address.to_owned()) };
    if !(1..=MAX_NAME_BYTES).contains(&name.len()) || name.chars().any(char::is_control) {
        return Err(NAME);
    }
    let is_plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b' ');
    Ok(if is_plain {
        format!("\"{name}\" <{address}>")
    } else {
        format!("=?UTF-8?B?{}?= <{address}>", BASE64.encode(name.as_bytes()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_known_from_everything_else() {
        let longest = format!("{}@example.com", "a".repeat(242));
        for text in ["a@b", "codes+x@example.com", "kod@пример.uz", &longest] {
            assert!(is_address(text) && is_mailbox(text), "{text}");
        }
        let long = format!("a{longest}");
        for text in
            ["", "a", "@", "a@", "@b", "a b@c", "a@b\r\nBcc: x@y", "a@b,c@d", "<a@b>", &long]
        {
            assert!(!is_address(text), "{text}");
        }
    }

    #[test]
    fn a_mailbox_may_have_a_name() {
        for text in ["Example <codes@example.com>", "\"Ex, Ample\" <a@b>", "Пример <a@b>", "<a@b>"]
        {
            assert!(is_mailbox(text), "{text}");
        }
        let long = format!("{} <a@b>", "x".repeat(320));
        for text in [
            "Example",
            "Example <a>",
            "Example a@b",
            "a@b <a@b",
            "E\nx <a@b>",
            "<a@b> <c@d>",
            &long,
        ] {
            assert!(!is_mailbox(text), "{text}");
        }
    }

    #[test]
    fn one_plain_address_and_nothing_else() {
        assert!(is_ascii_address("codes@example.com"));
        assert!(is_ascii_address("o'neil+codes@mail.example.com"));
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
            assert!(!is_ascii_address(text), "{text}");
        }
    }

    #[test]
    fn a_name_cannot_be_taken_for_an_address() {
        fn with(name: &str) -> Option<String> {
            with_name("a@b.example", Some(name)).ok()
        }
        assert_eq!(with_name("a@b.example", None).as_deref(), Ok("a@b.example"));
        assert_eq!(with("Acme Codes").as_deref(), Some("\"Acme Codes\" <a@b.example>"));
        assert_eq!(with("Ä").as_deref(), Some("=?UTF-8?B?w4Q=?= <a@b.example>"));
        assert_eq!(with("x\" <y>,").as_deref(), Some("=?UTF-8?B?eCIgPHk+LA==?= <a@b.example>"));
        assert!(with(&"x".repeat(45)).is_some());
        for name in ["", "a\nb", "a\r\nBcc: x", &"x".repeat(46)] {
            assert_eq!(with(name), None, "{name}");
        }
    }
}

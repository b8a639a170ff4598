//! Mail addresses that an operator gives. Near enough: what sends the mail knows whether there is such a mailbox.

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
}

//! What stands in the query of a callback.

use std::borrow::Cow;

use countersign_contract::Secret;
use subtle::ConstantTimeEq;

const MAX_QUERY_BYTES: usize = 4096;
const MIN_TOKEN_BYTES: usize = 32;
const MAX_TOKEN_BYTES: usize = 256;

/// The first value of that name; nothing where there is none or the query is longer than any of ours.
pub(crate) fn value<'a>(query: Option<&'a str>, name: &str) -> Option<Cow<'a, str>> {
    let query = query.filter(|query| query.len() <= MAX_QUERY_BYTES)?;
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    pairs.find(|(key, _)| key == name).map(|(_, value)| value)
}

/// A secret of the operator's that a caller has to show in the query.
pub(crate) struct Token(Secret<String>);

impl Token {
    /// Reads a token.
    ///
    /// # Errors
    /// What it has to be.
    pub(crate) fn parse(token: &Secret<String>) -> Result<Self, &'static str> {
        let text = token.expose();
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        if (MIN_TOKEN_BYTES..=MAX_TOKEN_BYTES).contains(&text.len()) && text.bytes().all(is_plain) {
            Ok(Self(token.clone()))
        } else {
            Err("has to be 32 to 256 random characters of `a-z A-Z 0-9 - . _ ~`")
        }
    }

    /// Whether the query shows it under that name.
    pub(crate) fn is_shown(&self, query: Option<&str>, name: &str) -> bool {
        let shown = value(query, name).unwrap_or_default();
        shown.as_bytes().ct_eq(self.0.expose().as_bytes()).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "0123456789abcdef0123456789ABC-._~";

    fn parse(text: &str) -> Result<Token, &'static str> {
        Token::parse(&Secret::new(text.into()))
    }

    #[test]
    fn a_value_is_decoded_and_the_first_one_counts() {
        let query = Some("a=1&hub.mode=sub%2Bscribe+x&a=2&b");
        assert_eq!(value(query, "hub.mode").unwrap(), "sub+scribe x");
        assert_eq!(value(query, "a").unwrap(), "1");
        assert_eq!(value(query, "b").unwrap(), "");
        assert_eq!(value(query, "c"), None);
        assert_eq!(value(None, "a"), None);
        assert_eq!(value(Some(&format!("a=1&{}", "x".repeat(4096))), "a"), None);
    }

    #[test]
    fn a_token_is_shown_whole_or_not_at_all() {
        let token = parse(TOKEN).unwrap();
        assert!(token.is_shown(Some(&format!("x=1&token={TOKEN}")), "token"));
        assert!(token.is_shown(Some(&format!("token=%30{}", &TOKEN[1..])), "token"));
        for query in [
            format!("token={}", &TOKEN[..32]),
            format!("token={TOKEN}~"),
            format!("token={}", TOKEN.to_lowercase()),
            format!("tokens={TOKEN}"),
            "token=".to_owned(),
            String::new(),
        ] {
            assert!(!token.is_shown(Some(&query), "token"), "{query}");
        }
        assert!(!token.is_shown(None, "token"));
    }

    #[test]
    fn a_short_or_odd_token_is_refused() {
        assert!(parse(&"t".repeat(32)).is_ok());
        assert!(parse(&"t".repeat(256)).is_ok());
        for text in ["", &"t".repeat(31), &"t".repeat(257), &format!("{TOKEN}+"), &"ü".repeat(32)]
        {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}

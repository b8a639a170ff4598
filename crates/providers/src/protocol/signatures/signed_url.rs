//! Callbacks of providers that don't sign: the URL that such a provider is given names the send, and proves itself.
//!
//! The query is `tag=<tag>&token=<token>`: the send's [`Tag`], and HMAC-SHA256 over it in base64url. The key is made
//! from a secret of the provider's settings, with a label that no other use of the secret has. Who knows a challenge's
//! id can't make the token; who has seen the URL can, for this one send, say what became of it, and nothing else.

use countersign_contract::Secret;
use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::protocol::tag::{MAX_TAG_BYTES, Tag};

/// What the derived key is for. Another scheme needs another label.
const LABEL: &[u8] = b"countersign: callback URLs, 1";
const TOKEN_BYTES: usize = 43;
const MAX_QUERY_BYTES: usize = "tag=&token=".len() + MAX_TAG_BYTES + TOKEN_BYTES;

/// What a provider's callback URLs are signed with.
pub(crate) struct UrlKey(Secret<[u8; 32]>);

impl UrlKey {
    /// The key that follows from a secret of the settings; nothing of the secret follows from it.
    pub(crate) fn from_secret(secret: &str) -> Option<Self> {
        let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).ok()?;
        Some(Self(Secret::new(mac.chain_update(LABEL).finalize().into_bytes().into())))
    }

    fn mac(&self, tag: &str) -> Option<Hmac<Sha256>> {
        let mac = Hmac::<Sha256>::new_from_slice(self.0.expose()).ok()?;
        Some(mac.chain_update(tag.as_bytes()))
    }
}

/// The query of the URL under which a provider reports on a send; nothing where the tag is none that could be read again.
pub(crate) fn sign(key: &UrlKey, tag: &Tag) -> Option<String> {
    let tag = tag.to_string();
    Tag::parse(&tag)?;
    let token = BASE64URL_NOPAD.encode(&key.mac(&tag)?.finalize().into_bytes());
    Some(format!("tag={tag}&token={token}"))
}

/// The send that a query names; nothing where [`sign`] didn't make it. Takes as long whatever the token.
pub(crate) fn verify(key: &UrlKey, query: &str) -> Option<Tag> {
    if query.len() > MAX_QUERY_BYTES {
        return None;
    }
    let (tag, token) = query.strip_prefix("tag=")?.split_once("&token=")?;
    let token = BASE64URL_NOPAD.decode(token.as_bytes()).ok()?;
    key.mac(tag)?.verify_slice(&token).ok()?;
    Tag::parse(tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(secret: &str) -> UrlKey {
        UrlKey::from_secret(secret).unwrap()
    }

    fn tag() -> Tag {
        Tag { tenant: "acme-1".into(), challenge_id: "login.AbC-_9.x".into(), send_number: 2 }
    }

    /// Made with Python's `hmac`: a key that was derived differently would void the URLs that are under way.
    const QUERY: &str =
        "tag=acme-1.2.login.AbC-_9.x&token=qtNWIIrq9N7z4z-8Vkf4BGRsrtlfb6KQvq2gZyVTCFs";

    #[test]
    fn the_query_to_the_byte() {
        assert_eq!(sign(&key("hunter2"), &tag()).unwrap(), QUERY);
        assert_eq!(verify(&key("hunter2"), QUERY), Some(tag()));
    }

    #[test]
    fn the_longest_tag_fits() {
        let tag =
            Tag { tenant: "t".repeat(64), challenge_id: "x".repeat(136), send_number: u32::MAX };
        let query = sign(&key("s"), &tag).unwrap();
        assert_eq!(query.len(), MAX_QUERY_BYTES);
        assert_eq!(verify(&key("s"), &query), Some(tag));
    }

    #[test]
    fn what_was_not_signed_is_refused() {
        let key = key("hunter2");
        let (tag, token) = QUERY.split_once("&token=").unwrap();
        for query in [
            String::new(),
            "tag=&token=".into(),
            tag.to_owned(),
            format!("{tag}&token="),
            format!("{tag}&token={}", "A".repeat(TOKEN_BYTES)),
            format!("{tag}&token={}", &token[..42]),
            format!("{tag}&token={}", token.to_uppercase()),
            QUERY.replace("acme-1", "acme-2"),
            QUERY.replace(".2.", ".3."),
            QUERY.replace("tag=", "tag=x"),
            format!("x=1&{QUERY}"),
            format!("{QUERY}&x=1"),
            format!("{QUERY}="),
            format!("{QUERY}{}", "A".repeat(1_000_000)),
        ] {
            assert_eq!(verify(&key, &query), None, "{}", &query[..query.len().min(90)]);
        }
    }

    #[test]
    fn another_secret_signs_otherwise() {
        assert_eq!(verify(&key("hunter3"), QUERY), None);
        let other = sign(&key("hunter3"), &tag()).unwrap();
        assert_ne!(other, QUERY);
    }

    #[test]
    fn a_tag_that_no_url_could_hold_is_not_signed() {
        let hostile = Tag { challenge_id: "a&token=b".into(), ..tag() };
        assert_eq!(sign(&key("s"), &hostile), None);
        let long = Tag { challenge_id: "x".repeat(MAX_TAG_BYTES), ..tag() };
        assert_eq!(sign(&key("s"), &long), None);
    }
}

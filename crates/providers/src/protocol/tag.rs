//! The name of a send that a provider is given, and gives back when it reports what became of the message.

use std::fmt;

use crate::messages::message::Message;

/// Bytes of the longest tag: a tenant of 64, a number of 10, an id of 136 and two full stops.
pub const MAX_TAG_BYTES: usize = 212;

/// Which send of which challenge: `<tenant>.<send number>.<challenge id>`, of `a-z A-Z 0-9 _ - .`. Not secret.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Tag {
    /// Whose challenge.
    pub tenant: String,
    /// Its id.
    pub challenge_id: String,
    /// Which of its sends: 1 for the first.
    pub send_number: u32,
}

impl Tag {
    /// The tag of a message.
    #[must_use]
    pub fn of(message: &Message) -> Self {
        Self {
            tenant: message.tenant.clone(),
            challenge_id: message.challenge_id.clone(),
            send_number: message.send_number,
        }
    }

    /// Reads a tag; nothing where it isn't one. Whether there is such a challenge is the engine's to say.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_safe = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
        if text.len() > MAX_TAG_BYTES || !text.bytes().all(is_safe) {
            return None;
        }
        let mut parts = text.splitn(3, '.');
        let (tenant, number, id) = (parts.next()?, parts.next()?, parts.next()?);
        let send_number = number.parse().ok().filter(|number| *number > 0)?;
        let is_whole = !tenant.is_empty() && !id.is_empty();
        is_whole.then(|| Self { tenant: tenant.into(), challenge_id: id.into(), send_number })
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}.{}", self.tenant, self.send_number, self.challenge_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let tag = Tag {
            tenant: "acme-1".into(),
            challenge_id: "wallet_funding.AbC-_9.x".into(),
            send_number: 4_294_967_295,
        };
        assert_eq!(tag.to_string(), "acme-1.4294967295.wallet_funding.AbC-_9.x");
        assert_eq!(Tag::parse(&tag.to_string()), Some(tag));
    }

    #[test]
    fn what_is_no_tag_is_not_read() {
        let long = format!("a.1.{}", "x".repeat(MAX_TAG_BYTES));
        for text in
            ["", "a", "a.1", "a.1.", ".1.x", "a.0.x", "a.-1.x", "a.x.x", "a.1.x y", "a.1.ü", &long]
        {
            assert_eq!(Tag::parse(text), None, "{text}");
        }
    }
}

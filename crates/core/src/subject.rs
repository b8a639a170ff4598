//! A subject: (tenant, purpose, recipient) as a digest, and the names of its keys in the store.

use data_encoding::BASE64URL_NOPAD;

use crate::keyring::Keyring;
use crate::recipient::Recipient;
use crate::request::DeliveryOutcome;

/// Bytes of a subject, and of a challenge's nonce.
pub(crate) const DIGEST_BYTES: usize = 16;

/// A subject. All of its keys carry the same hash tag, so that a cluster keeps them together.
#[derive(Clone)]
pub(crate) struct Subject {
    pub(crate) digest: [u8; DIGEST_BYTES],
    tag: String,
}

impl Subject {
    pub(crate) fn new(
        keyring: &Keyring,
        tenant: &str,
        purpose: &str,
        recipient: &Recipient,
    ) -> Self {
        let words = [b"subject", tenant.as_bytes(), purpose.as_bytes(), recipient.digest_input()];
        Self::from_digest(keyring.digest(&words))
    }

    pub(crate) fn from_digest(digest: [u8; DIGEST_BYTES]) -> Self {
        Self { digest, tag: tag(&digest) }
    }

    /// The sealed challenge.
    pub(crate) fn challenge(&self) -> String {
        self.key("challenge")
    }

    /// The latest lock, sealed.
    pub(crate) fn closing(&self) -> String {
        self.key("closing")
    }

    /// The latest challenge that was taken back, sealed.
    pub(crate) fn withdrawal(&self) -> String {
        self.key("withdrawal")
    }

    /// The latest success, sealed.
    pub(crate) fn success(&self) -> String {
        self.key("success")
    }

    /// The latest message of which a provider reported this, sealed.
    pub(crate) fn noted(&self, outcome: DeliveryOutcome) -> String {
        self.key(match outcome {
            DeliveryOutcome::Delivered => "delivered",
            DeliveryOutcome::Failed => "undelivered",
        })
    }

    /// The count of attempts; only ever goes up.
    pub(crate) fn odometer(&self) -> String {
        self.key("odometer")
    }

    /// The count of consecutive wrong codes.
    pub(crate) fn failures(&self) -> String {
        self.key("failures")
    }

    /// The count that a challenge's one success is taken from.
    pub(crate) fn used(&self, nonce: &[u8; DIGEST_BYTES]) -> String {
        let mut key = self.key("used:");
        BASE64URL_NOPAD.encode_append(nonce, &mut key);
        key
    }

    /// A key of that name.
    pub(crate) fn key(&self, name: &str) -> String {
        let mut key = String::with_capacity(self.tag.len() + 1 + name.len() + 24);
        key.push_str(&self.tag);
        key.push(':');
        key.push_str(name);
        key
    }
}

/// A digest as a hash tag.
pub(crate) fn tag(digest: &[u8; DIGEST_BYTES]) -> String {
    let mut tag = String::with_capacity(24);
    tag.push('{');
    BASE64URL_NOPAD.encode_append(digest, &mut tag);
    tag.push('}');
    tag
}

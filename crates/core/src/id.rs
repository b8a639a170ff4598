//! Challenge ids: `purpose.` and, in base64url, the challenge's nonce (when it was issued, and randomness), its
//! recipient's digest and a MAC over all of it with the tenant. A made-up id and a dead one are refused without
//! touching the store.

use data_encoding::BASE64URL_NOPAD;
use subtle::ConstantTimeEq;

use crate::keyring::{Key, Keyring};
use crate::nonce::{self, Nonce};
use crate::subject::DIGEST_BYTES;

/// Bytes behind the purpose: nonce, recipient, MAC.
const BYTES: usize = nonce::BYTES + 2 * DIGEST_BYTES;
/// The same in base64url.
const CHARACTERS: usize = 4 * BYTES / 3;

/// What an id says, once its MAC is right.
pub(crate) struct Id<'a> {
    pub(crate) purpose: &'a str,
    pub(crate) nonce: Nonce,
    pub(crate) recipient: [u8; DIGEST_BYTES],
}

impl<'a> Id<'a> {
    /// Reads an id; nothing where no key of ours made it for this tenant.
    pub(crate) fn read(keyring: &Keyring, tenant: &str, text: &'a str) -> Option<Self> {
        let (purpose, encoded) = text.split_once('.')?;
        if encoded.len() != CHARACTERS || purpose.len() > 64 {
            return None;
        }
        let mut bytes = [0; BYTES];
        BASE64URL_NOPAD.decode_mut(encoded.as_bytes(), &mut bytes).ok()?;
        let (nonce, rest) = bytes.split_first_chunk::<{ nonce::BYTES }>()?;
        let (recipient, mac) = rest.split_first_chunk::<DIGEST_BYTES>()?;
        let id = Self { purpose, nonce: Nonce::from_bytes(*nonce), recipient: *recipient };
        keyring.all().any(|key| id.mac(key, tenant).ct_eq(mac).into()).then_some(id)
    }

    /// The id as a caller sees it.
    pub(crate) fn write(&self, keyring: &Keyring, tenant: &str) -> String {
        let mac = self.mac(keyring.current(), tenant);
        let mut bytes = [0; BYTES];
        for (to, from) in bytes
            .iter_mut()
            .zip(self.nonce.bytes().iter().copied().chain(self.recipient).chain(mac))
        {
            *to = from;
        }
        let mut text = String::with_capacity(self.purpose.len() + 1 + CHARACTERS);
        text.push_str(self.purpose);
        text.push('.');
        BASE64URL_NOPAD.encode_append(&bytes, &mut text);
        text
    }

    fn mac(&self, key: &Key, tenant: &str) -> [u8; DIGEST_BYTES] {
        let (nonce, recipient) = (self.nonce.bytes(), &self.recipient);
        key.tag(&[b"id", tenant.as_bytes(), self.purpose.as_bytes(), nonce, recipient])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_purpose_in_an_id_has_64_characters_at_most() {
        let keyring = Keyring::sample();
        for (length, is_read) in [(1, true), (63, true), (64, true), (65, false), (66, false)] {
            let purpose = "p".repeat(length);
            let nonce = Nonce::from_bytes([3; nonce::BYTES]);
            let id = Id { purpose: &purpose, nonce, recipient: [7; DIGEST_BYTES] };
            let text = id.write(&keyring, "default");
            assert_eq!(Id::read(&keyring, "default", &text).is_some(), is_read, "{length}");
        }
    }
}

//! Challenge ids: `purpose.` and, in base64url, the challenge's nonce, its subject and a MAC over all of it with
//! the tenant. A made-up id is refused without touching the store.

use data_encoding::BASE64URL_NOPAD;
use subtle::ConstantTimeEq;

use crate::keyring::{Key, Keyring};
use crate::subject::DIGEST_BYTES;

/// Bytes behind the purpose: nonce, subject, MAC.
const BYTES: usize = 3 * DIGEST_BYTES;
/// The same in base64url.
const CHARACTERS: usize = 4 * BYTES / 3;

/// What an id says, once its MAC is right.
pub(crate) struct Id<'a> {
    pub(crate) purpose: &'a str,
    pub(crate) nonce: [u8; DIGEST_BYTES],
    pub(crate) subject: [u8; DIGEST_BYTES],
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
        let (nonce, rest) = bytes.split_first_chunk::<DIGEST_BYTES>()?;
        let (subject, mac) = rest.split_first_chunk::<DIGEST_BYTES>()?;
        let id = Self { purpose, nonce: *nonce, subject: *subject };
        keyring.all().any(|key| id.mac(key, tenant).ct_eq(mac).into()).then_some(id)
    }

    /// The id as a caller sees it.
    pub(crate) fn write(&self, keyring: &Keyring, tenant: &str) -> String {
        let mac = self.mac(keyring.current(), tenant);
        let mut bytes = [0; BYTES];
        for (to, from) in
            bytes.iter_mut().zip(self.nonce.into_iter().chain(self.subject).chain(mac))
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
        key.tag(&[b"id", tenant.as_bytes(), self.purpose.as_bytes(), &self.nonce, &self.subject])
    }
}

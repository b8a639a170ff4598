//! The keys of a deployment, and the three things they do: name subjects, authenticate, seal.

use std::collections::BTreeMap;
use std::sync::{Mutex, OnceLock, PoisonError};

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use countersign_contract::Secret;
use countersign_contract::names::{MAX_KEY_NAME, is_name};
use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit as _, Mac};
use sha2::Sha256;

/// Bytes of a key.
const KEY_BYTES: usize = 32;
/// Bytes of a sealed value's nonce.
pub(crate) const NONCE_BYTES: usize = 24;
/// Signs that stand for a purpose: 48 bits, among the few purposes of one recipient.
pub(crate) const PURPOSE_CHARACTERS: usize = 8;
/// The first byte of every sealed value: its format.
const FORMAT: u8 = 1;

/// The keys of a deployment: one that names subjects, and those that make codes, ids and seals, the current
/// one first.
pub struct Keyring {
    index: Hmac<Sha256>,
    /// Seals what has to outlast every rotation of the others: derived from the index key, without a name.
    /// Made when it is first needed: a new instance that seals nothing lasting does without.
    lasting: OnceLock<Key>,
    current: Key,
    older: Vec<Key>,
    /// A cache: what stands for each purpose.
    purposes: Mutex<BTreeMap<String, String>>,
}

/// Purposes that are remembered.
const PURPOSES: usize = 256;

/// One named key.
pub(crate) struct Key {
    name: String,
    mac: Hmac<Sha256>,
    seal: XChaCha20Poly1305,
}

/// Why keys can't be used.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum KeyFault {
    /// Two keys have the same name.
    DuplicateName,
    /// Two keys have the same secret, or one has the index key's.
    DuplicateSecret,
    /// A name isn't 1 to 32 characters of `a-z`, `0-9`, `_` and `-`.
    MalformedName,
    /// There is no key, or there are more than 8.
    WrongCount,
    /// A key isn't 32 bytes long, or all its bytes are the same.
    WrongSecret,
}

impl KeyFault {
    /// The same in words, for an operator.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::DuplicateName => "keys: two keys have the same name",
            Self::DuplicateSecret => {
                "keys: two keys have the same secret; the index key and each key of the ring need one of their own"
            }
            Self::MalformedName => "keys: a name has to be 1 to 32 characters of a-z, 0-9, _ and -",
            Self::WrongCount => "keys: there have to be 1 to 8 keys",
            Self::WrongSecret => "keys: a key has to be 32 random bytes",
        }
    }
}

impl Keyring {
    /// Takes the index key and the named keys, the current one first.
    ///
    /// # Errors
    ///
    /// Each case of [`KeyFault`].
    pub fn new(
        index: &Secret<Vec<u8>>,
        keys: Vec<(String, Secret<Vec<u8>>)>,
    ) -> Result<Self, KeyFault> {
        if keys.is_empty() || keys.len() > 8 {
            return Err(KeyFault::WrongCount);
        }
        let repeats_secret = {
            let secrets = || std::iter::once(index).chain(keys.iter().map(|(_, secret)| secret));
            secrets().enumerate().any(|(position, secret)| {
                secrets().take(position).any(|other| other.expose() == secret.expose())
            })
        };
        let mut ring = keys.into_iter().map(|(name, secret)| Key::new(name, &secret));
        let current = ring.next().ok_or(KeyFault::WrongCount)??;
        let older = ring.collect::<Result<Vec<_>, _>>()?;
        let repeated = |(position, key): (usize, &Key)| {
            key.name == current.name
                || older.iter().take(position).any(|other| other.name == key.name)
        };
        if older.iter().enumerate().any(repeated) {
            return Err(KeyFault::DuplicateName);
        }
        let index = mac_of(index)?;
        if repeats_secret {
            return Err(KeyFault::DuplicateSecret);
        }
        let lasting = OnceLock::new();
        Ok(Self { index, lasting, current, older, purposes: Mutex::default() })
    }

    /// The digest that stands for some words in the store: 128 bits, so that two never meet.
    pub(crate) fn digest(&self, words: &[&[u8]]) -> [u8; 16] {
        first_half(absorb(self.index.clone(), words))
    }

    /// Appends what stands for a purpose in the names of keys.
    pub(crate) fn append_purpose_tag(&self, purpose: &str, name: &mut String) {
        let mut purposes = self.purposes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(tag) = purposes.get(purpose) {
            name.push_str(tag);
            return;
        }
        let digest = self.digest(&[b"purpose", purpose.as_bytes()]);
        let mut tag = BASE64URL_NOPAD.encode(&digest);
        tag.truncate(PURPOSE_CHARACTERS);
        if purposes.len() >= PURPOSES {
            purposes.clear();
        }
        name.push_str(&tag);
        purposes.insert(purpose.to_owned(), tag);
    }

    /// The key that makes what is new.
    pub(crate) const fn current(&self) -> &Key {
        &self.current
    }

    /// The key that seals what has to outlast every rotation: how challenges ended, and failures.
    pub(crate) fn lasting(&self) -> &Key {
        let absorbed = || absorb(self.index.clone(), &[b"lasting"]);
        self.lasting.get_or_init(|| Key::over(String::new(), absorbed()))
    }

    /// All keys with a name, the current one first.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Key> {
        std::iter::once(&self.current).chain(&self.older)
    }

    /// The key of that name.
    pub(crate) fn named(&self, name: &str) -> Option<&Key> {
        self.all().find(|key| key.name == name)
    }

    /// Opens a sealed value. Nothing where the key that sealed it is gone or a bit was changed.
    pub(crate) fn open(&self, place: &str, value: &[u8]) -> Option<Vec<u8>> {
        let (format, value) = value.split_first()?;
        let (length, value) = value.split_first()?;
        let (name, value) = value.split_at_checked(usize::from(*length))?;
        let (nonce, sealed) = value.split_at_checked(NONCE_BYTES)?;
        let key = match std::str::from_utf8(name).ok()? {
            "" => self.lasting(),
            name => self.named(name)?,
        };
        let data = associated(&key.name, place);
        let nonce = XNonce::from(<[u8; NONCE_BYTES]>::try_from(nonce).ok()?);
        let plain = key.seal.decrypt(&nonce, Payload { msg: sealed, aad: &data }).ok()?;
        (*format == FORMAT).then_some(plain)
    }
}

impl Key {
    fn new(name: String, secret: &Secret<Vec<u8>>) -> Result<Self, KeyFault> {
        if !is_name(&name, MAX_KEY_NAME) {
            return Err(KeyFault::MalformedName);
        }
        Ok(Self::over(name, mac_of(secret)?))
    }

    fn over(name: String, mac: Hmac<Sha256>) -> Self {
        let seal_key = absorb(mac.clone(), &[b"seal"]).finalize().into_bytes();
        Self { name, mac, seal: XChaCha20Poly1305::new(&seal_key) }
    }

    /// Its name; that of the lasting key is empty.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Seals a value for one place in the store: format, key's name, nonce, ciphertext. Put elsewhere, it
    /// doesn't open.
    pub(crate) fn seal(&self, place: &str, plain: &[u8], nonce: [u8; NONCE_BYTES]) -> Vec<u8> {
        let data = associated(&self.name, place);
        let payload = Payload { msg: plain, aad: &data };
        let nonce = XNonce::from(nonce);
        // The cipher fails only beyond 256 GiB; an empty value is one that never opens.
        let Ok(sealed) = self.seal.encrypt(&nonce, payload) else { return Vec::new() };
        let mut value = Vec::with_capacity(2 + self.name.len() + NONCE_BYTES + sealed.len());
        value.push(FORMAT);
        value.push(u8::try_from(self.name.len()).unwrap_or(0));
        value.extend_from_slice(self.name.as_bytes());
        value.extend_from_slice(&nonce);
        value.extend_from_slice(&sealed);
        value
    }

    /// A MAC over words, each told from the next by its length.
    pub(crate) fn mac(&self, words: &[&[u8]]) -> Hmac<Sha256> {
        absorb(self.mac.clone(), words)
    }

    /// The first 128 bits of a MAC over words.
    pub(crate) fn tag(&self, words: &[&[u8]]) -> [u8; 16] {
        first_half(self.mac(words))
    }
}

fn mac_of(secret: &Secret<Vec<u8>>) -> Result<Hmac<Sha256>, KeyFault> {
    let bytes = secret.expose();
    let first = bytes.first().ok_or(KeyFault::WrongSecret)?;
    if bytes.len() != KEY_BYTES || bytes.iter().all(|byte| byte == first) {
        return Err(KeyFault::WrongSecret);
    }
    Hmac::new_from_slice(bytes).map_err(|_| KeyFault::WrongSecret)
}

fn absorb(mut mac: Hmac<Sha256>, words: &[&[u8]]) -> Hmac<Sha256> {
    for word in words {
        // All words are bounded far below this.
        mac.update(&u16::try_from(word.len()).unwrap_or(u16::MAX).to_be_bytes());
        mac.update(word);
    }
    mac
}

fn first_half(mac: Hmac<Sha256>) -> [u8; 16] {
    let mut half = [0; 16];
    for (to, from) in half.iter_mut().zip(mac.finalize().into_bytes()) {
        *to = from;
    }
    half
}

fn associated(name: &str, place: &str) -> Vec<u8> {
    [name.as_bytes(), b"\0", place.as_bytes()].concat()
}

#[cfg(test)]
impl Keyring {
    /// One of one key, for tests.
    pub(crate) fn sample() -> Self {
        let secret = |seed: u8| Secret::new((0..32).map(|place| place ^ seed).collect());
        Self::new(&secret(99), vec![("k1".into(), secret(1))]).unwrap()
    }
}

#[cfg(test)]
mod tests;

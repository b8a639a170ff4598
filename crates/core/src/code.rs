//! How a code is derived, read back from what a person typed, and compared.

use hmac::{Hmac, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::secret::Secret;

/// The longest code, in characters.
const MAX_LENGTH: usize = 10;

/// What codes are made of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Alphabet {
    /// `0` to `9`.
    Digits,
    /// `2` to `9`, `A` to `Z` without `I` and `O`.
    Unambiguous,
}

impl Alphabet {
    const fn signs(self) -> &'static [u8] {
        match self {
            Self::Digits => b"0123456789",
            Self::Unambiguous => b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ",
        }
    }
}

/// A code, padded to one length so that comparing takes the same time whatever is compared.
pub(crate) struct Code([u8; MAX_LENGTH]);

impl Code {
    /// Turns a MAC into `length` signs. The first 128 bits are reduced modulo the number of codes, at most
    /// 2^50: no code is likelier than another by more than one part in 2^78.
    pub(crate) fn derive(mac: Hmac<Sha256>, alphabet: Alphabet, length: u32) -> Self {
        #[cfg(test)]
        tests::WORK.with(|work| work.set((work.get().0 + 1, work.get().1)));
        let bytes = mac.finalize().into_bytes();
        let (wide, _) = bytes.split_at(16);
        let mut number = wide.iter().fold(0_u128, |number, byte| number << 8 | u128::from(*byte));
        let signs = alphabet.signs();
        let mut code = [0; MAX_LENGTH];
        let length = usize::try_from(length).unwrap_or(MAX_LENGTH);
        // One wide division; the rest fits 64 bits.
        let codes =
            (0..length.min(MAX_LENGTH)).fold(1_u128, |codes, _| codes * signs.len() as u128);
        number %= codes;
        let mut rest = u64::try_from(number).unwrap_or(0);
        for place in code.iter_mut().take(length) {
            let index = usize::try_from(rest % signs.len() as u64).unwrap_or(0);
            *place = signs.get(index).copied().unwrap_or(b'0');
            rest /= signs.len() as u64;
        }
        Self(code)
    }

    /// What a person typed, without spaces and hyphens and in capitals; nothing where it can't be a code
    /// of that form.
    pub(crate) fn read(typed: &Secret<String>, alphabet: Alphabet, length: u32) -> Option<Self> {
        let mut code = [0; MAX_LENGTH];
        let mut places = code.iter_mut();
        let mut count = 0;
        for sign in typed.expose().bytes().filter(|byte| !matches!(byte, b' ' | b'-')) {
            let sign = sign.to_ascii_uppercase();
            if !alphabet.signs().contains(&sign) {
                return None;
            }
            *places.next()? = sign;
            count += 1;
        }
        (count == length).then_some(Self(code))
    }

    /// Whether two codes are the same, in a time that doesn't depend on them.
    pub(crate) fn is(&self, other: &Self) -> bool {
        #[cfg(test)]
        tests::WORK.with(|work| work.set((work.get().0, work.get().1 + 1)));
        self.0.ct_eq(&other.0).into()
    }

    /// The signs, for the message.
    pub(crate) fn reveal(&self) -> Secret<String> {
        Secret::new(
            self.0.iter().filter(|sign| **sign != 0).map(|sign| char::from(*sign)).collect(),
        )
    }
}

impl Drop for Code {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.0);
    }
}

#[cfg(test)]
pub(crate) mod tests;

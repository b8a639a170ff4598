//! How a code is derived, read back from what a person typed, and compared.

use std::ops::RangeInclusive;

use countersign_contract::Secret;
use countersign_contract::settings::Alphabet;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::signs::{half_width, is_blank, is_dash, plain_digit};

/// The longest code, in characters.
const MAX_LENGTH: usize = 10;
/// The lengths that a policy may ask for.
pub(crate) const LENGTHS: RangeInclusive<u32> = 6..=MAX_LENGTH as u32;
/// The most letters of a prefix such as `G-`.
const MAX_PREFIX_LETTERS: usize = 3;

const fn signs_of(alphabet: Alphabet) -> &'static [u8] {
    match alphabet {
        Alphabet::Digits => b"0123456789",
        Alphabet::Unambiguous => b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ",
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
        let signs = signs_of(alphabet);
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

    /// Reads what a person typed or pasted; nothing where it is no code of that form.
    ///
    /// White space, invisible signs and dashes are ignored wherever they stand. Decimal digits of any script
    /// and full-width letters count as their ASCII ones, and letters in either case. Where the text as a whole is no
    /// code, what commonly stands around one is taken away once: see [`unwrapped`].
    pub(crate) fn read(typed: &Secret<String>, alphabet: Alphabet, length: u32) -> Option<Self> {
        let read = |text| Self::read_signs(text, alphabet).filter(|(_, count)| *count == length);
        let text = typed.expose();
        read(text).or_else(|| read(unwrapped(text))).map(|(code, _)| code)
    }

    /// Whether some policy's codes may look like that.
    pub(crate) fn may_be(typed: &Secret<String>) -> bool {
        let text = typed.expose();
        [Alphabet::Digits, Alphabet::Unambiguous].into_iter().any(|alphabet| {
            let may_be = |text| {
                Self::read_signs(text, alphabet).is_some_and(|(_, count)| LENGTHS.contains(&count))
            };
            may_be(text) || may_be(unwrapped(text))
        })
    }

    fn read_signs(text: &str, alphabet: Alphabet) -> Option<(Self, u32)> {
        // Made at once, so that what was read is wiped wherever this ends.
        let mut code = Self([0; MAX_LENGTH]);
        let mut places = code.0.iter_mut();
        let mut count = 0;
        for sign in text.chars().filter(|sign| !is_ignored(*sign)) {
            let sign = u8::try_from(plain_digit(half_width(sign))).ok()?.to_ascii_uppercase();
            if !signs_of(alphabet).contains(&sign) {
                return None;
            }
            *places.next()? = sign;
            count += 1;
        }
        Some((code, count))
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

/// Takes away what messages put around a code: quotation marks on both sides, one full stop or comma at the end (inside
/// the quotation marks or behind them), and in front a `#`, or one to three letters and a hyphen (`G-123456`).
fn unwrapped(text: &str) -> &str {
    let text = text.trim_matches(is_ignored);
    let ended = without_stop(text);
    let text = without_quotes(ended.unwrap_or(text));
    let text = if ended.is_some() { text } else { without_stop(text).unwrap_or(text) };
    without_prefix(text)
}

fn without_stop(text: &str) -> Option<&str> {
    text.strip_suffix(|sign| matches!(half_width(sign), '.' | ','))
        .map(|text| text.trim_end_matches(is_ignored))
}

fn without_quotes(text: &str) -> &str {
    let bare = text.strip_prefix(is_quote).and_then(|text| text.strip_suffix(is_quote));
    bare.map_or(text, |bare| bare.trim_matches(is_ignored))
}

fn without_prefix(text: &str) -> &str {
    if let Some(code) = text.strip_prefix(|sign| half_width(sign) == '#') {
        return code;
    }
    let rest = text.trim_start_matches(char::is_alphabetic);
    let letters = text.strip_suffix(rest).unwrap_or_default().chars().count();
    let is_prefix = (1..=MAX_PREFIX_LETTERS).contains(&letters)
        && rest.trim_start_matches(is_blank).starts_with(is_dash);
    if is_prefix { rest } else { text }
}

/// Whether the sign has no meaning in a code.
fn is_ignored(sign: char) -> bool {
    is_blank(sign) || is_dash(sign)
}

/// Unicode's `Quotation_Mark`.
fn is_quote(sign: char) -> bool {
    matches!(
        half_width(sign),
        '"' | '\'' | '\u{ab}' | '\u{bb}' | '\u{2018}'..='\u{201f}' | '\u{2039}' | '\u{203a}' | '\u{2e42}'
            | '\u{300c}'..='\u{300f}' | '\u{301d}'..='\u{301f}' | '\u{fe41}'..='\u{fe44}' | '\u{ff62}' | '\u{ff63}'
    )
}

impl Drop for Code {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.0);
    }
}

#[cfg(test)]
pub(crate) mod tests;

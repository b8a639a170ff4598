//! The secret that EventBridge sends with each event, as the operator has set it for an API destination.

use countersign_contract::callbacks::CallbackError;
use hmac::{Hmac, KeyInit, Mac};
use http::HeaderValue;
use sha2::Sha256;

use crate::protocol::callback::Callback;

/// The header in which EventBridge sends the setting `event_key`.
pub const EVENT_KEY_HEADER: &str = "x-api-key";

const MIN_BYTES: usize = 32;
const MAX_BYTES: usize = 256;
const MAX_KEYS: usize = 4;
const FORM: &str = "has to be 32 to 256 characters of ASCII without spaces";

/// Digests of the secrets, any of which is good: they are compared, never the secrets.
pub(crate) struct EventKeys(Vec<[u8; 32]>);

impl EventKeys {
    /// Reads secrets with spaces between.
    ///
    /// # Errors
    /// What they have to be.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        let is_good = |key: &str| {
            (MIN_BYTES..=MAX_BYTES).contains(&key.len())
                && key.bytes().all(|byte| byte.is_ascii_graphic())
        };
        let digests: Option<Vec<_>> = text
            .split_ascii_whitespace()
            .map(|key| digest(key.as_bytes()).filter(|_| is_good(key)))
            .collect();
        match digests {
            Some(digests) if digests.len() > MAX_KEYS => {
                Err("holds more than 4 secrets: keep those that EventBridge still sends")
            }
            Some(digests) if !digests.is_empty() => Ok(Self(digests)),
            _ => Err(FORM),
        }
    }

    /// Refuses a call that shows none of them.
    ///
    /// # Errors
    /// Where it shows none.
    pub(crate) fn verify(&self, callback: &Callback<'_>) -> Result<(), CallbackError> {
        let is_shown = self.accept(callback.headers.get(EVENT_KEY_HEADER));
        is_shown.then_some(()).ok_or(CallbackError::Unauthenticated)
    }

    /// Whether the header's value is one of them. Takes the same time for any that isn't.
    fn accept(&self, value: Option<&HeaderValue>) -> bool {
        let Some(value) = value.filter(|value| value.len() <= MAX_BYTES) else { return false };
        let is_it =
            |key: &[u8; 32]| mac(value.as_bytes()).is_some_and(|mac| mac.verify_slice(key).is_ok());
        self.0.iter().filter(|key| is_it(key)).count() > 0
    }
}

/// A digest by way of HMAC, whose type compares in constant time. Its key is no secret: what it digests is long.
fn mac(key: &[u8]) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(b"countersign.aws.event_key").ok()?;
    mac.update(key);
    Some(mac)
}

fn digest(key: &[u8]) -> Option<[u8; 32]> {
    mac(key).map(|mac| mac.finalize().into_bytes().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(letter: char, bytes: usize) -> String {
        String::from_iter(vec![letter; bytes])
    }

    #[test]
    fn any_of_the_secrets_is_good_and_nothing_else() {
        let keys = EventKeys::parse(&format!("{}\n {}", key('a', 32), key('b', 256))).unwrap();
        let accept = |text: &str| keys.accept(Some(&HeaderValue::from_str(text).unwrap()));
        assert!(accept(&key('a', 32)));
        assert!(accept(&key('b', 256)));
        for text in ["", &key('a', 31), &key('a', 33), &key('b', 257), &key('c', 32)] {
            assert!(!accept(text), "{text}");
        }
        assert!(!accept(&format!("{} {}", key('a', 32), key('b', 256))));
        assert!(!keys.accept(None));
    }

    #[test]
    fn one_to_four_long_secrets() {
        let five = vec![key('a', 32); 5];
        assert!(EventKeys::parse(&five[..4].join(" ")).is_ok());
        assert!(EventKeys::parse(&five.join(" ")).err().unwrap().contains("more than 4"));
        for text in
            ["", " ", &key('a', 31), &key('a', 257), &key('ü', 32), &format!("{} x", key('a', 32))]
        {
            assert_eq!(EventKeys::parse(text).err(), Some(FORM), "{text}");
        }
    }
}

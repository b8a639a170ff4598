//! Values that nothing may print.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use zeroize::{Zeroize, Zeroizing};

/// A secret: a code, a key, a token. Has no `Display` and no `Serialize`, its `Debug` shows nothing of it, and it is
/// wiped from memory on drop.
#[derive(Clone)]
pub struct Secret<T: Zeroize>(Zeroizing<T>);

impl<T: Zeroize> Secret<T> {
    /// Wraps `value`.
    #[must_use]
    pub fn new(value: T) -> Self {
        Self(Zeroizing::new(value))
    }

    /// The value itself: for whoever has to send or use it, never for a log.
    #[must_use]
    pub fn expose(&self) -> &T {
        &self.0
    }
}

impl<T: Zeroize> fmt::Debug for Secret<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(..)")
    }
}

impl<'de> Deserialize<'de> for Secret<String> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SecretText).map(Self::new)
    }
}

/// Personal data: a recipient in full. Has no `Display` and no `Serialize`, and its `Debug` shows nothing of it.
#[derive(Clone)]
pub struct Pii(String);

impl Pii {
    /// Wraps `text`.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The text itself: for whoever has to send to it, never for a log.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Pii {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Pii(..)")
    }
}

/// Takes texts only, and refuses the rest without repeating it: serde's own messages would.
struct SecretText;

impl Visitor<'_> for SecretText {
    type Value = String;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a text in quotes")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<String, E> {
        Ok(text.to_owned())
    }

    fn visit_string<E: Error>(self, text: String) -> Result<String, E> {
        Ok(text)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<String, E> {
        Err(unquoted())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<String, E> {
        Err(unquoted())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<String, E> {
        Err(unquoted())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<String, E> {
        Err(unquoted())
    }
}

fn unquoted<E: Error>() -> E {
    E::custom("a secret has to be a text in quotes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", Secret::new("123456".to_owned())), "Secret(..)");
        assert_eq!(format!("{:?}", Secret::new(vec![1_u8, 2])), "Secret(..)");
        assert_eq!(format!("{:?}", Pii::new("+6281234567890".into())), "Pii(..)");
    }

    #[test]
    fn a_secret_of_the_wrong_type_is_not_repeated() {
        for text in ["471199", "-471199", "471199.5", "true"] {
            let error = serde_json::from_str::<Secret<String>>(text).unwrap_err();
            assert!(error.to_string().contains("in quotes"), "{error}");
            assert!(!error.to_string().contains(text), "{error}");
        }
    }
}

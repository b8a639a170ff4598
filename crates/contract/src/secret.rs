//! Values that nothing may print.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use subtle::ConstantTimeEq;
use zeroize::Zeroize;

/// A secret: a code, a key, a password, a cookie. Has no `Display` and no `Serialize`, its `Debug` shows nothing of it,
/// comparing takes the same time wherever two of them differ, and it is wiped from memory on drop.
#[derive(Clone, Default)]
pub struct Secret<T: Zeroize = String>(T);

impl<T: Zeroize> Secret<T> {
    /// Guards `value`.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself: to be used, never logged.
    pub const fn expose(&self) -> &T {
        &self.0
    }
}

impl<T: Default + Zeroize> Secret<T> {
    /// Gives the value up; the caller has to see to it from here on.
    #[must_use]
    pub fn into_exposed(mut self) -> T {
        std::mem::take(&mut self.0)
    }
}

impl<T: AsRef<[u8]> + Zeroize> PartialEq for Secret<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_ref().ct_eq(other.0.as_ref()).into()
    }
}

impl<T: AsRef<[u8]> + Zeroize> Eq for Secret<T> {}

impl<T: Zeroize> fmt::Debug for Secret<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(..)")
    }
}

impl<T: Zeroize> Drop for Secret<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl<'de> Deserialize<'de> for Secret<String> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Text { expected: "a secret" }).map(Self::new)
    }
}

#[cfg(feature = "json-schema")]
impl schemars::JsonSchema for Secret<String> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Secret".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "writeOnly": true })
    }
}

/// Personal data: a recipient in full. Has no `Display` and no `Serialize`, its `Debug` shows nothing of it, and it is
/// wiped from memory on drop.
#[derive(Clone, Default, Eq, PartialEq)]
pub struct Pii(String);

impl Pii {
    /// Guards `text`.
    #[must_use]
    pub const fn new(text: String) -> Self {
        Self(text)
    }

    /// The text itself: to be sent to, never logged.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Gives the text up; the caller has to see to it from here on.
    #[must_use]
    pub fn into_exposed(mut self) -> String {
        std::mem::take(&mut self.0)
    }
}

impl fmt::Debug for Pii {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Pii(..)")
    }
}

impl Drop for Pii {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl<'de> Deserialize<'de> for Pii {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Text { expected: "a recipient" }).map(Self::new)
    }
}

/// Takes texts only, and refuses the rest without repeating it: serde's own messages would.
struct Text {
    expected: &'static str,
}

impl Text {
    fn unquoted<E: Error>(&self) -> E {
        E::custom(format_args!("{} has to be a text in quotes", self.expected))
    }
}

impl Visitor<'_> for Text {
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
        Err(self.unquoted())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<String, E> {
        Err(self.unquoted())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<String, E> {
        Err(self.unquoted())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<String, E> {
        Err(self.unquoted())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", Secret::new("483920".to_owned())), "Secret(..)");
        assert_eq!(format!("{:#?}", Some(Secret::new(vec![4_u8, 8]))), "Some(\n    Secret(..),\n)");
        assert_eq!(format!("{:?}", Pii::new("+6281234567890".into())), "Pii(..)");
    }

    #[test]
    fn the_text_comes_out_as_it_went_in() {
        assert_eq!(Secret::new("483920".to_owned()).into_exposed(), "483920");
        assert_eq!(Pii::new("ann@example.com".into()).into_exposed(), "ann@example.com");
        assert_eq!(Secret::new(vec![1_u8]), Secret::new(vec![1_u8]));
        assert_ne!(Secret::new("1".to_owned()), Secret::new("12".to_owned()));
    }

    #[test]
    fn what_is_no_text_is_not_repeated() {
        for text in ["471199", "-471199", "471199.5", "[471199]", "{\"471199\":1}"] {
            let error = serde_json::from_str::<Secret<String>>(text).unwrap_err();
            assert!(!error.to_string().contains("471199"), "{error}");
            let error = serde_json::from_str::<Pii>(text).unwrap_err();
            assert!(!error.to_string().contains("471199"), "{error}");
        }
    }
}

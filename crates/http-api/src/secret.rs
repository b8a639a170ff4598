//! Texts that nothing may print.

use std::fmt;

use serde::Deserialize;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// A text that is secret: a code. Has no `Display` and no `Serialize`, its `Debug` shows nothing of it, and it
/// is wiped from memory on drop.
#[derive(Clone, Deserialize, Eq)]
#[serde(transparent)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Wraps `text`.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text itself: to be sent or compared, never logged.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Gives the text up; the caller has to see to it from here on.
    #[must_use]
    pub fn into_exposed(mut self) -> String {
        std::mem::take(&mut *self.0)
    }
}

/// Takes the same time wherever the texts differ.
impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(..)")
    }
}

/// Personal data: a recipient in full. Has no `Display` and no `Serialize`, and its `Debug` shows nothing of it.
#[derive(Clone, Deserialize, Eq, PartialEq)]
#[serde(transparent)]
pub struct Pii(String);

impl Pii {
    /// Wraps `text`.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The text itself: to be sent to, never logged.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Gives the text up; the caller has to see to it from here on.
    #[must_use]
    pub fn into_exposed(self) -> String {
        self.0
    }
}

impl fmt::Debug for Pii {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Pii(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", Secret::new("123456".into())), "Secret(..)");
        assert_eq!(format!("{:?}", Pii::new("+4915112345678".into())), "Pii(..)");
    }

    #[test]
    fn the_text_comes_out_as_it_went_in() {
        assert_eq!(Secret::new("123456".into()).into_exposed(), "123456");
        assert_eq!(Pii::new("ann@example.com".into()).expose(), "ann@example.com");
    }
}

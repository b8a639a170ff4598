//! Personal data that nothing may print.

use std::fmt;

/// Personal data: a recipient in full. Has no `Display` and no `Serialize`, and its `Debug` shows nothing of it.
#[derive(Clone)]
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
        assert_eq!(format!("{:?}", Pii::new("+6281234567890".into())), "Pii(..)");
    }
}

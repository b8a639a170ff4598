//! What goes wrong: with a message, and with the settings.

use std::fmt;

/// Why a message did not go out: `send-error` in `wit/types.wit`. No text in it repeats what a provider said.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum SendError {
    /// No provider, or a setting of it is missing or wrong: which one, safe to show to an operator.
    NotConfigured(String),
    /// Anything else. Safe to show to an operator.
    Other(String),
    /// The provider refused this recipient.
    RecipientRefused,
    /// The provider doesn't know the message template.
    TemplateUnknown,
    /// The provider is asked too often. Seconds until it may be asked again, where it said so.
    Throttled(Option<u32>),
    /// No answer in time. Whether the message went out is not known.
    Timeout,
    /// The provider refused our credentials.
    Unauthorised,
    /// The provider can't be reached, failed, or answered what can't be read.
    Unavailable,
}

/// One thing that is wrong with the settings. Never repeats a value: it could be a secret.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Problem {
    /// Which setting: names with dots between, `senders.sms.url`.
    pub path: String,
    /// What it has to be.
    pub text: String,
}

impl Problem {
    /// A problem with the setting `path`.
    #[must_use]
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        Self { path: path.into(), text: text.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.path, self.text)
    }
}

/// All that is wrong with the settings, a line each: at least one thing.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                formatter.write_str("\n")?;
            }
            write!(formatter, "{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}

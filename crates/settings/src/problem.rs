//! What is wrong with a configuration, and where.

use std::fmt;
use std::path::PathBuf;

/// Where a value came from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Origin {
    /// No place: the value is missing, or it follows from several.
    Anywhere,
    /// An environment variable.
    Environment(String),
    /// A line of the file, counted from 1.
    File(PathBuf, usize),
}

/// One thing that is wrong. Never repeats a value: it could be a secret.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Problem {
    /// Where the value came from.
    pub origin: Origin,
    /// Which setting: names and indices with dots between, `purposes.login.limits.0.max`; empty for the whole.
    pub path: String,
    /// What it has to be.
    pub text: String,
}

impl Problem {
    /// A problem with the setting `path` that has no place of its own yet.
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        Self { origin: Origin::Anywhere, path: path.into(), text: text.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.origin {
            Origin::Anywhere => {}
            Origin::Environment(name) => write!(formatter, "environment variable {name}: ")?,
            Origin::File(file, line) => write!(formatter, "{}:{line}: ", file.display())?,
        }
        if !self.path.is_empty() {
            write!(formatter, "{}: ", self.path)?;
        }
        formatter.write_str(&self.text)
    }
}

/// All that is wrong with a configuration: at least one thing.
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

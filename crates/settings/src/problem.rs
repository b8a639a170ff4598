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

/// What serde expected where it found another value, out of the `fault` that it tells: `invalid type: string "hunter2",
/// expected u32`. Nothing where the fault is of another kind.
#[must_use]
pub fn expected(fault: &str) -> Option<&str> {
    let kinds = ["invalid length ", "invalid type: ", "invalid value: "];
    let repeats_a_value = kinds.iter().any(|kind| fault.starts_with(kind));
    // The last one: the value may hold the words as well.
    let (_, expected) = fault.rsplit_once(", expected ").filter(|_| repeats_a_value)?;
    Some(expected)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_fault_that_repeats_a_value_only_what_was_expected_is_told() {
        for fault in [
            "invalid type: string \"hunter2\", expected u32",
            "invalid value: string \", expected hunter2\", expected u32",
            "invalid length 7, expected u32",
        ] {
            assert_eq!(expected(fault), Some("u32"), "{fault}");
        }
        for fault in ["missing field `a`", "unknown field `a`, expected `b`", "no, expected u32"] {
            assert_eq!(expected(fault), None, "{fault}");
        }
    }
}

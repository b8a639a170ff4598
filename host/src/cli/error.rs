//! Why a command did not do what it was asked, and what the process then ends with.

use std::io;
use std::process::ExitCode;

use super::exit;
use crate::serve::StartError;
use crate::stores::OpenError;

/// Why a command did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The process could not get to work.
    #[error(transparent)]
    Start(#[from] StartError),
    /// Standard input or output failed.
    #[error("standard input or output: {0}")]
    Stdio(#[from] io::Error),
    /// There is no randomness to make keys of.
    #[error("no randomness: {0}")]
    Randomness(#[from] getrandom::Error),
    /// The store can't be reached.
    #[error("store: {0}")]
    Unreachable(OpenError),
    /// The command needs settings that are absent, or an argument that is another.
    #[error("{0}")]
    Unusable(&'static str),
}

impl CommandError {
    /// What the process ends with.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        let code = match self {
            Self::Start(error) if error.is_configuration() => exit::USAGE,
            Self::Unusable(_) => exit::USAGE,
            Self::Unreachable(_) => exit::UNAVAILABLE,
            _ => exit::FAILED,
        };
        code.into()
    }
}

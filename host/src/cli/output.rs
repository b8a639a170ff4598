//! What commands print.

use std::io::{self, Write};

use clap::ValueEnum;

/// How an answer is printed.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub(super) enum Output {
    /// Lines `name: value` on standard output, refusals on standard error
    #[default]
    Text,
    /// The JSON of the HTTP surface on standard output, refusals too
    Json,
}

/// Prints a line. A reader that wants no more of it changes nothing in what was done.
pub(super) fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        printed => printed,
    }
}

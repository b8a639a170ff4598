//! What commands print.

use std::io::{self, Write};

use clap::ValueEnum;

/// How an answer is printed.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub(super) enum Output {
    /// Lines on standard output, refusals on standard error
    #[default]
    Text,
    /// JSON on standard output, refusals too: what the HTTP surface would say
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

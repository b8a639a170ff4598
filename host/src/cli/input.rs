//! What a command reads from standard input, which no list of processes shows.

use std::io::{self, BufRead, BufReader, IsTerminal, Read, Write};

use zeroize::Zeroizing;

use super::error::CommandError;

/// More than any code or recipient has, with room for what surrounds it, in bytes.
const MAX_BYTES: u64 = 512;

/// The recipient that an argument names: `-` stands for a line of standard input.
pub(super) fn recipient(argument: &str) -> Result<String, CommandError> {
    if argument != "-" {
        return Ok(argument.to_owned());
    }
    match line("Recipient: ")?.trim() {
        "" => Err(CommandError::Unusable(
            "no recipient: give it as an argument, or as a line of standard input",
        )),
        recipient => Ok(recipient.to_owned()),
    }
}

/// A line. Where a person types it, `prompt` says what is expected.
pub(super) fn line(prompt: &str) -> io::Result<Zeroizing<String>> {
    let input = io::stdin();
    if input.is_terminal() {
        let mut error = io::stderr();
        // Where it can't be shown, the line can be typed all the same.
        let _ = write!(error, "{prompt}").and_then(|()| error.flush());
    }
    let mut line = Zeroizing::new(String::new());
    BufReader::new(input.lock().take(MAX_BYTES)).read_line(&mut line)?;
    Ok(line)
}

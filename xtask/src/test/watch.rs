//! Running a suite: what it prints is shown as it comes, and read.

use std::io::{ErrorKind, Read, Write};
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::libtest::Said;

/// How a suite ended.
pub(super) struct Ended {
    /// What it said of its tests.
    pub(super) said: Said,
    /// With which status.
    pub(super) status: ExitStatus,
    /// After how long.
    pub(super) took: Duration,
}

/// Runs a suite to its end.
///
/// # Errors
/// Where it can't be started, or its output not be passed on.
pub(super) fn run(command: &mut Command, output: &mut impl Write) -> Result<Ended> {
    let start = Instant::now();
    let mut child = command.stdout(Stdio::piped()).spawn().context("a suite can't be started")?;
    let mut said = Said::default();
    if let Some(stdout) = child.stdout.take() {
        pass_on(stdout, output, |line| said.read(line)).context("output of a suite is lost")?;
    }
    let status = child.wait().context("a suite can't be waited for")?;
    Ok(Ended { said, status, took: start.elapsed() })
}

/// Writes what it reads, at once, and tells of every line.
fn pass_on(
    mut from: impl Read,
    to: &mut impl Write,
    mut read: impl FnMut(&str),
) -> std::io::Result<()> {
    let (mut line, mut part) = (Vec::new(), [0; 8_192]);
    loop {
        let bytes = match from.read(&mut part) {
            Ok(0) => return Ok(()),
            Ok(count) => part.get(..count).unwrap_or_default(),
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        to.write_all(bytes)?;
        to.flush()?;
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            line.extend_from_slice(piece);
            if let Some(whole) = line.strip_suffix(b"\n") {
                read(&String::from_utf8_lossy(whole));
                line.clear();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives what it holds in pieces of three bytes.
    struct Pieces<'a>(&'a [u8]);

    impl Read for Pieces<'_> {
        fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
            let length = into.len().min(3);
            self.0.read(&mut into[..length])
        }
    }

    #[test]
    fn what_comes_in_pieces_is_passed_on_and_read_by_lines() {
        let (mut shown, mut lines) = (Vec::new(), Vec::new());
        let said = b"one\n\ntwo and three\n\xff\nnot ended";
        pass_on(Pieces(said), &mut shown, |line| lines.push(line.to_owned())).unwrap();
        assert_eq!(shown, said);
        assert_eq!(lines, ["one", "", "two and three", "\u{fffd}"]);
    }

    #[test]
    fn the_status_is_told_beside_what_was_said() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo 'test a ... FAILED'; exit 3"]);
        let mut shown = Vec::new();
        let ended = run(&mut command, &mut shown).unwrap();
        assert_eq!(ended.said.failures, ["a"]);
        assert_eq!(ended.status.code(), Some(3));
        assert_eq!(shown, b"test a ... FAILED\n");
    }
}

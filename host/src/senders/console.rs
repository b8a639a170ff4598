//! `type = "console"`: codes on standard output, for developers.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use countersign_contract::Secret;
use countersign_contract::types::SendError;
use countersign_providers::Message;

use super::blocking::write_aside;

/// Which of a process's streams codes are written to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Stream {
    /// Where standard output is taken by an answer in JSON.
    StandardError,
    /// Where the log goes to standard error: it never mixes with codes.
    StandardOutput,
}

/// Writes one readable line per message.
pub struct Console {
    out: Arc<Mutex<dyn Write + Send>>,
}

impl Console {
    /// Writes to the terminal's `stream`.
    #[must_use]
    pub fn new(stream: Stream) -> Self {
        match stream {
            Stream::StandardError => Self::to(std::io::stderr()),
            Stream::StandardOutput => Self::to(std::io::stdout()),
        }
    }

    /// Writes to `out`.
    #[must_use]
    pub fn to(out: impl Write + Send + 'static) -> Self {
        Self { out: Arc::new(Mutex::new(out)) }
    }

    /// Writes one message.
    ///
    /// # Errors
    /// Where it can't be written.
    pub async fn send(&self, message: &Message) -> Result<(), SendError> {
        let (out, line) = (Arc::clone(&self.out), Secret::new(line(message)));
        write_aside(move || {
            let mut out = out.lock().unwrap_or_else(PoisonError::into_inner);
            out.write_all(line.expose().as_bytes())?;
            out.flush()
        })
        .await
    }
}

fn line(message: &Message) -> String {
    let reference = match &message.reference {
        Some(reference) => format!(", reference {reference:?}"),
        None => String::new(),
    };
    format!(
        "[{channel}] to {to}: code {code} for {purpose}{reference}, good for {seconds} s\n",
        channel = message.channel.as_str(),
        to = message.recipient.expose(),
        code = message.code.expose(),
        purpose = message.purpose,
        seconds = message.lifetime_seconds,
    )
}

//! `type = "console"`: codes on standard output, for whoever develops.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use countersign_settings::purposes::Channel;

use super::{Sender, Sent, first_channel, write_aside};
use crate::bindings::countersign::otp::sender::{Delivery, Message};

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
}

impl Sender for Console {
    fn send(&self, message: Message) -> Sent<'_> {
        let out = Arc::clone(&self.out);
        Box::pin(async move {
            let channel = first_channel(&message)?;
            let line = line(&message, channel.into());
            write_aside(move || {
                let mut out = out.lock().unwrap_or_else(PoisonError::into_inner);
                out.write_all(line.as_bytes())?;
                out.flush()
            })
            .await?;
            Ok(Delivery { channel, provider: "console".to_owned(), message_id: None })
        })
    }
}

fn line(message: &Message, channel: Channel) -> String {
    let reference = match &message.reference {
        Some(reference) => format!(", reference {reference:?}"),
        None => String::new(),
    };
    format!(
        "[{channel}] to {to}: code {code} for {purpose}{reference}, good for {seconds} s\n",
        channel = channel.as_str(),
        to = message.recipient,
        code = message.code,
        purpose = message.purpose,
        seconds = message.lifetime_seconds,
    )
}

//! `type = "file"`: codes in a file, for tests and developers. One JSON object a line, so that any number of
//! processes may append to one file.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use countersign_contract::Secret;
use countersign_contract::types::SendError;
use countersign_providers::Message;
use serde::Serialize;

use super::blocking::write_aside;

/// Appends one JSON object per message, each in a single write: lines of several processes don't mix.
pub struct JsonLines {
    file: Arc<File>,
}

impl JsonLines {
    /// Opens `path` for appending; makes it, readable by its owner only, where it is absent.
    ///
    /// # Errors
    /// Where the file can't be opened for appending.
    pub fn open(path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        Ok(Self { file: Arc::new(options.open(path)?) })
    }

    /// Writes one message.
    ///
    /// # Errors
    /// Where it can't be written.
    pub async fn send(&self, message: &Message) -> Result<(), SendError> {
        let file = Arc::clone(&self.file);
        let line = Secret::new(line(message).map_err(|_| SendError::Unavailable)?);
        write_aside(move || append(&file, line.expose())).await
    }
}

/// One write, or an error: a line written in two parts could have another's in its middle.
fn append(mut file: &File, line: &[u8]) -> io::Result<()> {
    let written = file.write(line)?;
    if written == line.len() { Ok(()) } else { Err(io::ErrorKind::StorageFull.into()) }
}

/// A message as it stands in the file: the fields of `wit/sender.wit`.
#[derive(Serialize)]
struct Line<'a> {
    tenant: &'a str,
    purpose: &'a str,
    channel: &'a str,
    to: &'a str,
    code: &'a str,
    challenge_id: &'a str,
    send_number: u32,
    lifetime_seconds: u32,
    expires_at: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    locale: Option<&'a str>,
}

fn line(message: &Message) -> serde_json::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(&Line {
        tenant: &message.tenant,
        purpose: &message.purpose,
        channel: message.channel.as_str(),
        to: message.recipient.expose(),
        code: message.code.expose(),
        challenge_id: &message.challenge_id,
        send_number: message.send_number,
        lifetime_seconds: message.lifetime_seconds,
        expires_at: message.expires_at.0,
        reference: message.reference.as_deref(),
        locale: message.locale.as_deref(),
    })?;
    line.push(b'\n');
    Ok(line)
}

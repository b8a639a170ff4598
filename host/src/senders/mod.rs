//! How codes leave: one file per provider, and the router that picks one by channel.

mod console;
mod file;

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use countersign_settings::purposes::Channel;

pub use self::console::{Console, Stream};
pub use self::file::JsonLines;

use crate::bindings::countersign::otp::sender::{Delivery, Message};
use crate::bindings::countersign::otp::types::{self, SendError};
use crate::config::{Mode, SenderSettings, SendersSettings};

/// What a provider's answer is, in time: within 20 seconds, as `wit/sender.wit` wants it.
pub type Sent<'a> = Pin<Box<dyn Future<Output = Result<Delivery, SendError>> + Send + 'a>>;

/// Carries messages, as `wit/sender.wit` asks for it. A message is secret as a whole, and its `Debug`, being
/// generated, shows all of it: it must not be formatted.
pub trait Sender: Send + Sync + 'static {
    /// Hands over one message. Success means that it was taken, not that it arrived.
    fn send(&self, message: Message) -> Sent<'_>;
}

/// Why the senders can't be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It shows codes, and the process is for real people.
    #[error("senders.{0}: shows codes: allowed in development mode only")]
    DevelopmentOnly(&'static str),
    /// Its file can't be opened for appending.
    #[error("senders.{channel}: {path} can't be opened: {source}")]
    File {
        /// The channel.
        channel: &'static str,
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
}

/// The provider of each channel.
pub struct Router {
    by_channel: BTreeMap<&'static str, Arc<dyn Sender>>,
}

impl Router {
    /// Opens every provider that is configured; `console` is where one of that type writes to.
    ///
    /// # Errors
    /// [`OpenError`] where one can't be used as it is configured.
    pub fn open(
        settings: &SendersSettings,
        mode: Mode,
        console: Stream,
    ) -> Result<Self, OpenError> {
        let mut by_channel: BTreeMap<&'static str, Arc<dyn Sender>> = BTreeMap::new();
        for (channel, sender) in settings.configured() {
            let channel = channel.as_str();
            if mode == Mode::Production && sender.shows_codes() {
                return Err(OpenError::DevelopmentOnly(channel));
            }
            let sender: Arc<dyn Sender> = match sender {
                SenderSettings::Console(_) => Arc::new(Console::new(console)),
                SenderSettings::File(file) => {
                    let opened = JsonLines::open(&file.path).map_err(|source| OpenError::File {
                        channel,
                        path: file.path.display().to_string(),
                        source,
                    })?;
                    Arc::new(opened)
                }
            };
            by_channel.insert(channel, sender);
        }
        Ok(Self { by_channel })
    }
}

impl Sender for Router {
    fn send(&self, message: Message) -> Sent<'_> {
        let channel = match first_channel(&message) {
            Ok(channel) => Channel::from(channel).as_str(),
            Err(error) => return Box::pin(async move { Err(error) }),
        };
        match self.by_channel.get(channel) {
            Some(sender) => sender.send(message),
            None => Box::pin(async move {
                let text = format!("`{channel}` has no provider: set [senders.{channel}]");
                Err(SendError::NotConfigured(text))
            }),
        }
    }
}

/// The channel that is tried first.
fn first_channel(message: &Message) -> Result<types::Channel, SendError> {
    let none = || SendError::Other("the message names no channel".to_owned());
    message.channels.first().copied().ok_or_else(none)
}

/// Runs a write to a local file or terminal where it holds up no other request.
async fn write_aside(
    write: impl FnOnce() -> std::io::Result<()> + Send + 'static,
) -> Result<(), SendError> {
    let written = tokio::task::spawn_blocking(write).await;
    match written {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(SendError::Other(error.kind().to_string())),
        Err(_) => Err(SendError::Unavailable),
    }
}

#[cfg(test)]
mod tests;

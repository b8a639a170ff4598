//! The ways out that only this host has.

use std::sync::Arc;
use std::time::Duration;

use countersign_contract::types::SendError;
use countersign_providers::{
    Accepted, Content, Message, NativeSettings, Problem, Problems, Tag, Unsent,
};

use super::smtp::Smtp;
use super::{Console, JsonLines, Stream};

/// A way out that isn't HTTP.
pub enum Native {
    /// Codes in the terminal.
    Console(Console),
    /// Codes in a file.
    File(Arc<JsonLines>),
    /// Mail.
    Smtp(Box<Smtp>),
}

impl Native {
    /// Opens the way of these settings, which stand at `path`; `console` is where one of that type writes to.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn open(
        path: &str,
        settings: &NativeSettings<'_>,
        console: Stream,
    ) -> Result<Self, Problems> {
        match settings {
            NativeSettings::Console(_) => Ok(Self::Console(Console::new(console))),
            NativeSettings::File(file) => {
                let opened = JsonLines::open(&file.path).map_err(|error| {
                    let text = format!("{} can't be opened: {error}", file.path.display());
                    Problem::new(format!("{path}.path"), text)
                })?;
                Ok(Self::File(Arc::new(opened)))
            }
            NativeSettings::Smtp(smtp) => Ok(Self::Smtp(Box::new(Smtp::open(smtp, path)?))),
        }
    }

    /// Hands over one message, within `patience`.
    ///
    /// # Errors
    /// Why it did not go out.
    pub async fn send(&self, message: &Message, patience: Duration) -> Result<Accepted, Unsent> {
        match self {
            Self::Console(console) => console.send(message).await?,
            Self::File(file) => file.send(message).await?,
            Self::Smtp(smtp) => {
                let Content::Mail(mail) = &message.content else {
                    return Err(SendError::Other("the message is no mail".to_owned()).into());
                };
                let seed = Tag::of(message).to_string();
                let recipient = message.recipient.expose();
                let message_id = smtp.hand_over(mail, recipient, &seed, patience).await?;
                return Ok(Accepted { message_id });
            }
        }
        Ok(Accepted::default())
    }
}

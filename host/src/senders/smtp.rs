//! `type = "smtp"`: mail through a submission server (RFC 5321, 6409), over messages of lettre's.
//!
//! lettre's own transport says what went wrong, but not in which phase, and so not whether the mail
//! may have gone out; and its parser refuses replies that servers do give (`reply.rs`). So the
//! conversation is led here, command by command.

mod conversation;
pub(super) mod examine;
mod letter;
mod offer;
mod outcome;
mod pool;
mod refusal;
mod reply;
mod settings;
mod stream;

use std::time::Duration;

use countersign_contract::types::SendError;
use countersign_providers::{Mail, Problems, SmtpSettings, Unsent};
use lettre::Address;
use tokio::time::{Instant, timeout_at};

use self::conversation::Conversation;
use self::letter::Letter;
use self::outcome::{Cause, Phase, SmtpError};
use self::pool::Pool;
use self::settings::Account;

/// How long a connection that has waited may take to show that it still works.
const PROBE_LIMIT: Duration = Duration::from_secs(3);

/// A mail server, and the connections to it.
pub struct Smtp {
    account: Account,
    path: String,
    pool: Pool,
}

impl Smtp {
    /// Takes the settings that stand at `path`, such as `senders.email`. Connects to nothing yet.
    ///
    /// # Errors
    /// All that is wrong with them; no value is repeated.
    pub fn open(settings: &SmtpSettings, path: &str) -> Result<Self, Problems> {
        let account = Account::try_new(settings, path)?;
        let pool = Pool::new(account.max_connections);
        Ok(Self { account, path: path.to_owned(), pool })
    }

    /// Hands over `mail`, within `deadline`. Its `Message-ID`, which is returned, follows from `message_id_seed`: the
    /// challenge and the number of the send, so that a mail that is sent twice can be told to be one.
    ///
    /// # Errors
    /// As `docs/senders/smtp.md` has it. [`SendError::Timeout`] and [`SendError::Unreadable`] leave open whether the
    /// mail went out; after all others it did not.
    pub async fn send(
        &self,
        mail: &Mail,
        recipient: &str,
        message_id_seed: &str,
        deadline: Duration,
    ) -> Result<Option<String>, SendError> {
        let handed_over = self.hand_over(mail, recipient, message_id_seed, deadline).await;
        handed_over.map_err(|unsent| unsent.error)
    }

    /// As [`send`](Self::send), and says of a mail that did not go out whether that concerns its
    /// recipient alone.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn hand_over(
        &self,
        mail: &Mail,
        recipient: &str,
        message_id_seed: &str,
        deadline: Duration,
    ) -> Result<Option<String>, Unsent> {
        let end = Instant::now() + deadline;
        let recipient = address(recipient).ok_or(SendError::RecipientRefused)?;
        let letter = Letter::compose(&self.account, mail, &recipient, message_id_seed)?;
        let delivered = self.deliver(&recipient, &letter, end).await;
        delivered.map_err(|failure| failure.unsent(&self.path, &recipient))?;
        Ok(Some(letter.message_id))
    }

    async fn deliver(
        &self,
        recipient: &Address,
        letter: &Letter,
        end: Instant,
    ) -> Result<(), SmtpError> {
        let waiting = timeout_at(end, self.pool.place()).await;
        let _place =
            waiting.map_err(|_| SmtpError { phase: Phase::Greeting, cause: Cause::Late })?;
        let mut conversation = self.begin(end).await?;
        match conversation.finish(recipient, letter, end).await {
            Ok(()) => {
                self.pool.put(conversation);
                Ok(())
            }
            Err(failure) => {
                part(conversation, &failure);
                Err(failure)
            }
        }
    }

    /// A connection over which a mail has begun: one that waited, or a new one where that turns out to be gone.
    async fn begin(&self, end: Instant) -> Result<Conversation, SmtpError> {
        let sender = &self.account.from.email;
        if let Some(mut conversation) = self.pool.take() {
            let limit = end.min(Instant::now() + PROBE_LIMIT);
            match conversation.begin(sender, limit).await {
                Ok(()) => return Ok(conversation),
                Err(failure) if failure.is_stale() => {
                    part(conversation, &failure);
                    self.pool.clear();
                }
                Err(failure) => {
                    part(conversation, &failure);
                    return Err(failure);
                }
            }
        }
        let mut conversation = Conversation::open(&self.account, end).await?;
        match conversation.begin(sender, end).await {
            Ok(()) => Ok(conversation),
            Err(failure) => {
                part(conversation, &failure);
                Err(failure)
            }
        }
    }
}

/// Ends a connection: with a word where the server still listens.
fn part(conversation: Conversation, failure: &SmtpError) {
    if matches!(failure.cause, Cause::Refused(_)) {
        conversation.leave();
    }
}

/// The core has normalised it, to ASCII; what would not be one address on the wire goes nowhere.
fn address(recipient: &str) -> Option<Address> {
    let is_plain = recipient.bytes().all(|byte| byte.is_ascii_graphic());
    if is_plain { recipient.parse().ok() } else { None }
}

#[cfg(test)]
mod tests;

//! What goes over the wire: a mail with its headers, in ASCII throughout.

use countersign_contract::types::SendError;
use countersign_providers::Mail;
use data_encoding::HEXLOWER;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::{Address, Message};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::settings::Account;

/// Bytes of the digest that stand in a `Message-ID`.
const ID_BYTES: usize = 16;

/// A mail that is ready to go. Holds a code.
pub(super) struct Letter {
    pub(super) message_id: String,
    pub(super) bytes: Zeroizing<Vec<u8>>,
}

impl Letter {
    /// Puts `mail` to `recipient` into the form of RFC 5322. The same `seed` gets the same `Message-ID`.
    pub(super) fn compose(
        account: &Account,
        mail: &Mail,
        recipient: &Address,
        seed: &str,
    ) -> Result<Self, SendError> {
        let message_id = message_id(seed, account.from.email.domain());
        let mut builder = Message::builder()
            .from(account.from.clone())
            .to(Mailbox::new(None, recipient.clone()))
            .subject(one_line(&mail.subject))
            .date_now()
            .message_id(Some(message_id.clone()))
            // No holiday notice is wanted: RFC 3834, and what Exchange heeds in its place.
            .raw_header(raw("Auto-Submitted", "auto-generated"))
            .raw_header(raw("X-Auto-Response-Suppress", "All"));
        if let Some(reply_to) = &account.reply_to {
            builder = builder.reply_to(reply_to.clone());
        }
        let bodies = MultiPart::alternative_plain_html(
            mail.text.expose().clone(),
            mail.html.expose().clone(),
        );
        let message = builder
            .multipart(bodies)
            .map_err(|_| SendError::Other("the mail can't be put together".to_owned()))?;
        Ok(Self { message_id, bytes: Zeroizing::new(message.formatted()) })
    }
}

/// A digest, since the id of a challenge doesn't belong in the logs of mail servers.
fn message_id(seed: &str, domain: &str) -> String {
    let digest = Sha256::digest(seed.as_bytes());
    let digest = HEXLOWER.encode(digest.get(..ID_BYTES).unwrap_or(&digest));
    format!("<{digest}@{domain}>")
}

/// A line break in a subject would begin another header.
fn one_line(subject: &str) -> String {
    subject.chars().map(|one| if one.is_control() { ' ' } else { one }).collect()
}

fn raw(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

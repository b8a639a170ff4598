//! How a mail becomes a request of SES's.

use countersign_contract::Timestamp;
use countersign_contract::types::SendError;
use http::Request;
use serde::Serialize;

use super::settings::Checked;
use super::tags::{self, EmailTag};
use crate::messages::content::Mail;
use crate::messages::message::Message;
use crate::protocol::request;

const UTF_8: &str = "UTF-8";

/// Writes the request.
///
/// # Errors
/// Where it is no mail, or its recipient is none that SES reaches.
pub(super) fn write(
    settings: &Checked,
    message: &Message,
    now: Timestamp,
) -> Result<Request<Vec<u8>>, SendError> {
    let mail = message.content.mail()?;
    // SES speaks no SMTPUTF8: such an address can't be reached through it.
    if !message.recipient.expose().is_ascii() {
        return Err(SendError::RecipientRefused);
    }
    settings.client.post(request::json(&Body::new(settings, message, mail))?, now)
}

/// The body of a request. Secret as a whole: it holds the code.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Body<'a> {
    from_email_address: &'a str,
    destination: Destination<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_to_addresses: Option<[&'a str; 1]>,
    content: Content<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email_tags: Option<[EmailTag; 3]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    configuration_set_name: Option<&'a str>,
}

impl<'a> Body<'a> {
    fn new(settings: &'a Checked, message: &'a Message, mail: &'a Mail) -> Self {
        let words = |data| Words { data, charset: UTF_8 };
        Self {
            from_email_address: &settings.from,
            destination: Destination { to_addresses: [message.recipient.expose()] },
            reply_to_addresses: settings.reply_to.as_deref().map(|address| [address]),
            content: Content {
                simple: Simple {
                    subject: words(&mail.subject),
                    body: Parts {
                        text: words(mail.text.expose()),
                        html: words(mail.html.expose()),
                    },
                },
            },
            email_tags: tags::of(message),
            configuration_set_name: settings.configuration_set.as_deref(),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Destination<'a> {
    to_addresses: [&'a str; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Content<'a> {
    simple: Simple<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Simple<'a> {
    subject: Words<'a>,
    body: Parts<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Parts<'a> {
    text: Words<'a>,
    html: Words<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Words<'a> {
    data: &'a str,
    charset: &'static str,
}

//! How a mail becomes a request of Resend's.

use countersign_contract::types::SendError;
use http::Request;
use http::header::AUTHORIZATION;
use serde::Serialize;

use super::settings::Checked;
use super::tags::{self, MailTag};
use crate::messages::content::Mail;
use crate::messages::message::Message;
use crate::protocol::bearer;
use crate::protocol::request::{self, JSON};
use crate::protocol::tag::Tag;

const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// Writes the request.
///
/// # Errors
/// Where it is no mail.
pub(super) fn write(settings: &Checked, message: &Message) -> Result<Request<Vec<u8>>, SendError> {
    let mail = message.content.mail()?;
    let tag = Tag::of(message).to_string();
    let tag = Tag::parse(&tag).map(|_| tag.as_str());
    let body = request::json(&body(settings, message, mail, tag))?;
    let mut request = request::post(format!("{}/emails", settings.url), JSON)
        .header(AUTHORIZATION, bearer::header(&settings.api_key)?);
    if let Some(tag) = tag {
        request = request.header(IDEMPOTENCY_KEY, tag);
    }
    request::finish(request, body)
}

fn body<'a>(
    settings: &'a Checked,
    message: &'a Message,
    mail: &'a Mail,
    tag: Option<&str>,
) -> Body<'a> {
    Body {
        from: &settings.from,
        to: [message.recipient.expose()],
        subject: &mail.subject,
        html: mail.html.expose(),
        text: mail.text.expose(),
        reply_to: settings.reply_to.as_deref(),
        headers: Headers { auto_submitted: "auto-generated" },
        tags: tag.and_then(tags::of).map(|tag| [tag]),
    }
}

#[derive(Serialize)]
struct Body<'a> {
    from: &'a str,
    to: [&'a str; 1],
    subject: &'a str,
    html: &'a str,
    text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_to: Option<&'a str>,
    headers: Headers,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<[MailTag; 1]>,
}

#[derive(Serialize)]
struct Headers {
    #[serde(rename = "Auto-Submitted")]
    auto_submitted: &'static str,
}

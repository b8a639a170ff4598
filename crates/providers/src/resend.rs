//! `type = "resend"`: mail through [Resend].
//!
//! `POST {url}/emails` ([documentation]), `Authorization: Bearer <api_key>`, JSON: `from`, `to`, `subject`, `html`, `text`,
//! `reply_to`, `headers`, `tags`. Answered with 200 and `{"id": "…"}`. Requests without a `User-Agent` are refused.
//!
//! Read on 2026-11-21: [the errors], [the limits], [idempotency keys], [the webhooks], as far as stored copies of the pages
//! go; fields and limits of the request in Resend's OpenAPI document (`resend/resend-openapi`); the names of errors and
//! events, some of which the pages have dropped or not yet got, in its SDKs (`resend-node`, `resend-rs` 0.35.1).
//!
//! - **Idempotency**: the send's tag as `Idempotency-Key` (1 to 256 characters), kept for 24 hours.
//! - **Tags** hold `a-z A-Z 0-9 _ -`, at most 256 of them: the send's tag goes in base64url as the value of `countersign`,
//!   and where that is too long (a tag of more than 192 bytes) not at all: of such a mail nothing is reported.
//! - **`Auto-Submitted: auto-generated`** keeps holiday notes from being sent in reply.
//!
//! | answer, by status and `name`; by `message` alone where there is no `name` | outcome |
//! |---|---|
//! | 2xx with `id` | accepted |
//! | 2xx with anything else | unreadable |
//! | 400, 422 `validation_error`, whose `message` names the `to` field | recipient refused |
//! | 400, 422 `validation_error`, whose `message` names the `from` field; `invalid_from_address` | not configured: `from` |
//! | 400, 422 `validation_error`, whose `message` names the `reply_to` field | not configured: `reply_to` |
//! | 403 `validation_error`: the domain isn't verified, or only testing mails may be sent | not configured: `from` |
//! | 401 `missing_api_key`, `restricted_api_key`; 403 `invalid_api_key`, `suspended_api_key`, `invalid_permission` | unauthorised |
//! | 404 `not_found`, 405 `method_not_allowed` | not configured: `url` |
//! | 409 `concurrent_idempotent_requests`: the same message is being taken elsewhere | time-out: not known yet |
//! | 409 `resource_locked` | unavailable |
//! | 409 `invalid_idempotent_request`; 400 `invalid_idempotency_key`; 422 `missing_required_field`, `missing_required_parameter`, `invalid_attachment`, `invalid_parameter`, `invalid_region`, `invalid_access`, any other `validation_error`; 403 `email_above_quota`; 451 `security_error` | other, with status and name |
//! | 429 `rate_limit_exceeded` | throttled, for as long as `Retry-After` says |
//! | 429 `daily_quota_exceeded`, `monthly_quota_exceeded` | throttled; `Retry-After`, if any, speaks of the rate |
//! | 500 `application_error`, `internal_server_error`; 500, 503 `service_unavailable` | as everywhere: unavailable, throttled |
//! | anything else | by the status, as everywhere |
//!
//! **Status reports** are signed as Standard Webhooks want it, under Svix's names of the headers (`svix-id`,
//! `svix-timestamp`, `svix-signature`; secret `whsec_…`). `data.tags` is an object in the examples and the SDKs, a list in
//! the table of the documentation: either is read. Resend reports of every mail of the account: those without our tag are
//! another account's.
//!
//! | `type` | report |
//! |---|---|
//! | `email.delivered` | delivered |
//! | `email.bounced`, `email.failed`, `email.suppressed` | failed |
//! | `email.sent`, `email.scheduled`, `email.delivery_delayed`, `email.opened`, `email.clicked`, `email.complained`, anything else | none |
//!
//! [Resend]: https://resend.com
//! [documentation]: https://resend.com/docs/api-reference/emails/send-email
//! [the errors]: https://resend.com/docs/api-reference/errors
//! [the limits]: https://resend.com/docs/api-reference/rate-limit
//! [idempotency keys]: https://resend.com/docs/dashboard/emails/idempotency-keys
//! [the webhooks]: https://resend.com/docs/webhooks/verify-webhooks-requests

mod answer;
mod settings;
mod status;

use countersign_contract::callbacks::CallbackError;
use countersign_contract::types::SendError;
use countersign_contract::{Secret, Timestamp};
use countersign_settings::problem::Problems;
use data_encoding::BASE64URL_NOPAD;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue, USER_AGENT};
use http::{Request, Response};
use serde::Serialize;

use crate::messages::content::{Content, Mail};
use crate::messages::message::Message;
use crate::protocol::callback::{Callback, Received};
use crate::protocol::endpoint;
use crate::protocol::provider::{Provider, Session, Step};
use crate::protocol::request::{AGENT, JSON};
use crate::protocol::signatures::standard_webhooks::Keys;
use crate::protocol::tag::Tag;

pub use self::settings::ResendSettings;

const IDEMPOTENCY_KEY: &str = "idempotency-key";
/// The name of the tag that says which send a mail is.
const TAG_NAME: &str = "countersign";
const MAX_TAG_VALUE_BYTES: usize = 256;

/// The protocol of one account at Resend.
pub struct Resend {
    /// Where its settings stand.
    path: String,
    api_key: Secret<String>,
    from: String,
    reply_to: Option<String>,
    url: String,
    webhook_keys: Option<Keys>,
}

impl Resend {
    /// The account of these settings; `path` is where they stand: `senders.email`.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn open(settings: &ResendSettings, path: &str) -> Result<Self, Problems> {
        settings.open(path)
    }

    fn body(&self, message: &Message, mail: &Mail, tag: Option<&str>) -> Option<Vec<u8>> {
        let value = tag.map(|tag| BASE64URL_NOPAD.encode(tag.as_bytes()));
        let value = value.filter(|value| value.len() <= MAX_TAG_VALUE_BYTES);
        let body = Body {
            from: &self.from,
            to: [message.recipient.expose()],
            subject: &mail.subject,
            html: mail.html.expose(),
            text: mail.text.expose(),
            reply_to: self.reply_to.as_deref(),
            headers: Headers { auto_submitted: "auto-generated" },
            tags: value.map(|value| [MailTag { name: TAG_NAME, value }]),
        };
        serde_json::to_vec(&body).ok()
    }
}

impl Provider for Resend {
    fn name(&self) -> &'static str {
        "resend"
    }

    fn origin(&self) -> String {
        endpoint::origin_of(&self.url)
    }

    fn request(
        &self,
        message: &Message,
        _: &mut Session,
        _: Timestamp,
    ) -> Result<Request<Vec<u8>>, SendError> {
        let Content::Mail(mail) = &message.content else {
            return Err(SendError::Other("a mail without words".to_owned()));
        };
        let tag = Tag::of(message).to_string();
        let tag = Tag::parse(&tag).map(|_| tag.as_str());
        let body = self.body(message, mail, tag).ok_or_else(unwritable)?;
        let mut bearer = HeaderValue::try_from(format!("Bearer {}", self.api_key.expose()))
            .map_err(|_| unwritable())?;
        bearer.set_sensitive(true);
        let mut request = Request::post(format!("{}/emails", self.url))
            .header(CONTENT_TYPE, JSON)
            .header(ACCEPT, JSON)
            .header(USER_AGENT, AGENT)
            .header(AUTHORIZATION, bearer);
        if let Some(tag) = tag {
            request = request.header(IDEMPOTENCY_KEY, tag);
        }
        request.body(body).map_err(|_| unwritable())
    }

    fn response(
        &self,
        response: Response<&[u8]>,
        _: &mut Session,
        now: Timestamp,
    ) -> Result<Step, SendError> {
        answer::read(&response, &self.path, now).map(Step::Accepted)
    }

    fn receive(&self, callback: &Callback<'_>, now: Timestamp) -> Result<Received, CallbackError> {
        let keys = self.webhook_keys.as_ref().ok_or(CallbackError::Unsupported)?;
        status::read(callback, keys, now)
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

#[derive(Serialize)]
struct MailTag {
    name: &'static str,
    value: String,
}

/// A URL or key that no request can hold: neither was taken.
fn unwritable() -> SendError {
    SendError::Other("the message can't be written as a request".to_owned())
}

#[cfg(test)]
mod tests;

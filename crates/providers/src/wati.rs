//! `type = "wati"`: WhatsApp templates by way of WATI.
//!
//! `POST <url>/api/ext/v3/messageTemplates/send`, [API v3][send], which WATI recommends for everything new, read on
//! 2026-11-21 with its [guide], its [errors], its [webhooks] and its collection for Postman. Older are
//! `sendTemplateMessage` of v1 and v2: they know no `local_message_id`, so that no report could be told whose it is; and
//! the keys that they were made for can't be had any more.
//!
//! - **The tenant** is in the key. v3 wants none of the number that v1 and v2 have behind the host: with it every path is
//!   a 404 (seen by users, not documented). It is left off where an operator gives the endpoint as the dashboard shows it.
//! - **The recipient** is digits without `+` in `phone_number`. `target` could also mean a contact's id.
//! - **Idempotency**: none. "Neither `broadcast_name` nor `local_message_id` establishes a request-level idempotency
//!   guarantee."
//! - **Languages**: a request names a template and no language, so each translation needs a name of its own.
//! - **Errors** are told in words, in a 200 too: by the words that users have reported they are told apart here, and
//!   whatever they don't fit is "other".
//!
//! | answer | outcome |
//! |---|---|
//! | 2xx, `success: true` (or `result`, `ok`), no errors; whatever `message` and `info` say besides, but for the words below | accepted |
//! | 2xx with an empty list `recipients` ("can omit invalid recipients"), a recipient marked as invalid, or anything in `errors.invalidWhatsappNumbers`, a list or not | recipient refused |
//! | anything in `errors.invalidCustomParameters`, a list or not | not configured: `parameter` |
//! | 2xx with `success: false` or words in `errors` or `errors.error`, also a recipient's, 400, 404: by its words | |
//! | … "no valid receivers", "invalid WhatsApp number" and the like | recipient refused |
//! | … "Invalid Template Name", a template that isn't found, doesn't exist or isn't approved | template unknown |
//! | … "Check your template, it cannot have typos or blank text": a parameter of another name | not configured: `parameter` |
//! | … a channel that isn't found, doesn't exist or isn't valid | not configured: `channel` |
//! | … other words | other |
//! | 2xx without any of the three, with the `code` of an error | as an answer with that status |
//! | 2xx of any other form | unreadable |
//! | 401, 403 | unauthorised: the key, its scopes, the plan |
//! | 404 without such words | not configured: `url` |
//! | 429 | throttled; a rate or the plan's limit |
//! | 5xx, with `Retry-After` or without; 504 | unreadable; time-out: the message may have been accepted all the same, WATI says |
//! | other status | as everywhere, see `answer.rs` |
//!
//! [send]: https://docs.wati.io/reference/messagetemplate_sendtemplatemessages
//! [guide]: https://docs.wati.io/reference/template-message-payload-guide
//! [errors]: https://docs.wati.io/reference/errors
//! [webhooks]: https://docs.wati.io/reference/sent-message-is-delivered

mod answer;
mod report;
mod request;
mod settings;

use countersign_contract::Timestamp;
use countersign_contract::callbacks::CallbackError;
use countersign_contract::types::SendError;
use countersign_settings::problem::Problems;
use http::{Request, Response};

use crate::messages::message::Message;
use crate::protocol::callback::{Callback, CallbackContent};
use crate::protocol::endpoint;
use crate::protocol::provider::{Progress, Provider, Session};

use self::settings::Checked;

pub use self::settings::WatiSettings;

/// The protocol of WATI.
pub struct Wati(Checked);

impl Wati {
    /// WATI with these settings; `path` is where they stand: `senders.whatsapp`.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn open(settings: &WatiSettings, path: &str) -> Result<Self, Problems> {
        settings.check(path).map(Self)
    }
}

impl Provider for Wati {
    fn provider_type(&self) -> &'static str {
        "wati"
    }

    fn origin(&self) -> String {
        endpoint::origin_of(&self.0.url)
    }

    fn request(
        &self,
        message: &Message,
        _: &mut Session,
        _: Timestamp,
    ) -> Result<Request<Vec<u8>>, SendError> {
        request::write(&self.0, message)
    }

    fn response(
        &self,
        response: Response<&[u8]>,
        _: &mut Session,
        now: Timestamp,
    ) -> Result<Progress, SendError> {
        answer::read(&response, &self.0.path, now).map(Progress::Accepted)
    }

    fn receive(
        &self,
        callback: &Callback<'_>,
        _: Timestamp,
    ) -> Result<CallbackContent, CallbackError> {
        let token = self.0.callback_token.as_ref().ok_or(CallbackError::Unsupported)?;
        report::read(callback, token)
    }
}

#[cfg(test)]
mod tests;

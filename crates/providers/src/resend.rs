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
//! | 2xx without `id`, with the `statusCode`, `name` or `message` of an error | as that error, under its `statusCode` |
//! | 2xx with anything else | unreadable |
//! | any status but a redirect's, and a `message` that begins "Invalid `to` field", whatever the `name` | recipient refused |
//! | 400, 422 `validation_error`, whose `message` names the `to` field otherwise | recipient refused |
//! | 400, 422 `validation_error`, whose `message` names the `from` field; `invalid_from_address` | not configured: `from` |
//! | 400, 422 `validation_error`, whose `message` names the `reply_to` field | not configured: `reply_to` |
//! | 403 `validation_error`, or a `message` that says so: the domain isn't verified, or only testing mails may be sent | not configured: `from` |
//! | 401 `missing_api_key`, `restricted_api_key`; 403 `invalid_api_key`, `suspended_api_key`, `invalid_permission` | unauthorised |
//! | 404 `not_found`, 405 `method_not_allowed` | not configured: `url` |
//! | 409 `concurrent_idempotent_requests`: the same message is being taken elsewhere | time-out: not known yet |
//! | 409 `resource_locked` | unavailable |
//! | 409 `invalid_idempotent_request`; 400 `invalid_idempotency_key`; 422 `missing_required_field`, `missing_required_parameter`, `invalid_attachment`, `invalid_parameter`, `invalid_region`, `invalid_access`, any other `validation_error`; 403 `email_above_quota`; 451 `security_error` | other, with status and name |
//! | 429 `rate_limit_exceeded` | throttled, for as long as `Retry-After` says |
//! | 429 `daily_quota_exceeded`, `monthly_quota_exceeded` | throttled; `Retry-After`, if any, speaks of the rate |
//! | 500 `application_error`, `internal_server_error`; 500, 503 `service_unavailable` | as everywhere: unavailable, throttled |
//! | these three names with a 4xx, or a 2xx without `statusCode` | unavailable |
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
mod report;
mod request;
mod settings;
mod tags;

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

pub use self::settings::ResendSettings;

/// The protocol of one account at Resend.
pub struct Resend(Checked);

impl Resend {
    /// The account of these settings; `path` is where they stand: `senders.email`.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn open(settings: &ResendSettings, path: &str) -> Result<Self, Problems> {
        settings.check(path).map(Self)
    }
}

impl Provider for Resend {
    fn provider_type(&self) -> &'static str {
        "resend"
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
        now: Timestamp,
    ) -> Result<CallbackContent, CallbackError> {
        let keys = self.0.webhook_keys.as_ref().ok_or(CallbackError::Unsupported)?;
        report::read(callback, keys, now)
    }
}

#[cfg(test)]
mod tests;

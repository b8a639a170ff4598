//! `type = "webhook"`: each message goes to a URL of the operator's, signed, and the operator delivers it.
//!
//! `POST <url>`, as [Standard Webhooks 1.0.0] wants it (read on 2026-11-20): `webhook-id`, `webhook-timestamp`,
//! `webhook-signature` (`v1`, HMAC-SHA256; one signature for each secret) and a JSON body of `type`, `timestamp` and
//! `data`. Any of the specification's libraries verifies it.
//!
//! - **`webhook-id`** is the challenge's id, a full stop and the number of the send: the same however often one
//!   message is handed over, so it serves receivers as idempotency key. The specification warns of full stops in an id
//!   that a user controls; the engine makes this one.
//! - **`webhook-timestamp`** is the time of the attempt; **`timestamp`** in the body is when the engine handed the
//!   message over, and like the rest of the body the same in each attempt.
//! - **The answer** counts by its status. Of a body only `message_id` (any 2xx) and `error` (400 and 422) are read:
//!   a 2xx is a success whatever its body holds, or none.
//!
//! | status | outcome |
//! |---|---|
//! | 2xx | accepted |
//! | 400, 422 with `"error": "recipient_refused"` or `"template_unknown"` | that |
//! | 401, 403 | unauthorised: the receiver doesn't accept the signature |
//! | 404, 410 | not configured: there is nothing at `url`, or it wants no more |
//! | 429 | throttled, for as long as `Retry-After` says |
//! | 503 with `Retry-After` | throttled too: "unavailable" has no room for the time |
//! | 408, 504 | time-out |
//! | 502 | unreadable |
//! | 425, other 5xx | unavailable |
//! | anything else, 3xx (redirects aren't followed) included | other, with the status |
//!
//! **Status reports**: the receiver may say what became of a message, with a `POST` to the callback URL of this sender,
//! signed in the same way, by one of the same secrets, no more than five minutes ago. The body is JSON; of its members
//! these are read, and others do no harm:
//!
//! ```json
//! {"type":"code.status","timestamp":"2026-11-20T21:04:31Z","data":{"tenant":"default","challenge_id":"login.AbC-_9.x",
//!   "send_number":2,"status":"delivered"}}
//! ```
//!
//! `tenant`, `challenge_id` and `send_number` are those of the message. `status` is `delivered` or `failed`; any other, and
//! any other `type`, is taken and reports nothing.
//!
//! [Standard Webhooks 1.0.0]: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md

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

pub use self::report::STATUS_TYPE;
pub use self::request::{ID_HEADER, MESSAGE_TYPE, SIGNATURE_HEADER, TIMESTAMP_HEADER};
pub use self::settings::WebhookSettings;

/// The protocol of one webhook.
pub struct Webhook(Checked);

impl Webhook {
    /// The webhook of these settings; `path` is where they stand: `senders.sms`.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn open(settings: &WebhookSettings, path: &str) -> Result<Self, Problems> {
        settings.check(path).map(Self)
    }
}

impl Provider for Webhook {
    fn provider_type(&self) -> &'static str {
        "webhook"
    }

    fn origin(&self) -> String {
        endpoint::origin(&self.0.url)
    }

    fn request(
        &self,
        message: &Message,
        _: &mut Session,
        now: Timestamp,
    ) -> Result<Request<Vec<u8>>, SendError> {
        request::write(&self.0, message, now)
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
        report::read(callback, &self.0.keys, now)
    }
}

#[cfg(test)]
mod tests;

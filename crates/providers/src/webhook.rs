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
mod status;

use countersign_contract::callbacks::CallbackError;
use countersign_contract::types::SendError;
use countersign_contract::{Secret, Timestamp};
use countersign_settings::problem::{Problem, Problems};
use http::header::{ACCEPT, CONTENT_TYPE, USER_AGENT};
use http::{Request, Response, Uri};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::locale::canonical;
use crate::messages::message::Message;
use crate::protocol::callback::{Callback, Received};
use crate::protocol::endpoint;
use crate::protocol::provider::{Provider, Session, Step};
use crate::protocol::request::{AGENT, JSON};
use crate::protocol::signatures::standard_webhooks::{HEADERS, Keys};

/// The specification's header of the message's id.
pub const ID_HEADER: &str = HEADERS.id;
/// The specification's header of the attempt's time.
pub const TIMESTAMP_HEADER: &str = HEADERS.timestamp;
/// The specification's header of the signatures.
pub const SIGNATURE_HEADER: &str = HEADERS.signature;
/// The `type` of every body: a code to be delivered.
pub const MESSAGE_TYPE: &str = "code.send";
/// The `type` of a status report.
pub const STATUS_TYPE: &str = "code.status";

/// A URL of the operator's.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookSettings {
    /// Where messages are sent: an https URL; http to loopback hosts only. Not shown, as its path may hold a token.
    pub url: Secret<String>,
    /// What messages are signed with: `whsec_` and 24 to 64 random bytes in base64. While it is being replaced,
    /// several with spaces between, each of which signs; at most 4.
    pub secret: Secret<String>,
}

/// The protocol of one webhook.
pub struct Webhook {
    /// Where its settings stand.
    path: String,
    url: Uri,
    keys: Keys,
}

impl Webhook {
    /// The webhook of these settings; `path` is where they stand: `senders.sms`.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn open(settings: &WebhookSettings, path: &str) -> Result<Self, Problems> {
        let url = endpoint::parse(settings.url.expose());
        let keys = Keys::parse(settings.secret.expose());
        match (url, keys) {
            (Ok(url), Ok(keys)) => Ok(Self { path: path.to_owned(), url, keys }),
            (url, keys) => {
                let url = url.err().map(|text| Problem::new(format!("{path}.url"), text));
                let keys = keys.err().map(|text| Problem::new(format!("{path}.secret"), text));
                Err(Problems(url.into_iter().chain(keys).collect()))
            }
        }
    }
}

impl Provider for Webhook {
    fn name(&self) -> &'static str {
        "webhook"
    }

    fn origin(&self) -> String {
        endpoint::origin(&self.url)
    }

    fn request(
        &self,
        message: &Message,
        _: &mut Session,
        now: Timestamp,
    ) -> Result<Request<Vec<u8>>, SendError> {
        let id = format!("{}.{}", message.challenge_id, message.send_number);
        let body = body(message).ok_or_else(unwritable)?;
        let signatures = self.keys.sign(&id, now, &body).ok_or_else(unwritable)?;
        Request::post(self.url.clone())
            .header(CONTENT_TYPE, JSON)
            .header(ACCEPT, JSON)
            .header(USER_AGENT, AGENT)
            .header(ID_HEADER, id)
            .header(TIMESTAMP_HEADER, now.0)
            .header(SIGNATURE_HEADER, signatures)
            .body(body)
            .map_err(|_| unwritable())
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
        status::read(callback, &self.keys, now)
    }
}

/// The body. The fields of `data` are named as the `file` sender names them.
#[derive(Serialize)]
struct Body<'a> {
    r#type: &'static str,
    timestamp: String,
    data: Data<'a>,
}

#[derive(Serialize)]
struct Data<'a> {
    tenant: &'a str,
    purpose: &'a str,
    channel: &'static str,
    to: &'a str,
    code: &'a str,
    challenge_id: &'a str,
    send_number: u32,
    lifetime_seconds: u32,
    expires_at: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    locale: Option<String>,
}

fn body(message: &Message) -> Option<Vec<u8>> {
    let handed_over = message.expires_at.0.saturating_sub(u64::from(message.lifetime_seconds));
    let timestamp = jiff::Timestamp::from_second(i64::try_from(handed_over).ok()?).ok()?;
    let body = Body {
        r#type: MESSAGE_TYPE,
        timestamp: timestamp.to_string(),
        data: Data {
            tenant: &message.tenant,
            purpose: &message.purpose,
            channel: message.channel.as_str(),
            to: message.recipient.expose(),
            code: message.code.expose(),
            challenge_id: &message.challenge_id,
            send_number: message.send_number,
            lifetime_seconds: message.lifetime_seconds,
            expires_at: message.expires_at.0,
            reference: message.reference.as_deref(),
            locale: message.locale.as_deref().map(canonical),
        },
    };
    serde_json::to_vec(&body).ok()
}

/// No message of the engine's is like this: an id that no header can hold, or a time beyond the year 9999.
fn unwritable() -> SendError {
    SendError::Other("the message can't be written as a request".to_owned())
}

#[cfg(test)]
mod tests;

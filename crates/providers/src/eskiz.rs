//! `type = "eskiz"`: text messages in Uzbekistan, through [Eskiz.uz].
//!
//! Two requests, both forms (`application/x-www-form-urlencoded`), both answered with JSON:
//!
//! | | |
//! |---|---|
//! | `POST {url}/api/auth/login` | `email`, `password` → `data.token`: a JWT, good for 30 days |
//! | `POST {url}/api/message/sms/send` | `Authorization: Bearer <token>`; `mobile_phone` (`998` and 9 digits), `message`, `from`, `callback_url` → `id`, `status` `waiting` |
//!
//! Read on 2026-11-21: the Postman collection ["SMS Gateway by Eskiz.uz"], by way of the OpenAPI document that
//! [iota-uz/eskiz] made of it. It shows successes only and says `multipart/form-data`; that a plain form does as well, and
//! what some refusals look like, comes from clients in use: the PyPI packages `eskiz-sms` 1.0.1 and `eskiz-pkg`, and answers
//! recorded in public repositories: the text that isn't moderated (400), the token that is no longer good (401). What it says
//! of balance, sender's name and blacklist there is no record; the words for those are a guess.
//!
//! - **The token** is kept until ten minutes before the `exp` in its payload, which is read for that and trusted for
//!   nothing else: a day where there is none, never longer than the 30 days that Eskiz documents. A token that is refused
//!   earlier (the password was changed) is replaced within the same message. There is `PATCH /api/auth/refresh`
//!   as well; it costs a request like a login, and needs a token that is still good.
//! - **Idempotency**: none. `user_sms_id` is documented for batches only, holds twelve digits, and prevents nothing.
//! - **Recipients** outside Uzbekistan are refused here: `/api/message/sms/send-global` wants the country's code as well,
//!   which a number alone doesn't say.
//!
//! | answer | outcome |
//! |---|---|
//! | login: 2xx with `data.token` | logged in |
//! | login: 2xx with a `message` and no token; 401, 403 | unauthorised |
//! | login: 2xx with anything else | unreadable, which for a login means unavailable |
//! | 2xx with an `id` | accepted |
//! | 2xx with `"status": "error"` | as 400 |
//! | 2xx with `"status": "success"` or `"ok"` and no `id` | accepted |
//! | 2xx without `id` and `status`, with a `message` or `errors` of which the words or fields below are known | as 400 |
//! | 2xx with anything else | unreadable |
//! | 401; any 4xx, and a 2xx without `id`, with `"status": "token-invalid"` | the token is forgotten: another login, then the message once more |
//! | 403 | unauthorised, and the token is forgotten |
//! | 400, 422, `message` or `errors` names the field `mobile_phone` alone, `message` a number or the blacklist | recipient refused |
//! | 400, 422, `message` says that the text isn't moderated, or only test texts may be sent | template unknown |
//! | 400, 422, `message` names `from` or the sender's name | not configured: `from` |
//! | 400, 422, `message` speaks of the balance | other, with that reason |
//! | 404, 405 | not configured: `url` |
//! | 429, 5xx | as everywhere |
//! | anything else | other, with the status |
//!
//! Eskiz has no codes for its refusals, only sentences, in Russian mostly: what they mean is told by words in them. A
//! sentence with none of the words is "other, with the status".
//!
//! **Status reports**: a POST to `callback_url`, of `request_id`, `message_id`, `user_sms_id`,
//! `country`, `phone_number`, `sms_count`, `status` and `status_date`: as a form in either
//! encoding, as JSON, or as a JSON list. It is unsigned; so the URL carries the send's tag and a
//! token that only we can make (`signed_url.rs`), with a key that follows from `password`.
//!
//! | `status` | report |
//! |---|---|
//! | `DELIVRD`, `DELIVERED` | delivered |
//! | `UNDELIV`, `UNDELIVERED`, `NOT_DELIVERED`, `EXPIRED`, `REJECTD`, `DELETED`, `FAILED`, `BLOCKED`, `TIMEOUT`, `DELIVERY_ERROR`, `INVALID`, `UNREACHABLE`, `DENIED` … and their other spellings: the lists in `report.rs` | failed |
//! | `NEW`, `STORED`, `ACCEPTED`, `PARTDELIVERED`, `ENROUTE`, `UNKNOWN`, `NO_ERROR`, `NOT_DELIVERED_YET`, anything else | none |
//!
//! [Eskiz.uz]: https://eskiz.uz/sms
//! ["SMS Gateway by Eskiz.uz"]: https://documenter.getpostman.com/view/663428/RzfmES4z
//! [iota-uz/eskiz]: https://github.com/iota-uz/eskiz

mod answer;
mod report;
mod request;
mod settings;
mod token;

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

pub use self::settings::EskizSettings;

/// The protocol of one account at Eskiz.
pub struct Eskiz(Checked);

impl Eskiz {
    /// The account of these settings; `path` is where they stand: `senders.sms`.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn open(settings: &EskizSettings, path: &str) -> Result<Self, Problems> {
        settings.check(path).map(Self)
    }
}

impl Provider for Eskiz {
    fn provider_type(&self) -> &'static str {
        "eskiz"
    }

    fn origin(&self) -> String {
        endpoint::origin_of(&self.0.url)
    }

    fn request(
        &self,
        message: &Message,
        session: &mut Session,
        now: Timestamp,
    ) -> Result<Request<Vec<u8>>, SendError> {
        request::write(&self.0, message, session, now)
    }

    fn response(
        &self,
        response: Response<&[u8]>,
        session: &mut Session,
        now: Timestamp,
    ) -> Result<Progress, SendError> {
        if session.has_token() {
            answer::message(&response, &self.0.path, session, now)
        } else {
            answer::login(&response, &self.0.path, session, now)
        }
    }

    fn wants_login(&self) -> bool {
        true
    }

    fn receive(
        &self,
        callback: &Callback<'_>,
        _: Timestamp,
    ) -> Result<CallbackContent, CallbackError> {
        report::read(callback, &self.0.callbacks)
    }
}

#[cfg(test)]
mod tests;

//! `type = "meta_whatsapp"`: WhatsApp templates by way of Meta's own Cloud API.
//!
//! `POST <url>/<version>/<phone_number_id>/messages`, an [authentication template] of the version of the Graph API that was
//! the newest on 2026-11-21 ([v26.0], of 2026-07-29), read that day together with the [errors], the [statuses] and how
//! [webhooks] are signed; what the pages as they could be had lack, codes by code, is from the tables of two libraries (pywa,
//! and a client in TypeScript) and from reports of users.
//!
//! - **The code goes in twice**, into the text and into the button: templates with a button to copy it, one-tap and
//!   zero-tap templates all want both. There are no authentication templates without.
//! - **The language** has to be one that the template was approved in, so only what the settings list is asked for.
//! - **Idempotency**: none.
//! - **`message_status`** (`held_for_quality_assessment`, `paused`) comes with marketing and utility templates; a message
//!   that has an id is accepted, and its report says what became of it.
//!
//! A 2xx with the id of a message is accepted, whatever else it holds. An error is an object `error` whose `code` counts,
//! whatever the status, a 2xx too:
//!
//! | code | outcome |
//! |---|---|
//! | 0, 190 token; 3, 10, 200 to 299, 131005 permission | unauthorised |
//! | 4, 341 app, 17 user, 32 page, 613 call, 80007, 80008 account, 130429 number, 131048, 131064 spam | throttled |
//! | 131056 too many to this recipient (whatever `Retry-After` says) | throttled, and nothing said against Meta |
//! | 2, 131000, 131016, 131057 maintenance, 133004 | unavailable: "try again" |
//! | 131026 can't receive it, 131021 is the sender, 131030 not on a test number's list, 130472 in an experiment, 131049 and 131050 want no marketing, 130497 in a country that the account may not write to | recipient refused: others still get theirs |
//! | 132001 not there in this language, or not approved | template unknown |
//! | 131008, 132000, 132008, 132012, 132018 parameters; 132005 too long; 132007 policy; 132015 paused; 132016 disabled; 131058 Meta's sample | not configured: `template` |
//! | 33 and 100 with subcode 33 no such number; 131037 its display name; 131045 its certificate; 133010 not registered; 131042 payment; 131031 locked; 368 blocked | not configured: `phone_number_id` |
//! | 2500 no such path | not configured: `version` |
//! | 1 "invalid request or possible server error" | by the status |
//! | 100, 131009 a parameter, 135000, and those of what is never sent here (131047, 131051 to 131053, 132068, 132069 …) | by the status: other, with the code |
//!
//! Without such an object: a 2xx is unreadable, a 404 not configured (`url`), the rest as everywhere, see `answer.rs`.
//!
//! [authentication template]: https://developers.facebook.com/docs/whatsapp/business-management-api/authentication-templates/copy-code-button-authentication-templates
//! [v26.0]: https://developers.facebook.com/docs/graph-api/changelog
//! [errors]: https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes
//! [statuses]: https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages/status/
//! [webhooks]: https://developers.facebook.com/docs/graph-api/webhooks/getting-started

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

pub use self::settings::MetaWhatsappSettings;

/// The protocol of the Cloud API.
pub struct MetaWhatsapp(Checked);

impl MetaWhatsapp {
    /// The Cloud API with these settings; `path` is where they stand: `senders.whatsapp`.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn open(settings: &MetaWhatsappSettings, path: &str) -> Result<Self, Problems> {
        settings.check(path).map(Self)
    }
}

impl Provider for MetaWhatsapp {
    fn provider_type(&self) -> &'static str {
        "meta_whatsapp"
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

    fn concerns_recipient(&self, response: &Response<&[u8]>) -> bool {
        answer::concerns_recipient(response)
    }

    fn receive(
        &self,
        callback: &Callback<'_>,
        _: Timestamp,
    ) -> Result<CallbackContent, CallbackError> {
        self.0.reports.as_ref().ok_or(CallbackError::Unsupported)?.read(callback)
    }
}

#[cfg(test)]
mod tests;

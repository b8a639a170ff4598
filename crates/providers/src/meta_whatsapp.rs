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
//! An error is an object `error` whose `code` counts, whatever the status:
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
mod body;
mod report;

use std::collections::BTreeMap;

use countersign_contract::callbacks::CallbackError;
use countersign_contract::types::SendError;
use countersign_contract::{Secret, Timestamp};
use countersign_settings::problem::{Problem, Problems};
use http::{Request, Response};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::locale::ByLocale;
use crate::messages::message::Message;
use crate::protocol::bearer::Bearer;
use crate::protocol::callback::{Callback, Received};
use crate::protocol::endpoint;
use crate::protocol::provider::{Provider, Session, Step};
use crate::protocol::tag::Tag;
use crate::protocol::templates::Templates;

use self::body::{Body, Parameters};
use self::report::Reports;

const MAX_NUMBER_ID_BYTES: usize = 32;

/// Meta's Cloud API.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MetaWhatsappSettings {
    /// The id of the number that sends, which isn't the number: 1 to 32 digits.
    pub phone_number_id: String,
    /// A token of a system user with the permission `whatsapp_business_messaging`.
    pub access_token: Secret<String>,
    /// The approved authentication template that carries codes: 1 to 512 characters of `a-z 0-9 _`.
    pub template: String,
    /// Templates of purposes that have one of their own: purpose to template. At most 256.
    #[serde(default)]
    pub templates: BTreeMap<String, String>,
    /// Meta's code of the language in which a template is sent unless `languages` says otherwise. Default `en_US`.
    #[serde(default = "default_language")]
    pub language: String,
    /// The other languages in which every template was approved: locale (a BCP 47 tag) to Meta's code, such as `pt-BR` to
    /// `pt_BR`. A locale falls back to its language, and at last to `language`. At most 64.
    #[serde(default)]
    pub languages: BTreeMap<String, String>,
    /// The version of the Graph API. Default `v26.0`.
    #[serde(default = "default_version")]
    pub version: String,
    /// Where the Graph API is. Default `https://graph.facebook.com`.
    #[serde(default = "default_url")]
    pub url: String,
    /// The app's secret, by which Meta signs its reports: 16 to 256 characters. Needs `verify_token`; without the two
    /// Meta's reports aren't read.
    pub app_secret: Option<Secret<String>>,
    /// What Meta has to show when the URL for its reports is registered: 32 to 256 random characters of
    /// `a-z A-Z 0-9 - . _ ~`. Needs `app_secret`.
    pub verify_token: Option<Secret<String>>,
}

fn default_language() -> String {
    "en_US".to_owned()
}

fn default_version() -> String {
    "v26.0".to_owned()
}

fn default_url() -> String {
    "https://graph.facebook.com".to_owned()
}

/// The protocol of the Cloud API.
pub struct MetaWhatsapp {
    /// Where its settings stand.
    path: String,
    url: String,
    token: Bearer,
    templates: Templates,
    language: String,
    languages: ByLocale,
    reports: Option<Reports>,
}

impl MetaWhatsapp {
    /// The Cloud API with these settings; `path` is where they stand: `senders.whatsapp`.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn open(settings: &MetaWhatsappSettings, path: &str) -> Result<Self, Problems> {
        let mut problems = Vec::new();
        let field = |name: &str| format!("{path}.{name}");
        if !is_number_id(&settings.phone_number_id) {
            let text = "has to be the id that Meta shows beneath the number: 1 to 32 digits";
            problems.push(Problem::new(field("phone_number_id"), text));
        }
        let token = Bearer::parse(&settings.access_token)
            .map_err(|text| problems.push(Problem::new(field("access_token"), text)));
        let templates =
            Templates::open(&settings.template, &settings.templates, path, &mut problems);
        if let Err(text) = is_language(&settings.language) {
            problems.push(Problem::new(field("language"), text));
        }
        let languages =
            ByLocale::open(&settings.languages, &field("languages"), &mut problems, is_language);
        if !is_version(&settings.version) {
            problems.push(Problem::new(field("version"), "has to be like `v26.0`"));
        }
        let url = endpoint::base(&settings.url)
            .map_err(|text| problems.push(Problem::new(field("url"), text)));
        let reports = Reports::open(settings, path, &mut problems);
        match (token, url) {
            (Ok(token), Ok(url)) if problems.is_empty() => Ok(Self {
                path: path.to_owned(),
                url: format!("{url}/{}/{}/messages", settings.version, settings.phone_number_id),
                token,
                templates,
                language: settings.language.clone(),
                languages,
                reports,
            }),
            _ => Err(Problems(problems)),
        }
    }
}

impl Provider for MetaWhatsapp {
    fn name(&self) -> &'static str {
        "meta_whatsapp"
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
        let language = message.locale.as_deref().and_then(|locale| self.languages.of(locale));
        let is_reported = self.reports.is_some() && message.callback_url.is_some();
        let tag = is_reported.then(|| Tag::of(message).to_string());
        let parameters = Parameters::of(message);
        let template = self.templates.of(&message.purpose);
        let language = language.unwrap_or(&self.language);
        let body = Body::new(message, template, language, &parameters, tag);
        self.token.post(&self.url, &body)
    }

    fn response(
        &self,
        response: Response<&[u8]>,
        _: &mut Session,
        now: Timestamp,
    ) -> Result<Step, SendError> {
        answer::read(&response, &self.path, now).map(Step::Accepted)
    }

    fn concerns_recipient(&self, response: &Response<&[u8]>) -> bool {
        answer::concerns_recipient(response)
    }

    fn receive(&self, callback: &Callback<'_>, _: Timestamp) -> Result<Received, CallbackError> {
        self.reports.as_ref().ok_or(CallbackError::Unsupported)?.read(callback)
    }
}

fn is_number_id(text: &str) -> bool {
    (1..=MAX_NUMBER_ID_BYTES).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

/// `v26.0`.
fn is_version(text: &str) -> bool {
    let is_number =
        |text: &str| (1..=3).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    text.strip_prefix('v')
        .and_then(|numbers| numbers.split_once('.'))
        .is_some_and(|(major, minor)| is_number(major) && is_number(minor))
}

/// `id`, `pt_BR`: a language and perhaps a country.
fn is_language(text: &str) -> Result<(), &'static str> {
    let (language, country) = match text.split_once('_') {
        Some((language, country)) => (language, Some(country)),
        None => (text, None),
    };
    let is_code = (2..=3).contains(&language.len())
        && language.bytes().all(|byte| byte.is_ascii_lowercase())
        && country.is_none_or(|country| {
            country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_uppercase())
        });
    if is_code {
        Ok(())
    } else {
        Err("has to be Meta's code of a language, such as `id` or `pt_BR`")
    }
}

#[cfg(test)]
mod tests;

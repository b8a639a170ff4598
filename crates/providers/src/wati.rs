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
//! | 2xx with an empty list `recipients` ("can omit invalid recipients"), a recipient marked as invalid, or a number in `errors.invalidWhatsappNumbers` | recipient refused |
//! | a name in `errors.invalidCustomParameters` | not configured: `parameter` |
//! | 2xx with `success: false` or words in `errors` or `errors.error`, also a recipient's, 400, 404: by its words | |
//! | … "no valid receivers", "invalid WhatsApp number" and the like | recipient refused |
//! | … "Invalid Template Name", a template that isn't found, doesn't exist or isn't approved | template unknown |
//! | … "Check your template, it cannot have typos or blank text": a parameter of another name | not configured: `parameter` |
//! | … a channel that isn't found, doesn't exist or isn't valid | not configured: `channel` |
//! | … other words | other |
//! | 2xx of any other form | unreadable |
//! | 401, 403 | unauthorised: the key, its scopes, the plan |
//! | 404 without such words | not configured: `url` |
//! | 429 | throttled; a rate or the plan's limit |
//! | 500 and other 5xx | unreadable: the message may have been accepted all the same, WATI says |
//! | other status | as everywhere, see `answer.rs` |
//!
//! [send]: https://docs.wati.io/reference/messagetemplate_sendtemplatemessages
//! [guide]: https://docs.wati.io/reference/template-message-payload-guide
//! [errors]: https://docs.wati.io/reference/errors
//! [webhooks]: https://docs.wati.io/reference/sent-message-is-delivered

mod answer;
mod report;

use std::collections::BTreeMap;

use countersign_contract::callbacks::CallbackError;
use countersign_contract::types::SendError;
use countersign_contract::{Secret, Timestamp};
use countersign_settings::problem::{Problem, Problems};
use http::{Request, Response};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::locale::ByLocale;
use crate::messages::message::Message;
use crate::protocol::bearer::Bearer;
use crate::protocol::callback::{Callback, Received};
use crate::protocol::endpoint;
use crate::protocol::provider::{Provider, Session, Step};
use crate::protocol::signatures::query::Token;
use crate::protocol::tag::Tag;
use crate::protocol::templates::{self, Templates};

const PATH: &str = "/api/ext/v3/messageTemplates/send";
const MAX_PARAMETER_BYTES: usize = 64;
const MAX_CHANNEL_BYTES: usize = 128;

/// WATI.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WatiSettings {
    /// The API endpoint that the dashboard shows under Connectors > API Tokens, with or without the tenant's number behind
    /// it: `https://live-mt-server.wati.io/12345`.
    pub url: String,
    /// An API token with the scope `messagetemplatev3:write`.
    pub api_key: Secret<String>,
    /// The approved template that carries codes: 1 to 512 characters of `a-z 0-9 _`.
    pub template: String,
    /// Templates of purposes that have one of their own: purpose to template. At most 256.
    #[serde(default)]
    pub templates: BTreeMap<String, String>,
    /// Templates in other languages, which have names of their own: for a template of the above, locale (a BCP 47 tag) to
    /// template. A locale falls back to its language, and at last to the template itself. At most 64 locales each.
    #[serde(default)]
    pub translations: BTreeMap<String, BTreeMap<String, String>>,
    /// The template's parameter that the code goes into: 1 to 64 characters of `a-z A-Z 0-9 _`. Default `otp`.
    #[serde(default = "default_parameter")]
    pub parameter: String,
    /// The name or the number of the channel that sends, where the account has several. Default: the account's own default.
    pub channel: Option<String>,
    /// What a call of WATI's has to show as `token` in the query of its URL: 32 to 256 random characters of
    /// `a-z A-Z 0-9 - . _ ~`. Without it WATI's reports aren't read.
    pub callback_token: Option<Secret<String>>,
}

fn default_parameter() -> String {
    "otp".to_owned()
}

/// The protocol of WATI.
pub struct Wati {
    /// Where its settings stand.
    path: String,
    url: String,
    key: Bearer,
    templates: Templates,
    translations: BTreeMap<String, ByLocale>,
    parameter: String,
    channel: Option<String>,
    callback_token: Option<Token>,
}

impl Wati {
    /// WATI with these settings; `path` is where they stand: `senders.whatsapp`.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn open(settings: &WatiSettings, path: &str) -> Result<Self, Problems> {
        let mut problems = Vec::new();
        let field = |name: &str| format!("{path}.{name}");
        let url = endpoint::base(&settings.url)
            .map_err(|text| problems.push(Problem::new(field("url"), text)));
        let key = Bearer::parse(&settings.api_key)
            .map_err(|text| problems.push(Problem::new(field("api_key"), text)));
        let templates =
            Templates::open(&settings.template, &settings.templates, path, &mut problems);
        let translations = translations(settings, &templates, path, &mut problems);
        if !is_parameter(&settings.parameter) {
            let text = "has to be 1 to 64 characters of `a-z A-Z 0-9 _`";
            problems.push(Problem::new(field("parameter"), text));
        }
        if settings.channel.as_deref().is_some_and(|channel| !is_channel(channel)) {
            let text = "has to be a channel's name or number of at most 128 bytes";
            problems.push(Problem::new(field("channel"), text));
        }
        let callback_token = settings.callback_token.as_ref().map(Token::parse).transpose();
        let callback_token = callback_token
            .map_err(|text| problems.push(Problem::new(field("callback_token"), text)));
        match (url, key, callback_token) {
            (Ok(url), Ok(key), Ok(callback_token)) if problems.is_empty() => Ok(Self {
                path: path.to_owned(),
                url: format!("{}{PATH}", without_tenant(&url)),
                key,
                templates,
                translations,
                parameter: settings.parameter.clone(),
                channel: settings.channel.clone(),
                callback_token,
            }),
            _ => Err(Problems(problems)),
        }
    }

    /// The template for a message's purpose and locale.
    fn template(&self, message: &Message) -> &str {
        let template = self.templates.of(&message.purpose);
        let translations = self.translations.get(template);
        let translated = message.locale.as_deref().zip(translations);
        translated.and_then(|(locale, translations)| translations.of(locale)).unwrap_or(template)
    }
}

impl Provider for Wati {
    fn name(&self) -> &'static str {
        "wati"
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
        let template = self.template(message);
        let is_reported = self.callback_token.is_some() && message.callback_url.is_some();
        let body = Body {
            template_name: template,
            // The name under which the dashboard lists them. It has to be there and needs to be no other each time.
            broadcast_name: template,
            channel: self.channel.as_deref(),
            recipients: [Recipient {
                phone_number: message.recipient.expose().trim_start_matches('+'),
                local_message_id: is_reported.then(|| Tag::of(message).to_string()),
                custom_params: [Parameter { name: &self.parameter, value: message.code.expose() }],
            }],
        };
        self.key.post(&self.url, &body)
    }

    fn response(
        &self,
        response: Response<&[u8]>,
        _: &mut Session,
        now: Timestamp,
    ) -> Result<Step, SendError> {
        answer::read(&response, &self.path, now).map(Step::Accepted)
    }

    fn receive(&self, callback: &Callback<'_>, _: Timestamp) -> Result<Received, CallbackError> {
        let token = self.callback_token.as_ref().ok_or(CallbackError::Unsupported)?;
        report::read(callback, token)
    }
}

#[derive(Serialize)]
struct Body<'a> {
    template_name: &'a str,
    broadcast_name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<&'a str>,
    recipients: [Recipient<'a>; 1],
}

#[derive(Serialize)]
struct Recipient<'a> {
    phone_number: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    local_message_id: Option<String>,
    custom_params: [Parameter<'a>; 1],
}

#[derive(Serialize)]
struct Parameter<'a> {
    name: &'a str,
    value: &'a str,
}

fn translations(
    settings: &WatiSettings,
    templates: &Templates,
    path: &str,
    problems: &mut Vec<Problem>,
) -> BTreeMap<String, ByLocale> {
    let tables = settings.translations.iter().map(|(template, table)| {
        let path = format!("{path}.translations.{template}");
        if !templates.has(template) {
            let text = "is neither `template` nor one of `templates`";
            problems.push(Problem::new(&path, text));
        }
        let table = ByLocale::open(table, &path, problems, templates::is_template);
        (template.clone(), table)
    });
    tables.collect()
}

fn is_parameter(text: &str) -> bool {
    (1..=MAX_PARAMETER_BYTES).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn is_channel(text: &str) -> bool {
    (1..=MAX_CHANNEL_BYTES).contains(&text.len()) && !text.contains(char::is_control)
}

/// The base URL less the tenant's number at its end.
fn without_tenant(url: &str) -> &str {
    match url.rsplit_once('/') {
        // Not a host that is a number: there is none but behind two slashes.
        Some((rest, last))
            if !rest.ends_with('/')
                && !last.is_empty()
                && last.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            rest
        }
        _ => url,
    }
}

#[cfg(test)]
mod tests;

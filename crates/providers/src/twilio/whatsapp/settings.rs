//! What an operator says of WhatsApp messages through Twilio.

use std::collections::BTreeMap;

use countersign_contract::Secret;
use countersign_settings::problem::Problems;
use schemars::JsonSchema;
use serde::Deserialize;

use super::templates::{Templates, TwilioTemplates};
use crate::protocol::checks::Checks;
use crate::twilio::account::{Account, Credentials};
use crate::twilio::sender::{Kind, Sender};

/// WhatsApp messages through Twilio.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TwilioWhatsappSettings {
    /// The account: `AC` and 32 hexadecimal digits.
    pub account_sid: String,
    /// The account's auth token: 1 to 128 visible ASCII characters. Requests are made with it where there is no API
    /// key; status reports are authenticated with it in any case, and none are asked for without it.
    #[serde(default)]
    pub auth_token: Option<Secret<String>>,
    /// An API key to make requests with: `SK` and 32 hexadecimal digits.
    #[serde(default)]
    pub api_key_sid: Option<String>,
    /// The secret of that key: 1 to 128 visible ASCII characters.
    #[serde(default)]
    pub api_key_secret: Option<Secret<String>>,
    /// The number of the WhatsApp sender: `+` and 7 to 15 digits. May be missing where there is a messaging service.
    #[serde(default)]
    pub from: Option<String>,
    /// The messaging service that picks the sender, or that has `from` among its own: `MG` and 32 hexadecimal digits.
    #[serde(default)]
    pub messaging_service_sid: Option<String>,
    /// The approved authentication template for whatever has none of its own: `HX` and 32 hexadecimal digits.
    pub content_sid: String,
    /// Templates by language: a BCP 47 tag of at most 35 characters (`id`, `pt-BR`), and the template's SID. The tag
    /// that is asked for is shortened from its end until there is one. At most 64.
    #[serde(default)]
    pub locales: BTreeMap<String, String>,
    /// Templates by purpose, of which each has its own languages. At most 64.
    #[serde(default)]
    pub purposes: BTreeMap<String, TwilioTemplates>,
    /// Where Twilio's API is: an https URL without a query; `https://api.twilio.com` unless set.
    #[serde(default)]
    pub url: Option<String>,
}

/// The settings, checked.
pub(super) struct Checked {
    /// Where they stand.
    pub(super) path: String,
    pub(super) account: Account,
    pub(super) sender: Sender,
    pub(super) templates: Templates,
}

impl TwilioWhatsappSettings {
    pub(super) fn check(&self, path: &str) -> Result<Checked, Problems> {
        let mut checks = Checks::new(path);
        let credentials = Credentials {
            account_sid: &self.account_sid,
            auth_token: self.auth_token.as_ref(),
            api_key_sid: self.api_key_sid.as_deref(),
            api_key_secret: self.api_key_secret.as_ref(),
            url: self.url.as_deref(),
        };
        let account = Account::open(&credentials, "Messages", &mut checks);
        let (from, service) = (self.from.as_deref(), self.messaging_service_sid.as_deref());
        let sender = Sender::open(from, service, Kind::Number, &mut checks);
        let others = TwilioTemplates {
            content_sid: self.content_sid.clone(),
            locales: self.locales.clone(),
        };
        let templates = Templates::open(&others, &self.purposes, &mut checks);
        checks.finish(|| {
            Some(Checked { path: path.to_owned(), account: account?, sender, templates })
        })
    }
}

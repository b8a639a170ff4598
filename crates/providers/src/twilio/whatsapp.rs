//! `type = "twilio_whatsapp"`: authentication templates, with the code as their one variable.

use std::collections::BTreeMap;

use countersign_contract::callbacks::CallbackError;
use countersign_contract::types::SendError;
use countersign_contract::{Secret, Timestamp};
use countersign_settings::problem::Problems;
use http::{Request, Response};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::messages::message::Message;
use crate::protocol::callback::{Callback, Received};
use crate::protocol::provider::{Provider, Session, Step};

use super::account::{Account, Credentials};
use super::answer::{self, Settings};
use super::report::{self, Of};
use super::sender::{Kind, Sender};
use super::templates::{Templates, TwilioTemplates};

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

/// The protocol of Twilio's WhatsApp messages.
pub struct TwilioWhatsapp {
    path: String,
    account: Account,
    sender: Sender,
    templates: Templates,
}

impl TwilioWhatsapp {
    /// The provider of these settings; `path` is where they stand: `senders.whatsapp`.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn open(settings: &TwilioWhatsappSettings, path: &str) -> Result<Self, Problems> {
        let mut problems = Vec::new();
        let credentials = Credentials {
            account_sid: &settings.account_sid,
            auth_token: settings.auth_token.as_ref(),
            api_key_sid: settings.api_key_sid.as_deref(),
            api_key_secret: settings.api_key_secret.as_ref(),
            url: settings.url.as_deref(),
        };
        let account = Account::open(&credentials, "Messages", path, &mut problems);
        let (from, service) = (settings.from.as_deref(), settings.messaging_service_sid.as_deref());
        let sender = Sender::open(from, service, Kind::Number, path, &mut problems);
        let others = TwilioTemplates {
            content_sid: settings.content_sid.clone(),
            locales: settings.locales.clone(),
        };
        let templates = Templates::open(&others, &settings.purposes, path, &mut problems);
        match account {
            Some(account) if problems.is_empty() => {
                Ok(Self { path: path.to_owned(), account, sender, templates })
            }
            _ => Err(Problems(problems)),
        }
    }
}

/// What is filled into a template.
#[derive(Serialize)]
struct Variables<'a> {
    #[serde(rename = "1")]
    code: &'a str,
}

impl Provider for TwilioWhatsapp {
    fn name(&self) -> &'static str {
        "twilio_whatsapp"
    }

    fn origin(&self) -> String {
        self.account.origin()
    }

    fn request(
        &self,
        message: &Message,
        _: &mut Session,
        _: Timestamp,
    ) -> Result<Request<Vec<u8>>, SendError> {
        let variables = serde_json::to_string(&Variables { code: message.code.expose() })
            .map(Secret::new)
            .map_err(|_| SendError::Other("the code can't be written as JSON".to_owned()))?;
        let to = format!("whatsapp:{}", message.recipient.expose());
        let from = self.sender.from().map(|from| format!("whatsapp:{from}"));
        let callback = self.account.status_callback(message);
        let content_sid = self.templates.of(&message.purpose, message.locale.as_deref());
        let mut parameters = vec![("To", to.as_str())];
        parameters.extend(from.as_deref().map(|from| ("From", from)));
        parameters.extend(self.sender.service().map(|sid| ("MessagingServiceSid", sid)));
        parameters.push(("ContentSid", content_sid));
        parameters.push(("ContentVariables", variables.expose().as_str()));
        parameters.extend(callback.as_deref().map(|url| ("StatusCallback", url)));
        self.account.request(&parameters)
    }

    fn response(
        &self,
        response: Response<&[u8]>,
        _: &mut Session,
        now: Timestamp,
    ) -> Result<Step, SendError> {
        let settings = Settings { path: &self.path, sender: self.sender.field() };
        answer::read(&response, &settings, now).map(Step::Accepted)
    }

    fn receive(&self, callback: &Callback<'_>, _: Timestamp) -> Result<Received, CallbackError> {
        report::receive(&self.account, callback, Of::Message)
    }
}

//! `type = "twilio_sms"`: text messages.

use countersign_contract::callbacks::CallbackError;
use countersign_contract::types::SendError;
use countersign_contract::{Secret, Timestamp};
use countersign_settings::problem::Problems;
use http::{Request, Response};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::messages::content::Content;
use crate::messages::message::Message;
use crate::protocol::callback::{Callback, Received};
use crate::protocol::provider::{Provider, Session, Step};

use super::account::{Account, Credentials};
use super::answer::{self, Settings};
use super::report::{self, Of};
use super::sender::{Kind, Sender};

/// Characters of the longest text.
const MAX_TEXT: usize = 1_600;

/// Seconds for which a message may wait at most. Until 2024 it was 14,400, which pages in other languages still say.
const MAX_VALIDITY_SECONDS: u64 = 36_000;

/// Text messages through Twilio.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TwilioSmsSettings {
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
    /// Whom messages are from: a number (`+` and 7 to 15 digits), a short code (3 to 8 digits) or a name (at most 11
    /// characters). May be missing where there is a messaging service.
    #[serde(default)]
    pub from: Option<String>,
    /// The messaging service that picks the sender, or that has `from` among its own: `MG` and 32 hexadecimal digits.
    #[serde(default)]
    pub messaging_service_sid: Option<String>,
    /// Where Twilio's API is: an https URL without a query; `https://api.twilio.com` unless set.
    #[serde(default)]
    pub url: Option<String>,
}

/// The protocol of Twilio's text messages.
pub struct TwilioSms {
    path: String,
    account: Account,
    sender: Sender,
}

impl TwilioSms {
    /// The provider of these settings; `path` is where they stand: `senders.sms`.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn open(settings: &TwilioSmsSettings, path: &str) -> Result<Self, Problems> {
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
        let sender = Sender::open(from, service, Kind::Sms, path, &mut problems);
        match account {
            Some(account) if problems.is_empty() => {
                Ok(Self { path: path.to_owned(), account, sender })
            }
            _ => Err(Problems(problems)),
        }
    }
}

impl Provider for TwilioSms {
    fn name(&self) -> &'static str {
        "twilio_sms"
    }

    fn origin(&self) -> String {
        self.account.origin()
    }

    fn request(
        &self,
        message: &Message,
        _: &mut Session,
        now: Timestamp,
    ) -> Result<Request<Vec<u8>>, SendError> {
        let Content::Text(text) = &message.content else {
            return Err(SendError::Other("the message has no text".to_owned()));
        };
        if text.expose().chars().count() > MAX_TEXT {
            return Err(SendError::Other("the text is longer than 1,600 characters".to_owned()));
        }
        let remaining = message.expires_at.0.saturating_sub(now.0);
        let validity = remaining.clamp(1, MAX_VALIDITY_SECONDS).to_string();
        let callback = self.account.status_callback(message);
        let mut parameters = vec![("To", message.recipient.expose())];
        parameters.extend(self.sender.from().map(|from| ("From", from)));
        parameters.extend(self.sender.service().map(|sid| ("MessagingServiceSid", sid)));
        parameters.push(("Body", text.expose().as_str()));
        parameters.push(("ValidityPeriod", &validity));
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

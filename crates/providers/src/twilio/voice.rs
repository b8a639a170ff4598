//! `type = "twilio_voice"`: calls in which a voice says the code.

use std::collections::BTreeMap;

use countersign_contract::callbacks::CallbackError;
use countersign_contract::types::SendError;
use countersign_contract::{Secret, Timestamp};
use countersign_settings::problem::{Problem, Problems};
use http::{Request, Response};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::locale::is_tag;
use crate::messages::content::Content;
use crate::messages::message::Message;
use crate::protocol::callback::{Callback, Received};
use crate::protocol::provider::{Provider, Session, Step};

use super::account::{Account, Credentials};
use super::answer::{self, Settings};
use super::report::{self, Of};
use super::sender::is_number;
use super::twiml;
use super::voices::Voices;

/// For how long a phone rings, unless the operator says otherwise: Twilio's own default.
const RING_SECONDS: u16 = 60;

/// For how long it can ring at most.
const MAX_RING_SECONDS: u16 = 600;

/// Calls through Twilio.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TwilioVoiceSettings {
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
    /// The number that calls: `+` and 7 to 15 digits, one of the account's or a verified caller ID.
    pub from: String,
    /// Voices by the language of what they read: a BCP 47 tag of at most 35 characters (`en`, `pt-PT`), and one of
    /// Google's or Polly's voices of that language (`Polly.Joanna-Neural`). The tag of the text is shortened from its end
    /// until there is one; otherwise Google's standard voice reads. A text in a language that has neither isn't sent. At most
    /// 64.
    #[serde(default)]
    pub voices: BTreeMap<String, String>,
    /// Seconds for which the phone rings at most: 1 to 600, 60 unless set; never for longer than the code is good.
    #[serde(default = "ring_seconds")]
    pub ring_seconds: u16,
    /// Where Twilio's API is: an https URL without a query; `https://api.twilio.com` unless set.
    #[serde(default)]
    pub url: Option<String>,
}

const fn ring_seconds() -> u16 {
    RING_SECONDS
}

/// The protocol of Twilio's calls.
pub struct TwilioVoice {
    path: String,
    account: Account,
    from: String,
    voices: Voices,
    ring_seconds: u16,
}

impl TwilioVoice {
    /// The provider of these settings; `path` is where they stand: `senders.voice`.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn open(settings: &TwilioVoiceSettings, path: &str) -> Result<Self, Problems> {
        let mut problems = Vec::new();
        let credentials = Credentials {
            account_sid: &settings.account_sid,
            auth_token: settings.auth_token.as_ref(),
            api_key_sid: settings.api_key_sid.as_deref(),
            api_key_secret: settings.api_key_secret.as_ref(),
            url: settings.url.as_deref(),
        };
        let account = Account::open(&credentials, "Calls", path, &mut problems);
        if !is_number(&settings.from) {
            let text = "has to be a number: `+` and 7 to 15 digits";
            problems.push(Problem::new(format!("{path}.from"), text));
        }
        let voices = Voices::open(&settings.voices, path, &mut problems);
        let ring_seconds = settings.ring_seconds;
        if !(1..=MAX_RING_SECONDS).contains(&ring_seconds) {
            problems.push(Problem::new(format!("{path}.ring_seconds"), "has to be 1 to 600"));
        }
        match account {
            Some(account) if problems.is_empty() => {
                let (path, from) = (path.to_owned(), settings.from.clone());
                Ok(Self { path, account, from, voices, ring_seconds })
            }
            _ => Err(Problems(problems)),
        }
    }
}

impl Provider for TwilioVoice {
    fn name(&self) -> &'static str {
        "twilio_voice"
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
        let Content::Speech(speech) = &message.content else {
            return Err(SendError::Other("the message has nothing to be said".to_owned()));
        };
        let Some(voice) = self.voices.of(&speech.language) else {
            let language = Some(speech.language.as_str()).filter(|language| is_tag(language));
            let language = language.unwrap_or("the language of the text");
            let text = format!("{}.voices: there is no voice for {language}", self.path);
            return Err(SendError::NotConfigured(text));
        };
        let twiml =
            twiml::written(&voice, speech.text.expose()).map(Secret::new).ok_or_else(|| {
                SendError::Other("the text, said twice, is longer than 4,000 characters".to_owned())
            })?;
        let remaining = message.expires_at.0.saturating_sub(now.0);
        let timeout = remaining.clamp(1, self.ring_seconds.into()).to_string();
        let callback = self.account.status_callback(message);
        let mut parameters = vec![
            ("To", message.recipient.expose()),
            ("From", self.from.as_str()),
            ("Twiml", twiml.expose().as_str()),
            ("Timeout", &timeout),
        ];
        if let Some(url) = callback.as_deref() {
            parameters.push(("StatusCallback", url));
            parameters.push(("StatusCallbackEvent", "completed"));
        }
        self.account.request(&parameters)
    }

    fn response(
        &self,
        response: Response<&[u8]>,
        _: &mut Session,
        now: Timestamp,
    ) -> Result<Step, SendError> {
        let settings = Settings { path: &self.path, sender: "from" };
        answer::read(&response, &settings, now).map(Step::Accepted)
    }

    fn receive(&self, callback: &Callback<'_>, _: Timestamp) -> Result<Received, CallbackError> {
        report::receive(&self.account, callback, Of::Call)
    }
}

//! What an operator says of calls through Twilio.

use std::collections::BTreeMap;

use countersign_contract::Secret;
use countersign_settings::problem::Problems;
use schemars::JsonSchema;
use serde::Deserialize;

use super::voices::Voices;
use crate::protocol::checks::Checks;
use crate::twilio::account::{Account, Credentials};
use crate::twilio::sender::is_number;

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

/// The settings, checked.
pub(super) struct Checked {
    /// Where they stand.
    pub(super) path: String,
    pub(super) account: Account,
    pub(super) from: String,
    pub(super) voices: Voices,
    pub(super) ring_seconds: u16,
}

impl TwilioVoiceSettings {
    pub(super) fn check(&self, path: &str) -> Result<Checked, Problems> {
        let mut checks = Checks::new(path);
        let credentials = Credentials {
            account_sid: &self.account_sid,
            auth_token: self.auth_token.as_ref(),
            api_key_sid: self.api_key_sid.as_deref(),
            api_key_secret: self.api_key_secret.as_ref(),
            url: self.url.as_deref(),
        };
        let account = Account::open(&credentials, "Calls", &mut checks);
        let text = "has to be a number: `+` and 7 to 15 digits";
        checks.require("from", is_number(&self.from), text);
        let voices = Voices::open(&self.voices, &mut checks);
        let is_time = (1..=MAX_RING_SECONDS).contains(&self.ring_seconds);
        checks.require("ring_seconds", is_time, "has to be 1 to 600");
        checks.finish(|| {
            Some(Checked {
                path: path.to_owned(),
                account: account?,
                from: self.from.clone(),
                voices,
                ring_seconds: self.ring_seconds,
            })
        })
    }
}

//! What an operator says of an account at Resend.

use countersign_contract::Secret;
use countersign_settings::problem::{Problem, Problems};
use schemars::JsonSchema;
use serde::Deserialize;

use super::Resend;
use crate::protocol::endpoint;
use crate::protocol::mailbox::is_mailbox;
use crate::protocol::signatures::standard_webhooks::Keys;

const URL: &str = "https://api.resend.com";
const MAX_KEY_BYTES: usize = 256;
const MAILBOX: &str =
    "has to be a mailbox, such as `Example <codes@example.com>`, of at most 320 bytes";

/// Resend: mail.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResendSettings {
    /// The API key: `re_…`. "Sending access" is enough.
    pub api_key: Secret<String>,
    /// Who sends: `Example <codes@example.com>` or the address alone, of a domain that Resend has verified. At most 320
    /// bytes.
    pub from: String,
    /// Who gets the replies, if not the sender: as `from`.
    #[serde(default)]
    pub reply_to: Option<String>,
    /// Where Resend is: an https URL without a query; http to loopback hosts only.
    #[serde(default = "url")]
    pub url: String,
    /// What Resend signs its status reports with: the webhook's signing secret, `whsec_…`. While it is being replaced, several
    /// with spaces between, at most 4. Reports are refused where there is none.
    #[serde(default)]
    pub webhook_secret: Option<Secret<String>>,
}

fn url() -> String {
    URL.to_owned()
}

impl ResendSettings {
    pub(super) fn open(&self, path: &str) -> Result<Resend, Problems> {
        let mut problems = Vec::new();
        let mut refuse = |field: &str, text: &str| {
            problems.push(Problem::new(format!("{path}.{field}"), text));
        };
        let key = self.api_key.expose();
        if !(1..=MAX_KEY_BYTES).contains(&key.len())
            || !key.bytes().all(|byte| byte.is_ascii_graphic())
        {
            refuse("api_key", "has to be 1 to 256 printable ASCII characters without spaces");
        }
        if !is_mailbox(&self.from) {
            refuse("from", MAILBOX);
        }
        if self.reply_to.as_ref().is_some_and(|text| !is_mailbox(text)) {
            refuse("reply_to", MAILBOX);
        }
        let url = endpoint::base(&self.url).inspect_err(|text| refuse("url", text)).ok();
        let secret = self.webhook_secret.as_ref().map(|secret| Keys::parse(secret.expose()));
        let webhook_keys =
            secret.transpose().inspect_err(|text| refuse("webhook_secret", text)).ok().flatten();
        match url {
            Some(url) if problems.is_empty() => Ok(Resend {
                path: path.to_owned(),
                api_key: self.api_key.clone(),
                from: self.from.clone(),
                reply_to: self.reply_to.clone(),
                url,
                webhook_keys,
            }),
            _ => Err(Problems(problems)),
        }
    }
}

//! What an operator says of an account at Resend.

use countersign_contract::Secret;
use countersign_settings::problem::Problems;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::protocol::checks::Checks;
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

/// The settings, checked.
pub(super) struct Checked {
    /// Where they stand.
    pub(super) path: String,
    pub(super) api_key: Secret<String>,
    pub(super) from: String,
    pub(super) reply_to: Option<String>,
    pub(super) url: String,
    pub(super) webhook_keys: Option<Keys>,
}

impl ResendSettings {
    pub(super) fn check(&self, path: &str) -> Result<Checked, Problems> {
        let mut checks = Checks::new(path);
        let key = self.api_key.expose();
        let is_key = (1..=MAX_KEY_BYTES).contains(&key.len())
            && key.bytes().all(|byte| byte.is_ascii_graphic());
        let text = "has to be 1 to 256 printable ASCII characters without spaces";
        checks.require("api_key", is_key, text);
        checks.require("from", is_mailbox(&self.from), MAILBOX);
        let is_reply_to = self.reply_to.as_ref().is_none_or(|text| is_mailbox(text));
        checks.require("reply_to", is_reply_to, MAILBOX);
        let url = checks.take("url", endpoint::base(&self.url));
        let secret = self.webhook_secret.as_ref().map(|secret| Keys::parse(secret.expose()));
        let webhook_keys = checks.take_optional("webhook_secret", secret);
        checks.finish(|| {
            Some(Checked {
                path: path.to_owned(),
                api_key: self.api_key.clone(),
                from: self.from.clone(),
                reply_to: self.reply_to.clone(),
                url: url?,
                webhook_keys,
            })
        })
    }
}

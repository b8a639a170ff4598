//! What an operator says of Amazon SES.

use countersign_contract::Secret;
use countersign_settings::problem::Problems;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::aws::{Access, Action, Client, EventKeys};
use crate::protocol::checks::Checks;
use crate::protocol::mailbox;
use crate::protocol::request::JSON;

const ACTION: Action = Action {
    host: "email",
    signing_name: "ses",
    path: "/v2/email/outbound-emails",
    content_type: JSON,
    target: None,
};
const MAX_SET_NAME_BYTES: usize = 64;

/// Amazon Simple Email Service.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AwsSesSettings {
    /// The region that sends, such as `eu-west-1`. Addresses and limits belong to a region.
    pub region: String,
    /// Who signs: 16 to 128 letters, digits and underscores.
    pub access_key_id: Secret<String>,
    /// What requests are signed with.
    pub secret_access_key: Secret<String>,
    /// What temporary credentials have besides. They end, and nothing here renews them.
    pub session_token: Option<Secret<String>>,
    /// The address that mail comes from, which SES has verified: at most 254 characters of ASCII.
    pub from: String,
    /// The name shown beside that address: at most 45 bytes.
    pub from_name: Option<String>,
    /// The address that answers go to, if not `from`.
    pub reply_to: Option<String>,
    /// The configuration set that says which events SES publishes: at most 64 letters, digits, underscores and dashes.
    pub configuration_set: Option<String>,
    /// What EventBridge sends as `x-api-key` with each event: 32 to 256 characters without spaces. While it is being
    /// replaced, several with spaces between, at most 4. Without it no events are taken.
    pub event_key: Option<Secret<String>>,
    /// Where SES is, if not where AWS has it for the region: an https URL, such as a VPC endpoint's; http to loopback
    /// hosts only.
    pub url: Option<String>,
}

/// The settings, checked.
pub(super) struct Checked {
    /// Where they stand.
    pub(super) path: String,
    pub(super) client: Client,
    pub(super) from: String,
    pub(super) reply_to: Option<String>,
    pub(super) configuration_set: Option<String>,
    pub(super) event_keys: Option<EventKeys>,
}

impl AwsSesSettings {
    pub(super) fn check(&self, path: &str) -> Result<Checked, Problems> {
        let mut checks = Checks::new(path);
        let access = Access {
            region: &self.region,
            access_key_id: &self.access_key_id,
            secret_access_key: &self.secret_access_key,
            session_token: self.session_token.as_ref(),
            url: self.url.as_deref(),
        };
        let client = Client::open(&access, &ACTION, &mut checks);
        let is_address = |text: &String| mailbox::is_ascii_address(text);
        checks.require("from", is_address(&self.from), mailbox::ASCII_ADDRESS);
        let from = mailbox::with_name(&self.from, self.from_name.as_deref());
        let from = checks.take("from_name", from);
        checks.require("reply_to", self.reply_to.iter().all(is_address), mailbox::ASCII_ADDRESS);
        let is_set_name = self.configuration_set.iter().all(|name| is_set_name(name));
        let text = "has to be 1 to 64 letters, digits, underscores and dashes";
        checks.require("configuration_set", is_set_name, text);
        let keys = self.event_key.as_ref().map(|keys| EventKeys::parse(keys.expose()));
        let event_keys = checks.take_optional("event_key", keys);
        checks.finish(|| {
            Some(Checked {
                path: path.to_owned(),
                client: client?,
                from: from?,
                reply_to: self.reply_to.clone(),
                configuration_set: self.configuration_set.clone(),
                event_keys,
            })
        })
    }
}

fn is_set_name(text: &str) -> bool {
    (1..=MAX_SET_NAME_BYTES).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
}

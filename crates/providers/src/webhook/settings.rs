//! What an operator says of a URL of their own.

use countersign_contract::Secret;
use countersign_settings::problem::Problems;
use http::Uri;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::protocol::checks::Checks;
use crate::protocol::endpoint;
use crate::protocol::signatures::standard_webhooks::Keys;

/// A URL of the operator's.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookSettings {
    /// Where messages are sent: an https URL; http to loopback hosts only. Not shown, as its path may hold a token.
    pub url: Secret<String>,
    /// What messages are signed with: `whsec_` and 24 to 64 random bytes in base64. While it is being replaced,
    /// several with spaces between, each of which signs; at most 4.
    pub secret: Secret<String>,
}

/// The settings, checked.
pub(super) struct Checked {
    /// Where they stand.
    pub(super) path: String,
    pub(super) url: Uri,
    pub(super) keys: Keys,
}

impl WebhookSettings {
    pub(super) fn check(&self, path: &str) -> Result<Checked, Problems> {
        let mut checks = Checks::new(path);
        let url = checks.take("url", endpoint::parse(self.url.expose()));
        let keys = checks.take("secret", Keys::parse(self.secret.expose()));
        checks.finish(|| Some(Checked { path: path.to_owned(), url: url?, keys: keys? }))
    }
}

//! What an operator says of an account at Eskiz.

use countersign_contract::Secret;
use countersign_settings::problem::Problems;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::protocol::checks::Checks;
use crate::protocol::endpoint;
use crate::protocol::mailbox::is_address;
use crate::protocol::signatures::signed_url::UrlKey;

const URL: &str = "https://notify.eskiz.uz";
const FROM: &str = "4546";
const MAX_PASSWORD_BYTES: usize = 256;
const MAX_FROM_BYTES: usize = 32;

/// Eskiz.uz: text messages to numbers in Uzbekistan (`+998`).
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EskizSettings {
    /// The account's mail address. At most 254 bytes.
    pub email: String,
    /// The account's secret key for the API, which isn't the password of the web site. 1 to 256 bytes. Status reports are
    /// authenticated by a key made from it.
    pub password: Secret<String>,
    /// The sender's name, as Eskiz approved it: 1 to 32 printable ASCII characters. Its shared number where none is given.
    #[serde(default = "from")]
    pub from: String,
    /// Where Eskiz is: an https URL without a query; http to loopback hosts only.
    #[serde(default = "url")]
    pub url: String,
}

fn from() -> String {
    FROM.to_owned()
}

fn url() -> String {
    URL.to_owned()
}

/// The settings, checked.
pub(super) struct Checked {
    /// Where they stand.
    pub(super) path: String,
    pub(super) email: String,
    pub(super) password: Secret<String>,
    pub(super) from: String,
    pub(super) url: String,
    /// What the URLs of callbacks are signed with.
    pub(super) callbacks: UrlKey,
}

impl EskizSettings {
    pub(super) fn check(&self, path: &str) -> Result<Checked, Problems> {
        let mut checks = Checks::new(path);
        let text = "has to be a mail address of at most 254 bytes";
        checks.require("email", is_address(&self.email), text);
        let password = self.password.expose();
        let is_password =
            (1..=MAX_PASSWORD_BYTES).contains(&password.len()) && !has_control(password);
        let text = "has to be 1 to 256 bytes without control characters";
        checks.require("password", is_password, text);
        let is_from = (1..=MAX_FROM_BYTES).contains(&self.from.len())
            && self.from.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
        checks.require("from", is_from, "has to be 1 to 32 printable ASCII characters");
        let url = checks.take("url", endpoint::base(&self.url));
        checks.finish(|| {
            Some(Checked {
                path: path.to_owned(),
                email: self.email.clone(),
                password: self.password.clone(),
                from: self.from.clone(),
                url: url?,
                callbacks: UrlKey::from_secret(password)?,
            })
        })
    }
}

fn has_control(text: &str) -> bool {
    text.chars().any(char::is_control)
}

//! What an operator says of an account at Eskiz.

use countersign_contract::Secret;
use countersign_settings::problem::{Problem, Problems};
use schemars::JsonSchema;
use serde::Deserialize;

use super::Eskiz;
use crate::protocol::endpoint;
use crate::protocol::mailbox::is_address;
use crate::protocol::signatures::signed_url;

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

impl EskizSettings {
    pub(super) fn open(&self, path: &str) -> Result<Eskiz, Problems> {
        let mut problems = Vec::new();
        let mut refuse = |field: &str, text: &str| {
            problems.push(Problem::new(format!("{path}.{field}"), text));
        };
        if !is_address(&self.email) {
            refuse("email", "has to be a mail address of at most 254 bytes");
        }
        let password = self.password.expose();
        if !(1..=MAX_PASSWORD_BYTES).contains(&password.len()) || has_control(password) {
            refuse("password", "has to be 1 to 256 bytes without control characters");
        }
        if !(1..=MAX_FROM_BYTES).contains(&self.from.len())
            || !self.from.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ')
        {
            refuse("from", "has to be 1 to 32 printable ASCII characters");
        }
        let url = endpoint::base(&self.url).inspect_err(|text| refuse("url", text)).ok();
        match (url, signed_url::Key::from_secret(password)) {
            (Some(url), Some(callbacks)) if problems.is_empty() => Ok(Eskiz {
                path: path.to_owned(),
                email: self.email.clone(),
                password: self.password.clone(),
                from: self.from.clone(),
                url,
                callbacks,
            }),
            _ => Err(Problems(problems)),
        }
    }
}

fn has_control(text: &str) -> bool {
    text.chars().any(char::is_control)
}

//! What the settings of every service of AWS hold, and what they have to be.

use countersign_contract::Secret;

use crate::protocol::checks::Checks;

const MAX_ACCESS_KEY_ID_BYTES: usize = 128;
const MAX_SECRET_BYTES: usize = 256;
const MAX_SESSION_TOKEN_BYTES: usize = 4096;
const MAX_REGION_BYTES: usize = 32;

/// The settings that every service of AWS has.
pub(crate) struct Access<'a> {
    /// The region.
    pub(crate) region: &'a str,
    /// Who signs.
    pub(crate) access_key_id: &'a Secret<String>,
    /// With what.
    pub(crate) secret_access_key: &'a Secret<String>,
    /// What temporary credentials have besides.
    pub(crate) session_token: Option<&'a Secret<String>>,
    /// Where the service is, if not where AWS has it.
    pub(crate) url: Option<&'a str>,
}

impl Access<'_> {
    /// Refuses whatever of them is wrong.
    pub(super) fn check(&self, checks: &mut Checks) {
        let is_region = is_region(self.region);
        checks.require("region", is_region, "has to be the code of a region, such as `eu-west-1`");
        let is_key_id = is_key_id(self.access_key_id.expose());
        let text = "has to be 16 to 128 letters, digits and underscores";
        checks.require("access_key_id", is_key_id, text);
        let is_good = is_secret(self.secret_access_key.expose(), MAX_SECRET_BYTES);
        let text = "has to be 1 to 256 characters without spaces";
        checks.require("secret_access_key", is_good, text);
        let token = self.session_token.map(|token| token.expose().as_str());
        let is_good = token.is_none_or(|token| is_secret(token, MAX_SESSION_TOKEN_BYTES));
        checks.require("session_token", is_good, "has to be 1 to 4,096 characters without spaces");
    }
}

/// Whether it has the form of a region's code.
pub(super) fn is_region(text: &str) -> bool {
    let is_part = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    text.len() <= MAX_REGION_BYTES
        && text.split('-').count() >= 3
        && text.split('-').all(is_part)
        && text.ends_with(|last: char| last.is_ascii_digit())
}

fn is_key_id(text: &str) -> bool {
    (16..=MAX_ACCESS_KEY_ID_BYTES).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn is_secret(text: &str, max_bytes: usize) -> bool {
    (1..=max_bytes).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

//! `[[api_keys]]`: who may call the HTTP surface.

use schemars::JsonSchema;
use serde::Deserialize;

/// One caller. `countersign key generate --api` makes a key and its digest.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApiKeySettings {
    /// What the logs call it; unique, 1 to 64 characters of `a-z`, `0-9`, `_` and `-`.
    pub name: String,
    /// The tenant that it acts for: `default` by default.
    #[serde(default = "default_tenant")]
    pub tenant: String,
    /// SHA-256 of the key, in hexadecimal. The key itself stands nowhere.
    #[schemars(regex(pattern = r"^[0-9a-fA-F]{64}$"))]
    pub sha256: String,
    /// Whether it may do what only operators may, such as unlocking a recipient. No by default.
    #[serde(default)]
    pub operator: bool,
}

/// The tenant where there is only one.
pub(super) fn default_tenant() -> String {
    "default".to_owned()
}

//! `[[api_keys]]`: who may call the HTTP surface.

use std::collections::BTreeSet;

use data_encoding::HEXLOWER_PERMISSIVE;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::problem::Problem;
use crate::purposes::{DEFAULT_TENANT, Purposes};
use countersign_contract::names::{MAX_NAME, is_name};

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

impl ApiKeySettings {
    /// The SHA-256 of the key; nothing where what stands there is none.
    #[must_use]
    pub fn digest(&self) -> Option<[u8; 32]> {
        HEXLOWER_PERMISSIVE.decode(self.sha256.as_bytes()).ok()?.try_into().ok()
    }
}

/// Finds what is wrong with a list of keys. `path` is the list's own.
pub fn check(
    path: &str,
    keys: &[ApiKeySettings],
    purposes: &Purposes,
    problems: &mut Vec<Problem>,
) {
    let mut names = BTreeSet::new();
    let mut digests = BTreeSet::new();
    for (index, key) in keys.iter().enumerate() {
        let path = format!("{path}.{index}");
        if !is_name(&key.name, MAX_NAME) {
            let text = "has to be 1 to 64 characters of `a-z`, `0-9`, `_` and `-`";
            problems.push(Problem::new(format!("{path}.name"), text));
        }
        if !names.insert(&key.name) {
            problems.push(Problem::new(format!("{path}.name"), "another key has this name"));
        }
        if key.digest().is_none() {
            let text = "has to be the key's SHA-256 as 64 hexadecimal digits; `countersign key generate --api` makes both";
            problems.push(Problem::new(format!("{path}.sha256"), text));
        }
        if !digests.insert(key.sha256.to_ascii_lowercase()) {
            problems.push(Problem::new(format!("{path}.sha256"), "another entry has this digest"));
        }
        if !purposes.keys().any(|(tenant, _)| *tenant == key.tenant) {
            let text = "no purpose is set for this tenant";
            problems.push(Problem::new(format!("{path}.tenant"), text));
        }
    }
}

fn default_tenant() -> String {
    DEFAULT_TENANT.to_owned()
}

//! `[keys]`: what codes, records and names in the store are made with. All processes that share a store have the
//! same.

use countersign_contract::Secret;
use schemars::JsonSchema;
use serde::Deserialize;

/// The keys. `countersign key generate` makes one.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeysSettings {
    /// Turns recipients into the names of their keys in the store: 32 bytes, base64url or hexadecimal. Changing
    /// it forgets every challenge, lock and failure count.
    pub index: Secret<String>,
    /// The keys that codes and records are made with: the first is used for what is new, the others are still
    /// accepted.
    #[schemars(length(min = 1, max = 8))]
    pub ring: Vec<RingKey>,
}

/// One key of the ring.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RingKey {
    /// Its name, stored beside what it protects: 1 to 32 characters of `a-z`, `0-9`, `_` and `-`.
    pub name: String,
    /// 32 bytes, base64url or hexadecimal.
    pub secret: Secret<String>,
}

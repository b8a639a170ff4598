//! All that an operator decides: the sections of the configuration.

use std::collections::BTreeMap;

use countersign_providers::{MessagesSettings, SendersSettings};
use countersign_settings::api_keys::ApiKeySettings;
use countersign_settings::policy::PolicySettings;
use countersign_settings::purposes::TenantSettings;
use schemars::JsonSchema;
use serde::Deserialize;

use super::delivery::DeliverySettings;
use super::engine::EngineSettings;
use super::keys::KeysSettings;
use super::log::LogSettings;
use super::server::ServerSettings;
use crate::stores::StoreSettings;

/// What the operator decided.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "The configuration of countersign")]
pub struct Config {
    /// Where the HTTP surface listens and what it takes.
    #[serde(default)]
    pub server: ServerSettings,
    /// Where challenges and counts are kept: a SQLite file by default.
    #[serde(default)]
    pub store: StoreSettings,
    /// A second store, which is used while the first is out of reach: none by default.
    pub fallback_store: Option<StoreSettings>,
    /// The component, and what a call of it may use.
    #[serde(default)]
    pub engine: EngineSettings,
    /// The keys: mandatory in production mode; in development mode made up for the life of the process where
    /// absent.
    pub keys: Option<KeysSettings>,
    /// Who may call the HTTP surface. Without any, it listens on loopback only and every client there may.
    #[serde(default)]
    pub api_keys: Vec<ApiKeySettings>,
    /// The providers of each channel: `[senders.sms]`, or `[[senders.sms]]` for several, in the order in which they are
    /// tried.
    #[serde(default)]
    pub senders: SendersSettings,
    /// What messages say, and in which language.
    #[serde(default)]
    pub messages: MessagesSettings,
    /// What holds for all providers.
    #[serde(default)]
    pub delivery: DeliverySettings,
    /// The purposes of the tenant `default`, by name.
    #[serde(default)]
    pub purposes: BTreeMap<String, PolicySettings>,
    /// Further tenants, by name.
    #[serde(default)]
    pub tenants: BTreeMap<String, TenantSettings>,
    /// What the process says, and how.
    #[serde(default)]
    pub log: LogSettings,
}

impl Config {
    /// The stores, each with the name of its section.
    pub fn stores(&self) -> impl Iterator<Item = (&'static str, &StoreSettings)> {
        let second = self.fallback_store.as_ref().map(|store| ("fallback_store", store));
        std::iter::once(("store", &self.store)).chain(second)
    }
}

//! `[delivery]`: what holds for all providers.

use std::path::PathBuf;

use countersign_providers::MAX_IN_FLIGHT;
use schemars::JsonSchema;
use serde::Deserialize;

/// What holds for all providers.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DeliverySettings {
    /// Certificate authorities (PEM) that are trusted beside the public ones: for a provider of your own.
    pub ca_file: Option<PathBuf>,
    /// Messages that one provider is given at once, 128 by default; for what comes on top the next one is asked. Keep
    /// it below `engine.max_instances`: each message on its way holds an instance.
    #[schemars(range(min = 1, max = 10_000))]
    pub max_in_flight: u32,
}

impl Default for DeliverySettings {
    fn default() -> Self {
        Self { ca_file: None, max_in_flight: MAX_IN_FLIGHT }
    }
}

//! From the settings to the contract's types: field by field, nothing decided.

use countersign_settings::api_keys::ApiKeySettings;

use crate::component::bindings::exports::countersign::otp::configuration;

countersign_settings::contract!(
    crate::component::bindings::countersign::otp::types,
    crate::component::bindings::exports::countersign::otp::settings,
);

impl From<&ApiKeySettings> for configuration::ApiKey {
    fn from(key: &ApiKeySettings) -> Self {
        Self {
            name: key.name.clone(),
            tenant: key.tenant.clone(),
            // Settings with another text than a digest have been refused.
            sha256: key.digest().map(Vec::from).unwrap_or_default(),
            operator: key.operator,
        }
    }
}

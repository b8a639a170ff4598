//! The component around the settings: reads the runtime's variables once per instance.

use std::sync::OnceLock;

use countersign_contract::{Translate, settings as contract};
use countersign_settings::api_keys::ApiKeySettings;
use countersign_settings::problem::Problem;

use crate::settings::{self, Senders, Settings};

pub(crate) mod bindings {
    #[cfg(not(feature = "wasi"))]
    wit_bindgen::generate!({ path: "../../wit", world: "edge-settings", generate_all });
    #[cfg(feature = "wasi")]
    wit_bindgen::generate!({ path: "../../wit", world: "edge-settings-wasi", generate_all });
}

use self::bindings::exports::countersign::otp::configuration::{
    self, ApiKey, Configured, PurposeName,
};
use self::bindings::exports::countersign::otp::settings::{self as engine, Key, Keyring, Policy};
#[cfg(not(feature = "wasi"))]
use self::bindings::wasi::config0_2_0_draft_2024_09_27::store;
#[cfg(feature = "wasi")]
use self::bindings::wasi::config0_2_0_rc_1::store;

countersign_contract::types!(self::bindings::countersign::otp::types);
countersign_contract::settings!(self::bindings::exports::countersign::otp::settings);

/// What Spin adds to every request: `address:port`. Other hosts add nothing.
const ADDRESS_HEADER: Option<&str> =
    if cfg!(feature = "wasi") { None } else { Some("spin-client-addr") };

struct Component;

#[expect(unsafe_code, reason = "generated: the exports of wit/")]
mod exports {
    use super::{Component, bindings};

    bindings::export!(Component with_types_in bindings);
}

impl engine::Guest for Component {
    fn policy_for(tenant: String, purpose: String) -> Option<Policy> {
        let settings = settings().ok()?;
        let (_, policy) = settings.policies.get(&(tenant, purpose))?;
        Some(contract::Policy::from(policy).translate())
    }

    /// While the settings can't be used, none: the engine refuses an empty ring, too.
    fn keys() -> Keyring {
        let Ok(settings) = settings() else {
            return Keyring { index: Vec::new(), keys: Vec::new() };
        };
        let ring = settings.ring.iter();
        Keyring {
            index: settings.index.expose().clone(),
            keys: ring
                .map(|(name, secret)| Key { name: name.clone(), secret: secret.expose().clone() })
                .collect(),
        }
    }
}

impl configuration::Guest for Component {
    fn load() -> Result<Configured, Vec<String>> {
        let settings = settings().map_err(|problems| lines(&problems))?;
        let purpose = |(tenant, purpose): &(String, String)| PurposeName {
            tenant: tenant.clone(),
            purpose: purpose.clone(),
        };
        Ok(Configured {
            api_keys: settings.api_keys.as_ref().map(|keys| keys.iter().map(api_key).collect()),
            purposes: settings.policies.keys().map(purpose).collect(),
            client_address_header: settings
                .client_address_header
                .as_deref()
                .or(ADDRESS_HEADER)
                .map(Into::into),
            warnings: lines(&settings.warnings),
        })
    }
}

/// How codes leave; nothing while the settings can't be used.
#[must_use]
pub fn senders() -> Option<&'static Senders> {
    settings().ok().map(|settings| &settings.senders)
}

/// The settings, once they can be used. Those that can't are read again: a source that was out of reach may be back.
fn settings() -> Result<&'static Settings, Vec<Problem>> {
    static SETTINGS: OnceLock<Settings> = OnceLock::new();
    if let Some(settings) = SETTINGS.get() {
        return Ok(settings);
    }
    let read = read()?;
    Ok(SETTINGS.get_or_init(|| read))
}

fn read() -> Result<Settings, Vec<Problem>> {
    // In one call, where all can be had: every new instance waits for it. Which of them can't be had is asked of each.
    let all = store::get_all().ok();
    settings::read(&|name| {
        let value = match &all {
            Some(all) => of(all, name),
            None => variable(name)?,
        };
        // A host may not take every value as configuration, as `wasmtime serve` takes none with a comma.
        #[cfg(feature = "wasi")]
        let value =
            value.or_else(|| of(&self::bindings::wasi::cli::environment::get_environment(), name));
        Ok(value)
    })
}

fn variable(name: &str) -> Result<Option<String>, String> {
    // What the runtime says of a failure may name its own parts, not the value.
    store::get(name).map_err(|error| match error {
        store::Error::Upstream(_) => "its source can't be reached".to_owned(),
        store::Error::Io(_) => "an input or output error".to_owned(),
    })
}

fn of(all: &[(String, String)], name: &str) -> Option<String> {
    all.iter().find_map(|(key, value)| (key == name).then(|| value.clone()))
}

fn api_key(key: &ApiKeySettings) -> ApiKey {
    ApiKey {
        name: key.name.clone(),
        tenant: key.tenant.clone(),
        // Settings with another text than a digest have been refused.
        sha256: key.digest().map(Vec::from).unwrap_or_default(),
        operator: key.operator,
    }
}

fn lines(problems: &[Problem]) -> Vec<String> {
    problems.iter().map(ToString::to_string).collect()
}

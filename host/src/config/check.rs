//! What no section can see alone: rules that hold between them.

use countersign_contract::Secret;
use countersign_settings::api_keys;
use countersign_settings::costs;
use countersign_settings::keys::{KEY_BYTES, check_ring, decode_key};
use countersign_settings::problem::Problem;
use countersign_settings::purposes::{Purposes, gather};

use super::doubts::Doubts;
use super::keys::KeysSettings;
use super::loaded::Loaded;
use super::places::Places;
use super::proxies;
use super::rules::Rules;
use super::sections::Config;
use super::server::Mode;
use crate::bindings::countersign::otp::settings::{Key, Keyring};
use crate::stores::StoreSettings;

/// Holds the sections against each other, reads the secrets, and puts together what the engine is told: nothing where
/// it lacks keys. A rule between sections is left out where one of them is doubted.
pub(super) fn settle(mut config: Config, doubts: &Doubts) -> (Option<Loaded>, Vec<Problem>) {
    let mut problems = Vec::new();
    let purposes = gather(&config.purposes, &config.tenants, &mut problems);
    if doubts.are_clear(&["server", "api_keys"]) {
        listening(&config, &mut problems);
    }
    proxies::check(&config.server.trusted_proxies, &mut problems);
    api_keys::check("api_keys", &config.api_keys, &purposes, &mut problems);
    if !doubts.are_clear(&["purposes", "tenants"]) {
        // The tenant that a key belongs to may be the doubted one.
        problems.retain(|problem| !problem.path.ends_with(".tenant"));
    }
    if doubts.are_clear(&["server"]) {
        senders(&config, &mut problems);
    }
    if config.fallback_store.is_some() && matches!(config.store, StoreSettings::Memory(_)) {
        let text = "set beside store.type \"memory\", which is never out of reach: take [fallback_store] out";
        problems.push(Problem::new("fallback_store", text));
    }
    if config.fallback_store.as_ref().is_some_and(|second| second.is_same_as(&config.store)) {
        let text = "the same store as [store]: name one that is still there when that isn't";
        problems.push(Problem::new("fallback_store", text));
    }
    if tracing_subscriber::EnvFilter::try_new(&config.log.filter).is_err() {
        let text = "has to be a level (`error`, `warn`, `info`, `debug`, `trace`), or levels by module: `info,countersign=debug`";
        problems.push(Problem::new("log.filter", text));
    }
    let keyring = match (&config.keys, config.server.mode) {
        (Some(keys), _) => keyring(keys, &mut problems),
        (None, Mode::Production) if doubts.are_clear(&["keys", "server"]) => {
            let text = "missing: production needs keys that outlive the process; `countersign key generate` makes one";
            problems.push(Problem::new("keys", text));
            made_up().ok()
        }
        (None, _) => made_up().map_err(|problem| problems.push(problem)).ok(),
    };
    let policies =
        purposes.iter().map(|(name, (_, policy))| (name.clone(), policy.into())).collect();
    let warnings = warnings(&config, &purposes);
    // They are in the keyring now.
    let ephemeral_keys = config.keys.take().is_none();
    // Where a key can't be read, another one does as well for finding what else is wrong.
    let keyring = keyring.or_else(|| made_up().ok());
    let loaded = keyring.map(|keyring| Loaded {
        rules: Rules { policies, keyring },
        ephemeral_keys,
        warnings,
        exposed: None,
        config,
        places: Places::default(),
    });
    (loaded, problems)
}

fn listening(config: &Config, problems: &mut Vec<Problem>) {
    if config.api_keys.is_empty() && !config.server.listen.is_loopback() {
        let text = "only loopback may be listened on without `api_keys`: every client that reaches the port could ask for codes";
        problems.push(Problem::new("server.listen", text));
    }
    if config.api_keys.is_empty()
        && config.server.mode == Mode::Production
        && !config.server.trusted_proxies.is_empty()
    {
        let text = "set without `api_keys`: what the proxies let through could ask for codes; set `api_keys`";
        problems.push(Problem::new("server.trusted_proxies", text));
    }
}

fn senders(config: &Config, problems: &mut Vec<Problem>) {
    for (_, path, sender) in config.senders.all() {
        if config.server.mode == Mode::Production && sender.shows_codes() {
            let text = "shows codes to the user who runs the process: allowed with `server.mode = \"development\"` only";
            problems.push(Problem::new(path, text));
        }
    }
}

fn keyring(keys: &KeysSettings, problems: &mut Vec<Problem>) -> Option<Keyring> {
    let mut read = |path: &str, value: &Secret<String>| {
        decode_key(path, value).map_err(|problem| problems.push(problem)).ok()
    };
    let index = read("keys.index", &keys.index);
    let secrets: Vec<_> = keys
        .ring
        .iter()
        .enumerate()
        .map(|(number, key)| read(&format!("keys.ring.{number}.secret"), &key.secret))
        .collect();
    check_ring("keys.ring", keys.ring.iter().map(|key| key.name.as_str()), problems);
    let keys = keys.ring.iter().zip(secrets).map(|(key, secret)| {
        Some(Key { name: key.name.clone(), secret: secret?.expose().clone() })
    });
    Some(Keyring { keys: keys.collect::<Option<_>>()?, index: index?.expose().clone() })
}

/// Keys that live as long as the process.
fn made_up() -> Result<Keyring, Problem> {
    let random = || {
        let mut bytes = vec![0; KEY_BYTES];
        getrandom::fill(&mut bytes)
            .map(|()| bytes)
            .map_err(|error| Problem::new("keys", format!("no randomness: {error}")))
    };
    Ok(Keyring {
        index: random()?,
        keys: vec![Key { name: "made-up".to_owned(), secret: random()? }],
    })
}

fn warnings(config: &Config, purposes: &Purposes) -> Vec<Problem> {
    let mut warnings = Vec::new();
    if config.keys.is_none() {
        let text = "not set: made up for this process. Codes that it sends can be verified by no other, and not after a restart";
        warnings.push(Problem::new("keys", text));
    }
    for (path, policy) in purposes.values() {
        for channel in policy.channels.iter().copied() {
            if config.senders.of(channel).next().is_none() {
                let text = format!("`{0}` has no provider: set [senders.{0}]", channel.as_str());
                warnings.push(Problem::new(format!("{path}.channels"), text));
            }
        }
    }
    if matches!(config.fallback_store, Some(StoreSettings::Memory(_))) {
        let text = "\"memory\" is not shared: while it is used, a code that one process issues is unknown to all others";
        warnings.push(Problem::new("fallback_store.type", text));
    }
    if config.server.mode == Mode::Production {
        warnings.extend(costs::warnings(purposes));
    }
    warnings
}

//! What no section can see alone: rules that hold between them.

use std::collections::{BTreeMap, BTreeSet};

use super::api_keys::default_tenant;
use super::keys::{KEY_BYTES, KeysSettings, decode_key, read_secret};
use super::problem::Problem;
use super::rules::Rules;
use super::server::Mode;
use super::{Config, Loaded, PolicySettings};
use crate::bindings::countersign::otp::settings::{Key, Keyring};

/// Holds the sections against each other, reads the secrets, and puts together what the engine is told.
pub(super) fn settle(config: Config) -> Result<Loaded, Vec<Problem>> {
    let mut problems = Vec::new();
    let purposes = purposes(&config, &mut problems);
    listening(&config, &mut problems);
    api_keys(&config, &purposes, &mut problems);
    senders(&config, &mut problems);
    if let Err(error) = tracing_subscriber::EnvFilter::try_new(&config.log.filter) {
        problems.push(Problem::new("log.filter", error.to_string()));
    }
    let keyring = match (&config.keys, config.server.mode) {
        (Some(keys), _) => keyring(keys, &mut problems),
        (None, Mode::Development) => made_up().map_err(|problem| problems.push(problem)).ok(),
        (None, Mode::Production) => {
            let text = "missing: production needs keys that outlive the process; `countersign key generate` makes one";
            problems.push(Problem::new("keys", text));
            None
        }
    };
    let policies =
        purposes.iter().map(|(name, (_, policy))| (name.clone(), (*policy).into())).collect();
    let warnings = warnings(&config, &purposes);
    match keyring {
        Some(keyring) if problems.is_empty() => Ok(Loaded {
            rules: Rules { policies, keyring },
            ephemeral_keys: config.keys.is_none(),
            warnings,
            config,
        }),
        _ => Err(problems),
    }
}

/// Policies by tenant and purpose, each with its path.
type Purposes<'a> = BTreeMap<(String, String), (String, &'a PolicySettings)>;

fn purposes<'a>(config: &'a Config, problems: &mut Vec<Problem>) -> Purposes<'a> {
    let mut purposes = Purposes::new();
    let own = config.purposes.iter().map(|(purpose, policy)| {
        (default_tenant(), purpose, format!("purposes.{purpose}"), policy)
    });
    let others = config.tenants.iter().flat_map(|(tenant, settings)| {
        settings.purposes.iter().map(move |(purpose, policy)| {
            let path = format!("tenants.{tenant}.purposes.{purpose}");
            (tenant.clone(), purpose, path, policy)
        })
    });
    for (tenant, purpose, path, policy) in own.chain(others) {
        if !is_name(purpose, 64) || !is_name(&tenant, 64) {
            let text = "a name has to be 1 to 64 characters of `a-z`, `0-9`, `_` and `-`";
            problems.push(Problem::new(path.clone(), text));
        }
        let earlier = purposes.insert((tenant, purpose.clone()), (path.clone(), policy));
        if let Some((earlier, _)) = earlier {
            let text = format!("given twice: `{earlier}` is the same");
            problems.push(Problem::new(path, text));
        }
    }
    if purposes.is_empty() {
        let text = "no purpose is set: add a table `[purposes.login]` with `channels`";
        problems.push(Problem::new("", text));
    }
    purposes
}

fn listening(config: &Config, problems: &mut Vec<Problem>) {
    if config.api_keys.is_empty() && !config.server.listen.ip().is_loopback() {
        let text = "only loopback may be listened on without `api_keys`: anybody who reaches the port could ask for codes";
        problems.push(Problem::new("server.listen", text));
    }
}

fn api_keys(config: &Config, purposes: &Purposes<'_>, problems: &mut Vec<Problem>) {
    let mut names = BTreeSet::new();
    let mut digests = BTreeSet::new();
    for (index, key) in config.api_keys.iter().enumerate() {
        let path = format!("api_keys.{index}");
        if !is_name(&key.name, 64) {
            let text = "has to be 1 to 64 characters of `a-z`, `0-9`, `_` and `-`";
            problems.push(Problem::new(format!("{path}.name"), text));
        }
        if !names.insert(&key.name) {
            problems.push(Problem::new(format!("{path}.name"), "another key has this name"));
        }
        let is_hex = key.sha256.bytes().all(|byte| byte.is_ascii_hexdigit());
        if key.sha256.len() != 64 || !is_hex {
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

fn senders(config: &Config, problems: &mut Vec<Problem>) {
    for (channel, sender) in config.senders.configured() {
        if config.server.mode == Mode::Production && sender.shows_codes() {
            let text = "shows codes to whoever runs the process: allowed with `server.mode = \"development\"` only";
            problems.push(Problem::new(format!("senders.{}", channel.as_str()), text));
        }
    }
}

fn keyring(keys: &KeysSettings, problems: &mut Vec<Problem>) -> Option<Keyring> {
    let mut read = |path: &str, value: Option<&_>, file: Option<&std::path::Path>| {
        read_secret(path, value, file)
            .and_then(|text| decode_key(path, &text))
            .map_err(|problem| problems.push(problem))
            .ok()
    };
    let index = read("keys.index", keys.index.as_ref(), keys.index_file.as_deref());
    let secrets: Vec<_> = keys
        .ring
        .iter()
        .enumerate()
        .map(|(number, key)| {
            let path = format!("keys.ring.{number}.secret");
            read(&path, key.secret.as_ref(), key.secret_file.as_deref())
        })
        .collect();
    if keys.ring.is_empty() || keys.ring.len() > 8 {
        problems.push(Problem::new("keys.ring", "has to hold 1 to 8 keys"));
    }
    let mut names = BTreeSet::new();
    for (number, key) in keys.ring.iter().enumerate() {
        let path = format!("keys.ring.{number}.name");
        if !is_name(&key.name, 32) {
            let text = "has to be 1 to 32 characters of `a-z`, `0-9`, `_` and `-`";
            problems.push(Problem::new(path.clone(), text));
        }
        if !names.insert(&key.name) {
            problems.push(Problem::new(path, "another key has this name"));
        }
    }
    let keys = keys.ring.iter().zip(secrets).map(|(key, secret)| {
        Some(Key { name: key.name.clone(), secret: secret?.expose().clone() })
    });
    Some(Keyring { keys: keys.collect::<Option<_>>()?, index: index?.expose().clone() })
}

/// Keys that live as long as the process.
fn made_up() -> Result<Keyring, Problem> {
    let random = || {
        let mut bytes = [0; KEY_BYTES];
        getrandom::fill(&mut bytes)
            .map(|()| bytes.to_vec())
            .map_err(|error| Problem::new("keys", format!("no randomness: {error}")))
    };
    Ok(Keyring {
        index: random()?,
        keys: vec![Key { name: "made-up".to_owned(), secret: random()? }],
    })
}

fn warnings(config: &Config, purposes: &Purposes<'_>) -> Vec<Problem> {
    let mut warnings = Vec::new();
    if config.keys.is_none() {
        let text = "not set: made up for this process. Codes that it sends can be verified by no other, and not after a restart";
        warnings.push(Problem::new("keys", text));
    }
    for (path, policy) in purposes.values() {
        for channel in policy.channels.iter().copied() {
            if config.senders.of(channel).is_none() {
                let text = format!("`{0}` has no provider: set [senders.{0}]", channel.as_str());
                warnings.push(Problem::new(format!("{path}.channels"), text));
            }
        }
    }
    warnings
}

/// Whether `name` is what the contract calls a name.
fn is_name(name: &str, most: usize) -> bool {
    let allowed = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-');
    (1..=most).contains(&name.len()) && name.bytes().all(allowed)
}

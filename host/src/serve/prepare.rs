//! Opening the engine, and what it, the store and the providers have against a configuration.

use std::sync::Arc;

use countersign_contract::otp::Error;
use countersign_http_api::otp::Failure;
use countersign_providers::{MessagesSettings, SendersSettings};
use countersign_settings::problem::{Problem, Problems};
use countersign_settings::purposes;

use super::error::StartError;
use crate::config::{Config, DeliverySettings, Loaded, Rules};
use crate::engine::{Capabilities, Engine};
use crate::senders::{Router, Stream};
use crate::stores::memory::MemorySettings;
use crate::stores::{self, Store, StoreSettings};

/// Opens the engine, and has it prepare every purpose. The one place where an engine is made.
///
/// # Errors
/// [`StartError`]: every purpose that the engine refuses is named.
pub async fn open_engine(
    config: &Config,
    store: Arc<dyn Store>,
    sender: Router,
    rules: Rules,
) -> Result<Engine, StartError> {
    let rules = Arc::new(rules);
    let capabilities = Capabilities { store, sender: Arc::new(sender), rules: Arc::clone(&rules) };
    let engine = Engine::open(&config.engine, capabilities)?;
    prepare(&engine, &rules).await?;
    Ok(engine)
}

/// What store and providers have against their settings. Nothing is connected to.
#[must_use]
pub fn objections(config: &Config) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (section, settings) in config.stores() {
        if let Err(stores::OpenError::Setting { name, reason }) = settings.check() {
            problems.push(Problem::new(format!("{section}.{name}"), reason));
        }
    }
    if let Err(Problems(more)) = Router::open(config, Stream::StandardError) {
        problems.extend(more);
    }
    problems
}

/// What the engine has against the purposes. Nothing where it can't be opened: the start says why.
pub async fn engine_objections(loaded: Loaded) -> Vec<Problem> {
    match try_engine(loaded).await {
        Err(StartError::Config(Problems(problems))) => problems,
        _ => Vec::new(),
    }
}

/// Opens the engine over a store of its own, and has it prepare every purpose.
///
/// # Errors
/// As [`open_engine`].
pub(crate) async fn try_engine(loaded: Loaded) -> Result<(), StartError> {
    // Nothing but what the engine needs: the rest may be what is wrong.
    let Loaded { mut config, rules, .. } = loaded;
    config.senders = SendersSettings::default();
    config.messages = MessagesSettings::default();
    config.delivery = DeliverySettings::default();
    config.server.public_url = None;
    let store = StoreSettings::Memory(MemorySettings::default());
    let store = stores::open(&store).await?;
    // With the standard settings nothing can be wrong.
    let Ok(sender) = Router::open(&config, Stream::StandardError) else { return Ok(()) };
    open_engine(&config, store, sender, rules).await.map(drop)
}

async fn prepare(engine: &Engine, rules: &Rules) -> Result<(), Problems> {
    let mut problems = Vec::new();
    for (tenant, purpose) in rules.policies.keys() {
        if let Err(failure) = engine.prepare(tenant, purpose).await {
            for problem in refused(tenant, purpose, failure) {
                // What is wrong with the keys is wrong for every purpose.
                if !problems.contains(&problem) {
                    problems.push(problem);
                }
            }
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(Problems(problems)) }
}

/// The engine tells one fault a line and names the field first, so that the setting's own line can be told.
fn refused(tenant: &str, purpose: &str, failure: Failure) -> Vec<Problem> {
    let path = purposes::path(tenant, purpose);
    let text = refusal(failure);
    if let Some(rule) = text.strip_prefix("keys: ") {
        return vec![Problem::new("keys", rule)];
    }
    let Some(faults) = text.strip_prefix(&format!("policy of {tenant}/{purpose}: ")) else {
        return vec![Problem::new(path, text)];
    };
    let fault = |line: &str| match line.split_once(' ') {
        Some((field, rule)) => Problem::new(format!("{path}.{field}"), rule),
        None => Problem::new(path.clone(), line),
    };
    faults.lines().map(fault).collect()
}

fn refusal(failure: Failure) -> String {
    match failure {
        Failure::Internal => "the engine broke over it; the log says why".to_owned(),
        Failure::Overloaded => "no instance of the engine was free".to_owned(),
        Failure::Refused(Error::Misconfigured(text)) => text,
        Failure::Refused(Error::InvalidArgument(fault)) => {
            format!("the engine refuses it: {} {}", fault.field, fault.reason)
        }
        Failure::Refused(error) => format!("the engine refuses it: {error:?}"),
    }
}

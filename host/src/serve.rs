//! From a configuration to a process that serves it.
//!
//! The order is: configuration, store, senders, engine, every purpose prepared, and only then the port. What is
//! wrong is found before a client can connect.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, io};

use countersign_contract::otp::Error;
use countersign_contract::types::StoreError;
use countersign_http_api::keys::{ApiKey, ApiKeys};
use countersign_http_api::otp::Failure;
use countersign_providers::{MessagesSettings, SendersSettings};
use countersign_settings::problem::{Problem, Problems};
use countersign_settings::purposes;

use crate::config::{Config, DeliverySettings, Loaded, Mode, Rules};
use crate::engine::{self, Capabilities, Engine};
use crate::fingerprint::{Fingerprint, Mismatch};
use crate::health::{self, HostHealth};
use crate::senders::{Router, Stream};
use crate::server::{self, BindError, Server, signalled};
use crate::stores::memory::MemorySettings;
use crate::stores::{self, Store, StoreSettings, last_generation};

/// Why the process can't do its work.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The API keys can't be used.
    #[error("api_keys: {0}")]
    ApiKeys(#[from] countersign_http_api::keys::InvalidKeys),
    /// The port can't be listened on.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// The configuration is wrong, as the host or the engine sees it.
    #[error("{}", listed(.0))]
    Config(#[from] Problems),
    /// The engine can't be opened.
    #[error("engine: {0}")]
    Engine(#[from] engine::OpenError),
    /// The store's data was made with other keys.
    #[error("keys: {0}")]
    Keys(#[from] Mismatch),
    /// The log's writer can't be started.
    #[error("log: {0}")]
    Log(io::Error),
    /// The file that tells the address can't be written.
    #[error("{path} can't be written: {source}")]
    ReadyFile {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The signals that end the process can't be listened to.
    #[error("signals can't be listened to: {0}")]
    Signals(io::Error),
    /// The store can't be opened.
    #[error("store: {0}")]
    Store(#[from] stores::OpenError),
    /// The store was opened, and takes no writes.
    #[error("store: it takes no writes: {0:?}")]
    Unwritable(StoreError),
}

impl StartError {
    /// Whether the operator has to change the configuration, rather than something around it.
    #[must_use]
    pub fn is_configuration(&self) -> bool {
        let store = matches!(self, Self::Store(stores::OpenError::Setting { .. }));
        store || matches!(self, Self::ApiKeys(_) | Self::Config(_) | Self::Keys(_))
    }
}

/// How a process is started, beyond its configuration.
#[derive(Clone, Copy, Debug, Default)]
pub struct Start<'a> {
    /// Written once connections are taken: `{"address":"127.0.0.1:8080"}`.
    pub ready_file: Option<&'a Path>,
    /// Whether the store's data may have been made with other keys.
    pub accepts_changed_keys: bool,
}

/// Serves until a signal comes.
///
/// # Errors
/// [`StartError`], always before the first connection is taken.
pub async fn serve(loaded: Loaded, start: Start<'_>) -> Result<(), StartError> {
    for warning in &loaded.warnings {
        tracing::warn!("{warning}");
    }
    let stop = signalled().map_err(StartError::Signals)?;
    let fingerprint = fingerprint(&loaded);
    let mut config = loaded.config;
    server::make_room(&mut config.server);
    if config.server.mode == Mode::Production {
        forbid_core_dumps();
    }
    let api_keys = api_keys(&config)?;
    let store = stores::open(&config.store).await?;
    health::writable(store.as_ref()).await.map_err(StartError::Unwritable)?;
    let senders = Router::open(&config, Stream::StandardOutput)?;
    let engine = open_engine(&config, Arc::clone(&store), senders.clone(), loaded.rules).await?;
    if let Some(fingerprint) = &fingerprint {
        fingerprint.admit(&*store, start.accepts_changed_keys).await?;
    }
    if let Err(error) = last_generation::remember(store.as_ref()).await {
        tracing::warn!(?error, "the store can't say whether it was restarted");
    }
    let health = HostHealth::new(store, senders.clone(), fingerprint);
    let (settings, store) = (config.server.clone(), store_kind(&config.store));
    // With what stands in it of secrets: all that needs them has its own.
    drop(config);
    let router = countersign_http_api::router(engine.clone(), health.clone(), senders, api_keys);
    let server = Server::bind(&settings).await?;
    let address = server.address();
    let addresses = server.addresses().iter().map(ToString::to_string).collect::<Vec<_>>();
    if let Some(path) = start.ready_file {
        announce(path, address)
            .map_err(|source| StartError::ReadyFile { path: path.to_owned(), source })?;
    }
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        component = engine.digest(),
        store,
        mode = settings.mode.as_str(),
        address = addresses.join(", "),
        "ready"
    );
    let drain = settings.drain();
    let stop = async move {
        stop.await;
        // Balancers find out that we are going before we take no more connections.
        health.drain();
        tokio::time::sleep(drain).await;
    };
    let all_answered = server.run(router, stop).await;
    tracing::info!(all_answered, "stopped");
    Ok(())
}

/// The fingerprint to compare with the store's; nothing where keys or store end with the process.
pub(crate) fn fingerprint(loaded: &Loaded) -> Option<Arc<Fingerprint>> {
    let is_kept =
        !loaded.ephemeral_keys && !matches!(loaded.config.store, StoreSettings::Memory(_));
    is_kept.then(|| Arc::new(Fingerprint::of(&loaded.rules.keyring)))
}

/// Keeps keys and codes out of core dumps. The limit of their size is not enough: the kernel
/// doesn't hold a program to it that dumps are piped to.
fn forbid_core_dumps() {
    use rustix::process::{Resource, Rlimit, setrlimit};

    let none = Rlimit { current: Some(0), maximum: Some(0) };
    if let Err(error) = setrlimit(Resource::Core, none) {
        tracing::warn!(%error, "core dumps can't be turned off");
    }
    #[cfg(target_os = "linux")]
    if let Err(error) =
        rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable)
    {
        tracing::warn!(%error, "core dumps can't be turned off");
    }
}

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
    if let Err(stores::OpenError::Setting { name, reason }) = config.store.check() {
        problems.push(Problem::new(format!("store.{name}"), reason));
    }
    if let Err(Problems(more)) = Router::open(config, Stream::StandardError) {
        problems.extend(more);
    }
    problems
}

/// What the engine has against the purposes. Nothing where it can't be opened: the start says why.
pub async fn engine_objections(loaded: Loaded) -> Vec<Problem> {
    // Nothing but what the engine needs: the rest may be what is wrong.
    let Loaded { mut config, rules, .. } = loaded;
    config.senders = SendersSettings::default();
    config.messages = MessagesSettings::default();
    config.delivery = DeliverySettings::default();
    config.server.public_url = None;
    let store = StoreSettings::Memory(MemorySettings::default());
    let (Ok(store), Ok(sender)) =
        (stores::open(&store).await, Router::open(&config, Stream::StandardError))
    else {
        return Vec::new();
    };
    match open_engine(&config, store, sender, rules).await {
        Err(StartError::Config(Problems(problems))) => problems,
        _ => Vec::new(),
    }
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

fn api_keys(config: &Config) -> Result<ApiKeys, StartError> {
    if config.api_keys.is_empty() {
        return Ok(match config.server.mode {
            Mode::Development => ApiKeys::open(),
            Mode::Production => ApiKeys::open_without_operator(),
        });
    }
    let keys = config.api_keys.iter().enumerate().map(|(index, key)| {
        let sha256 = key.digest().ok_or_else(|| {
            Problems::from(Problem::new(format!("api_keys.{index}.sha256"), "not a SHA-256"))
        })?;
        Ok(ApiKey {
            name: key.name.clone(),
            tenant: key.tenant.clone(),
            sha256,
            operator: key.operator,
        })
    });
    let keys = keys.collect::<Result<Vec<_>, StartError>>()?;
    Ok(ApiKeys::new(keys)?)
}

/// Written aside and put in place: a process that waits for the file never reads half of it.
fn announce(path: &Path, address: SocketAddr) -> io::Result<()> {
    let aside = path.with_extension(format!("{}.tmp", std::process::id()));
    let text = serde_json::json!({ "address": address, "process": std::process::id() });
    fs::write(&aside, format!("{text}\n"))?;
    fs::rename(&aside, path)
}

/// One mistake in a line, or several below their number.
fn listed(Problems(problems): &Problems) -> String {
    match problems.as_slice() {
        [only] => only.to_string(),
        several => {
            let lines = several.iter().map(|problem| format!("\n  {problem}"));
            format!("{} mistakes in the configuration:{}", several.len(), lines.collect::<String>())
        }
    }
}

/// The store's `type` in the configuration.
fn store_kind(settings: &StoreSettings) -> &'static str {
    match settings {
        StoreSettings::Memory(_) => "memory",
        StoreSettings::Redis(_) => "redis",
        StoreSettings::Sqlite(_) => "sqlite",
    }
}

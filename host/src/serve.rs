//! From a configuration to a process that serves it.
//!
//! The order is: configuration, store, senders, engine, every purpose prepared, and only then the port. What is
//! wrong is found before a client can connect.

mod error;
mod fallback_aid;
mod prepare;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::{fs, io};

use countersign_http_api::Surface;
use countersign_http_api::keys::{ApiKey, ApiKeys};
use countersign_settings::problem::{Problem, Problems};

use crate::census::StoreCensus;
use crate::config::{Config, Loaded, Mode};
use crate::fingerprint::Fingerprint;
use crate::health::HostHealth;
use crate::senders::{Router, Stream};
use crate::server::{self, Server, signalled};
use crate::stores::fallback::FallbackStore;
use crate::stores::{self, Store, StoreSettings, last_generation};

use self::fallback_aid::FallbackAid;

pub use self::error::StartError;
pub(crate) use self::prepare::try_engine;
pub use self::prepare::{engine_objections, objections, open_engine};

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
    let stores::opened::Opened { store, fallback } =
        stores::opened::open_all(&config.store, config.fallback_store.as_ref()).await?;
    stores::writable(store.as_ref()).await.map_err(StartError::Unwritable)?;
    let senders = Router::open(&config, Stream::StandardOutput)?;
    let engine = open_engine(&config, Arc::clone(&store), senders.clone(), loaded.rules).await?;
    admit(fingerprint.as_ref(), &store, fallback.as_ref(), start.accepts_changed_keys).await?;
    if let Some(fallback) = &fallback {
        let fingerprint = fingerprint.clone();
        fallback.keep(Arc::new(FallbackAid { engine: engine.clone(), fingerprint }));
    }
    if let Err(error) = last_generation::remember(store.as_ref()).await {
        tracing::warn!(?error, "the store can't say whether it was restarted");
    }
    let census = StoreCensus::new(Arc::clone(&store), engine.clone());
    let health = HostHealth::new(store, fallback, senders.clone(), fingerprint);
    let (settings, store) = (config.server.clone(), config.store.kind());
    let fallback_store = config.fallback_store.as_ref().map(StoreSettings::kind);
    // With what stands in it of secrets: all that needs them has its own.
    drop(config);
    let surface = Surface::counting(engine.clone(), health.clone(), senders, census, api_keys);
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
        fallback_store,
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
    let all_answered = server.run(surface.into_router(), stop).await;
    tracing::info!(all_answered, "stopped");
    Ok(())
}

/// The fingerprint to compare with the store's; nothing where keys or store end with the process.
pub(crate) fn fingerprint(loaded: &Loaded) -> Option<Arc<Fingerprint>> {
    let is_kept =
        !loaded.ephemeral_keys && !matches!(loaded.config.store, StoreSettings::Memory(_));
    is_kept.then(|| Arc::new(Fingerprint::of(&loaded.rules.keyring)))
}

/// Has each store that is open say whether its data was made with these keys.
pub(crate) async fn admit(
    fingerprint: Option<&Arc<Fingerprint>>,
    store: &Arc<dyn Store>,
    fallback: Option<&FallbackStore>,
    accepts_changes: bool,
) -> Result<(), StartError> {
    let Some(fingerprint) = fingerprint else { return Ok(()) };
    let Some(fallback) = fallback else {
        return Ok(fingerprint.admit(&**store, accepts_changes).await?);
    };
    let [first, second] = fallback.stores();
    if let Some(first) = first {
        fingerprint.admit(&*first, accepts_changes).await?;
    }
    if let Some(second) = second {
        let admitted = fingerprint.admit(&*second, accepts_changes).await;
        admitted.map_err(StartError::FallbackKeys)?;
    }
    Ok(())
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

//! Why the process can't do its work.

use std::io;
use std::path::PathBuf;

use countersign_contract::types::StoreError;
use countersign_settings::problem::Problems;

use crate::fingerprint::Mismatch;
use crate::server::BindError;
use crate::{engine, stores};

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
    /// The fall-back store's data was made with other keys.
    #[error("keys: of [fallback_store], {0}")]
    FallbackKeys(Mismatch),
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
        store
            || matches!(
                self,
                Self::ApiKeys(_) | Self::Config(_) | Self::FallbackKeys(_) | Self::Keys(_)
            )
    }
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

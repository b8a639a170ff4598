//! `countersign config check`.

use std::process::ExitCode;

use clap::Args;

use super::error::CommandError;
use super::output::print;
use crate::config::Loaded;
use crate::senders::{Router, Stream};
use crate::serve::{StartError, open_engine};
use crate::stores::{self, StoreSettings, memory::MemorySettings};

/// Loads everything and has the engine prepare every purpose. The store is not connected to: what is checked is
/// the configuration, wherever that is done.
#[derive(Args, Debug)]
pub(super) struct Check {}

impl Check {
    pub(super) async fn run(self, loaded: Loaded) -> Result<ExitCode, CommandError> {
        let purposes = loaded.rules.policies.len();
        let store = StoreSettings::Memory(MemorySettings::default());
        let store = stores::open(&store).await.map_err(StartError::Store)?;
        let senders =
            Router::open(&loaded.config, Stream::StandardError).map_err(StartError::Config)?;
        open_engine(&loaded.config, store, senders, loaded.rules).await?;
        for warning in &loaded.warnings {
            print(&format!("warning: {warning}"))?;
        }
        print(&format!("in order; purposes: {purposes}"))?;
        Ok(ExitCode::SUCCESS)
    }
}

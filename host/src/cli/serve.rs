//! `countersign serve`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::error::CommandError;
use crate::config::Loaded;
use crate::serve::Start;

/// Serves the HTTP surface.
#[derive(Args, Debug)]
pub(super) struct Serve {
    /// Write {"address": …} to this file once connections are taken
    #[arg(long, value_name = "FILE")]
    ready_file: Option<PathBuf>,
    /// Go on although the data in the store was made with other keys: for one start, after a change that was meant
    #[arg(long)]
    accept_changed_keys: bool,
}

impl Serve {
    pub(super) async fn run(self, loaded: Loaded) -> Result<ExitCode, CommandError> {
        let start = Start {
            ready_file: self.ready_file.as_deref(),
            accepts_changed_keys: self.accept_changed_keys,
        };
        crate::serve::serve(loaded, start).await?;
        Ok(ExitCode::SUCCESS)
    }
}

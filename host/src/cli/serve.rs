//! `countersign serve`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::CommandError;
use crate::config::Loaded;

/// Serves the HTTP surface.
#[derive(Args, Debug)]
pub(super) struct Serve {
    /// Write {"address": …} to this file once connections are taken
    #[arg(long, value_name = "FILE")]
    ready_file: Option<PathBuf>,
}

impl Serve {
    pub(super) async fn run(self, loaded: Loaded) -> Result<ExitCode, CommandError> {
        crate::serve::serve(loaded, self.ready_file.as_deref()).await?;
        Ok(ExitCode::SUCCESS)
    }
}

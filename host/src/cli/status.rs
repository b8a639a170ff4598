//! `countersign status`.

use std::process::ExitCode;

use clap::Args;

use super::arguments::{ChallengeArguments, CommonArguments};
use super::error::CommandError;
use super::surface::Surface;
use crate::config::Loaded;

/// Tells where a challenge stands.
#[derive(Args, Debug)]
pub(super) struct Status {
    #[command(flatten)]
    target: ChallengeArguments,
    #[command(flatten)]
    common: CommonArguments,
}

impl Status {
    pub(super) async fn run(self, loaded: Loaded) -> Result<ExitCode, CommandError> {
        let surface = Surface::open(loaded, &self.common.tenant).await?;
        surface.status(&self.target).await?.tell(self.common.output, "known")
    }
}

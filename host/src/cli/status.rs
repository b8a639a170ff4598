//! `countersign status`.

use std::process::ExitCode;

use clap::Args;

use super::surface::Surface;
use super::{CommandError, Common, Target};
use crate::config::Loaded;

/// Tells where a challenge stands.
#[derive(Args, Debug)]
pub(super) struct Status {
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    common: Common,
}

impl Status {
    pub(super) async fn run(self, loaded: Loaded) -> Result<ExitCode, CommandError> {
        let surface = Surface::open(loaded, &self.common.tenant).await?;
        surface.status(&self.target).await?.tell(self.common.output, "known")
    }
}

//! How much is measured.

use std::path::PathBuf;

use clap::Args;

/// How much load.
#[derive(Args, Clone)]
pub(crate) struct Load {
    /// Connections, each with one request under way.
    #[arg(long, default_value_t = 32)]
    pub(crate) connections: usize,
    /// Requests measured per variant, operation and round.
    #[arg(long, default_value_t = 30_000)]
    pub(crate) requests: usize,
    /// Another build of the component, to be measured in the same run.
    #[arg(long)]
    pub(crate) rival: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) rounds: Rounds,
}

/// How often.
#[derive(Args, Clone, Copy)]
pub(crate) struct Rounds {
    /// Rounds: in each every variant has its turn.
    #[arg(long, default_value_t = 5)]
    pub(crate) rounds: usize,
}

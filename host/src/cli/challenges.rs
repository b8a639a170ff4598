//! `countersign challenges`: for operators.

mod count;
mod list;

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::arguments::{ChallengeArguments, CommonArguments};
use super::error::CommandError;
use super::surface::Surface;
use super::{exit, input, revoke};
use crate::config::Loaded;

/// What to do with challenges.
#[derive(Debug, Subcommand)]
pub(super) enum Challenges {
    /// List the challenges of a recipient that wait for their codes
    #[command(after_help = exit::HELP)]
    List(list::List),
    /// Tell where a challenge stands
    #[command(after_help = exit::HELP)]
    Show(Show),
    /// Take challenges back
    #[command(after_help = exit::HELP)]
    Revoke(Revoke),
    /// Count the tenant's challenges, by purpose and by where they stand
    #[command(after_help = exit::HELP)]
    Count(count::Count),
}

impl Challenges {
    pub(super) async fn run(self, loaded: Loaded) -> Result<ExitCode, CommandError> {
        match self {
            Self::List(command) => command.run(loaded).await,
            Self::Show(command) => command.run(loaded).await,
            Self::Revoke(command) => command.run(loaded).await,
            Self::Count(command) => command.run(loaded).await,
        }
    }
}

/// Which challenge: by id, or the latest of a recipient.
#[derive(Args, Debug)]
struct Named {
    /// The challenge's id; or, before a recipient, what the code is for
    #[arg(value_name = "ID|PURPOSE")]
    first: String,
    /// A phone number or a mail address. `-` reads a line of standard input
    to: Option<String>,
}

impl Named {
    fn read(&self) -> Result<ChallengeArguments, CommandError> {
        let first = Some(self.first.clone());
        Ok(match &self.to {
            None => ChallengeArguments { purpose: None, to: None, id: first },
            Some(to) => {
                ChallengeArguments { purpose: first, to: Some(input::recipient(to)?), id: None }
            }
        })
    }
}

/// Tells where a challenge stands.
#[derive(Args, Debug)]
pub(super) struct Show {
    #[command(flatten)]
    challenge: Named,
    #[command(flatten)]
    common: CommonArguments,
}

impl Show {
    async fn run(self, loaded: Loaded) -> Result<ExitCode, CommandError> {
        let target = self.challenge.read()?;
        let surface = Surface::open(loaded, &self.common.tenant).await?;
        surface.status(&target).await?.tell(self.common.output, "known")
    }
}

/// Takes challenges back.
#[derive(Args, Debug)]
pub(super) struct Revoke {
    #[command(flatten)]
    challenge: Named,
    /// All of the recipient's that wait for their codes, those of its known devices too
    #[arg(long, requires = "to")]
    all: bool,
    #[command(flatten)]
    common: CommonArguments,
}

impl Revoke {
    async fn run(self, loaded: Loaded) -> Result<ExitCode, CommandError> {
        let target = self.challenge.read()?;
        if self.all {
            return list::revoke_all(&target, &self.common, loaded).await;
        }
        revoke::one(&target, &self.common, loaded).await
    }
}

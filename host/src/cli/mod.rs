//! The command line: one file per command.
//!
//! Exit codes: 0 done, 1 it could not be done (a refusal such as a wrong code included), 2 the configuration or
//! the command line is wrong.

mod call;
mod config_check;
mod key;
mod revoke;
mod send;
mod serve;
mod status;
mod unlock;
mod verify;

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::config::{self, Loaded};
use crate::serve::StartError;
use crate::telemetry;

/// What a wrong configuration ends with, as a wrong command line does.
const CONFIGURATION: u8 = 2;

/// Issues and verifies one-time codes.
#[derive(Debug, Parser)]
#[command(
    name = "countersign",
    version,
    after_help = "Exit codes: 0 done; 1 it could not be done, or was refused; 2 the configuration or the command line is wrong."
)]
pub struct Cli {
    /// The configuration file [default: countersign.toml]
    #[arg(long, global = true, env = "COUNTERSIGN_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the HTTP surface until SIGTERM or SIGINT
    Serve(serve::Serve),
    /// Send a code
    Send(send::Send),
    /// Verify a code
    Verify(verify::Verify),
    /// Tell where a challenge stands
    Status(status::Status),
    /// Take a challenge back
    Revoke(revoke::Revoke),
    /// Lift the lock of a recipient and clear its failures
    Unlock(unlock::Unlock),
    /// Look at the configuration
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Make keys
    #[command(subcommand)]
    Key(KeyCommand),
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Load everything, have the engine prepare every purpose, and name all that is wrong
    Check(config_check::Check),
}

#[derive(Debug, Subcommand)]
enum KeyCommand {
    /// Make a key for [keys], or an API key
    Generate(key::Generate),
}

/// A recipient within a purpose.
#[derive(Args, Debug)]
struct Addressee {
    /// What the code is for
    #[arg(long)]
    purpose: String,
    /// A phone number or a mail address
    #[arg(long)]
    to: String,
}

/// Which challenge: by id, or the latest of a recipient.
#[derive(Args, Debug)]
struct Target {
    /// The challenge's id
    #[arg(long, required_unless_present = "purpose", conflicts_with_all = ["purpose", "to"])]
    id: Option<String>,
    /// What the code is for
    #[arg(long, requires = "to")]
    purpose: Option<String>,
    /// A phone number or a mail address
    #[arg(long, requires = "purpose")]
    to: Option<String>,
}

/// Whose challenge.
#[derive(Args, Debug)]
struct Tenant {
    /// The tenant
    #[arg(long, default_value = "default")]
    tenant: String,
}

/// Why a command did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The process could not get to work.
    #[error(transparent)]
    Start(#[from] StartError),
    /// Standard input or output failed.
    #[error("standard input or output: {0}")]
    Stdio(#[from] io::Error),
    /// There is no randomness to make keys of.
    #[error("no randomness: {0}")]
    Randomness(#[from] getrandom::Error),
    /// The command needs settings that are absent, or an argument that is another.
    #[error("{0}")]
    Unusable(&'static str),
}

impl CommandError {
    /// What the process ends with.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Start(error) if error.is_configuration() => CONFIGURATION.into(),
            Self::Unusable(_) => CONFIGURATION.into(),
            _ => ExitCode::FAILURE,
        }
    }
}

impl Cli {
    /// Does what was asked, and says what the process ends with.
    ///
    /// # Errors
    /// [`CommandError`] where it could not be done; a refusal by the engine is no error but an answer.
    pub async fn run(self) -> Result<ExitCode, CommandError> {
        let config = self.config.as_deref();
        match self.command {
            Command::Serve(command) => command.run(load(config)?).await,
            Command::Send(command) => command.run(load(config)?).await,
            Command::Verify(command) => command.run(load(config)?).await,
            Command::Status(command) => command.run(load(config)?).await,
            Command::Revoke(command) => command.run(load(config)?).await,
            Command::Unlock(command) => command.run(load(config)?).await,
            Command::Config(ConfigCommand::Check(command)) => command.run(load(config)?).await,
            Command::Key(KeyCommand::Generate(command)) => command.run(),
        }
    }
}

/// Loads the configuration and begins to log as it says.
fn load(file: Option<&Path>) -> Result<Loaded, StartError> {
    let loaded = config::load(file, std::env::vars_os())?;
    telemetry::begin(&loaded.config.log).map_err(StartError::Log)?;
    Ok(loaded)
}

fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}")?;
    out.flush()
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn parses(line: &str) -> bool {
        Cli::try_parse_from(line.split(' ')).is_ok()
    }

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_challenge_is_named_by_id_or_by_recipient_and_not_by_both() {
        assert!(parses("countersign verify --id c1 123456"));
        assert!(parses("countersign verify --purpose login --to a@b.example -"));
        assert!(!parses("countersign verify 123456"));
        assert!(!parses("countersign verify --purpose login 123456"));
        assert!(!parses("countersign verify --to a@b.example 123456"));
        assert!(!parses("countersign verify --id c1 --purpose login --to a@b.example 1"));
        assert!(!parses("countersign verify --id c1 --to a@b.example 1"));
    }
}

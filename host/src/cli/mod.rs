//! The command line: one file per command, and the exit codes in `exit.rs`.

mod answer;
mod arguments;
mod challenges;
mod config_check;
mod doctor;
mod error;
mod exit;
mod input;
mod issue;
mod key;
mod output;
mod revoke;
mod serve;
mod status;
mod subjects;
mod surface;
mod table;
mod unlock;
mod verify;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use countersign_settings::problem::Problems;

use self::output::print;
use crate::config::{self, BuiltIn, Loaded, LogSettings};
use crate::engine::describe;
use crate::serve::{StartError, engine_objections, objections};
use crate::stores::OpenError;
use crate::telemetry;

pub use self::error::CommandError;

/// The log of a command that was asked for none: of what should never happen, so that nothing else is written but the
/// audit.
const QUIET: &str = "off,countersign::telemetry=error";

/// Issues and verifies one-time codes.
#[derive(Debug, Parser)]
#[command(name = "countersign", version, after_help = exit::HELP)]
pub struct Cli {
    /// The configuration file [default: countersign.toml]
    #[arg(long, global = true, env = "COUNTERSIGN_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Show the log on standard error, as [log] says; `serve` always does
    #[arg(short, long, global = true)]
    verbose: bool,
    #[command(subcommand)]
    command: Command,
    #[arg(skip)]
    component: BuiltIn,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the HTTP surface until SIGTERM or SIGINT
    Serve(serve::Serve),
    /// Issue a code and send it
    #[command(after_help = exit::HELP)]
    Issue(issue::Issue),
    /// Verify a code
    #[command(after_help = exit::HELP)]
    Verify(verify::Verify),
    /// Tell where a challenge stands
    #[command(after_help = exit::HELP)]
    Status(status::Status),
    /// Take a challenge back
    #[command(after_help = exit::HELP)]
    Revoke(revoke::Revoke),
    /// Lift the lock of a recipient and clear its failures
    #[command(after_help = exit::HELP)]
    Unlock(unlock::Unlock),
    /// Look at everything that a process depends on, and say what is wrong and how to mend it
    #[command(after_help = exit::HELP)]
    Doctor(doctor::Doctor),
    /// Look after challenges: list, show, revoke, count
    #[command(subcommand)]
    Challenges(challenges::Challenges),
    /// Look after recipients: show, unlock
    #[command(subcommand)]
    Subjects(subjects::Subjects),
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

impl Cli {
    /// Reads the command line, or ends the process where it is wrong or asks for help. `component` is the one inside the
    /// binary.
    #[must_use]
    pub fn read(component: Option<&'static [u8]>) -> Self {
        let described =
            component.map_or_else(|| "built without the component".to_owned(), describe);
        // Once in a process.
        let version: &'static str = format!("{}\n{described}", env!("CARGO_PKG_VERSION")).leak();
        let matches = match Self::command().version(version).try_get_matches() {
            Ok(matches) => matches,
            Err(error) if error.use_stderr() => error.exit(),
            // Help or the version: clap would end with success where they could not be printed.
            Err(text) => match print(text.render().to_string().trim_end()) {
                Ok(()) => std::process::exit(0),
                Err(_) => std::process::exit(i32::from(exit::FAILED)),
            },
        };
        let mut cli = Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
        cli.component = BuiltIn(component);
        cli
    }

    /// Does what was asked, and says what the process ends with.
    ///
    /// # Errors
    /// [`CommandError`] where it could not be done; a refusal by the engine is no error but an answer.
    pub async fn run(self) -> Result<ExitCode, CommandError> {
        if let Command::Key(KeyCommand::Generate(command)) = self.command {
            return command.run();
        }
        if let Command::Doctor(command) = self.command {
            let log = |log: &LogSettings| logged(log, self.verbose);
            return command.run(self.config.as_deref(), self.component, log).await;
        }
        let is_served = matches!(self.command, Command::Serve(_));
        let loaded =
            load(self.config.as_deref(), self.component, self.verbose || is_served).await?;
        let places = loaded.places.clone();
        let ended = match self.command {
            Command::Serve(command) => command.run(loaded).await,
            Command::Config(ConfigCommand::Check(command)) => command.run(loaded).await,
            Command::Key(KeyCommand::Generate(command)) => command.run(),
            // It was done above: it loads the configuration in its own way.
            Command::Doctor(_) => Ok(ExitCode::SUCCESS),
            Command::Issue(command) => command.run(loaded).await,
            Command::Verify(command) => command.run(loaded).await,
            Command::Status(command) => command.run(loaded).await,
            Command::Revoke(command) => command.run(loaded).await,
            Command::Unlock(command) => command.run(loaded).await,
            Command::Challenges(command) => command.run(loaded).await,
            Command::Subjects(command) => command.run(loaded).await,
        };
        ended.map_err(|error| match error {
            // What only the engine finds has its line as well.
            CommandError::Start(StartError::Config(Problems(problems))) => {
                CommandError::Start(places.locate(problems).into())
            }
            // For a caller of one command that is an answer; a process that should serve has failed.
            CommandError::Start(StartError::Store(error @ OpenError::Unavailable { .. }))
                if !is_served =>
            {
                CommandError::Unreachable(error)
            }
            error => error,
        })
    }
}

/// Loads the configuration and begins to log as it says, or not at all. What is wrong with any part of it is told at
/// once.
async fn load(
    file: Option<&Path>,
    component: BuiltIn,
    is_logged: bool,
) -> Result<Loaded, StartError> {
    let mut loaded = match config::load(file, std::env::vars_os()) {
        Ok(loaded) => loaded,
        Err(mut rejected) => {
            let mut more = Vec::new();
            if let Some(mut rest) = rejected.rest.take() {
                rest.config.engine.built_in = component;
                more = objections(&rest.config);
                more.extend(engine_objections(*rest).await);
            }
            return Err(rejected.located(more).into());
        }
    };
    loaded.config.engine.built_in = component;
    let mut problems = objections(&loaded.config);
    if !problems.is_empty() {
        let places = loaded.places.clone();
        problems.extend(engine_objections(loaded).await);
        return Err(places.locate(problems).into());
    }
    telemetry::begin(&logged(&loaded.config.log, is_logged)).map_err(StartError::Log)?;
    Ok(loaded)
}

/// What is logged: what `log` says, or only what should never happen.
fn logged(log: &LogSettings, is_logged: bool) -> LogSettings {
    let filter = if is_logged { log.filter.clone() } else { QUIET.to_owned() };
    LogSettings { filter, ..log.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parses(line: &str) -> bool {
        Cli::try_parse_from(line.split(' ')).is_ok()
    }

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_challenge_is_named_by_recipient_or_by_id_and_not_by_both() {
        for verb in ["verify", "status", "revoke"] {
            assert!(parses(&format!("countersign {verb} --id c1")));
            assert!(parses(&format!("countersign {verb} login a@b.example")));
            assert!(parses(&format!("countersign {verb} login +628123 --output json -v")));
            assert!(!parses(&format!("countersign {verb}")));
            assert!(!parses(&format!("countersign {verb} login")));
            assert!(!parses(&format!("countersign {verb} --id c1 login a@b.example")));
        }
        assert!(parses("countersign verify login a@b.example --code -"));
        assert!(parses("countersign verify --id c1 --code -12"));
        assert!(!parses("countersign verify login a@b.example 123456"));
        for verb in ["issue", "unlock"] {
            assert!(parses(&format!("countersign {verb} login a@b.example")));
            assert!(!parses(&format!("countersign {verb} --id c1")));
        }
        assert!(!parses("countersign send login a@b.example"));
        for verb in ["show", "revoke"] {
            assert!(parses(&format!("countersign challenges {verb} login.x")));
            assert!(parses(&format!("countersign challenges {verb} login a@b.example")));
            assert!(parses(&format!("countersign challenges {verb} login - --output json")));
            assert!(!parses(&format!("countersign challenges {verb}")));
        }
        assert!(parses("countersign challenges revoke login - --all"));
        assert!(!parses("countersign challenges revoke login.x --all"));
        assert!(parses("countersign challenges list --to - --purpose login --tenant shop"));
        assert!(!parses("countersign challenges list --purpose login"));
        assert!(parses("countersign challenges count -v"));
        for verb in ["show", "unlock"] {
            assert!(parses(&format!("countersign subjects {verb} login -")));
            assert!(!parses(&format!("countersign subjects {verb} login")));
        }
    }
}

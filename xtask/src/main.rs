//! The one door for developers: builds, serves, tests, measures and regenerates. See `cargo xtask help`.

mod arguments;
mod bench;
mod build;
mod ci;
mod component;
mod edge;
mod faults;
mod help;
mod instructions;
mod lengthy;
mod messages;
mod node;
mod phone_table;
mod process;
mod python;
mod serve;
mod shape;
mod storms;
mod test;
mod toolchain;
mod tools;
mod wit;
mod workspace;

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::help::COMMANDS;
use crate::workspace::Workspace;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match dispatch(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(arguments: &[String]) -> Result<()> {
    let Some((command, rest)) = arguments.split_first() else {
        help::print();
        return Ok(());
    };
    if matches!(command.as_str(), "help" | "--help" | "-h") {
        help::print();
        return Ok(());
    }
    let Some(known) = COMMANDS.iter().find(|known| known.name == command) else {
        bail!("no command `{command}`; there are {}", help::names());
    };
    if rest.first().is_some_and(|first| matches!(first.as_str(), "--help" | "-h")) {
        help::print_one(known);
        return Ok(());
    }
    (known.run)(&Workspace::find()?, rest)
}

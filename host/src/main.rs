//! The `countersign` binary.

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use countersign::cli::Cli;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let ended = match runtime {
        Ok(runtime) => runtime.block_on(cli.run()),
        Err(error) => Err(error.into()),
    };
    ended.unwrap_or_else(|error| {
        // To standard error by hand: logging may not have begun, and a closed stream is no reason to panic.
        let _ = writeln!(std::io::stderr(), "countersign: {error}");
        error.exit_code()
    })
}

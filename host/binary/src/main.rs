//! The `countersign` binary, with the component inside.

use std::process::ExitCode;
use std::time::Duration;

use countersign::cli::Cli;
use countersign::telemetry;

/// `countersign.wasm`; nothing where the binary was built before it.
const COMPONENT: Option<&[u8]> = include!(concat!(env!("OUT_DIR"), "/component.rs"));

fn main() -> ExitCode {
    let cli = Cli::read(COMPONENT);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let ended = match runtime {
        Ok(runtime) => {
            let ended = runtime.block_on(cli.run());
            // A name that is being looked up, for example, holds its thread for as long as it
            // likes.
            runtime.shutdown_timeout(Duration::from_secs(1));
            ended
        }
        Err(error) => Err(error.into()),
    };
    let code = ended.unwrap_or_else(|error| {
        // Not through the log: it may not have begun.
        telemetry::say(&format!("countersign: {error}"));
        error.exit_code()
    });
    telemetry::finish();
    code
}

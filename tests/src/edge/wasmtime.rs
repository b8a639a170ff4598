//! `wasmtime serve`, so that its one store is the app's: each of its instances has its own key-value store, in memory,
//! so there must be one instance.

use std::process::Command;

use serde_json::{Map, Value};

use super::{Front, Runtime, root};

/// The command that serves the app.
pub(super) fn command(runtime: &Runtime, variables: &Map<String, Value>, port: u16) -> Command {
    let composition = match runtime.front {
        Front::Wasip2 => "target/countersign-edge-keyvalue-wasip2.wasm",
        Front::Wasip3 => "target/countersign-edge-keyvalue.wasm",
    };
    let mut command = Command::new(runtime.program());
    command.arg("serve").arg("--addr").arg(format!("127.0.0.1:{port}"));
    command.args(["-S", "cli,config,keyvalue,config-var=key_value_store="]);
    // An instance that sweeps takes no request, and the next one would get another.
    command.args(["-S", "config-var=sweeping=timer"]);
    command.args(["--max-instance-reuse-count", "1000000", "--idle-instance-timeout", "3600s"]);
    for (name, value) in variables {
        command.arg("--env").arg(format!("{name}={}", value.as_str().unwrap_or_default()));
    }
    command.arg(root().join(composition));
    command
}

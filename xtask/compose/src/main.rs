//! Connects the parts of the edge app: `xtask-compose <front> <engine> <host> <what the front exports> <out>`.
//!
//! A program of its own, which `cargo xtask edge` builds and runs: the crate that composes pins a generation of the wasm
//! tools, and `cargo xtask serve` has no need to compile that.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use wac_graph::types::Package;
use wac_graph::{CompositionGraph, EncodeOptions, NodeId};

/// An interface of the contract, as components name it.
macro_rules! contract {
    ($interface:literal) => {
        concat!("countersign:otp/", $interface, "@0.1.0")
    };
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask-compose: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [front, engine, host, export, out] = arguments.as_slice() else {
        bail!(
            "five arguments are needed: front, engine, host, what the front exports, and where to write"
        );
    };
    let read = |path: &Path| {
        std::fs::read(path).with_context(|| format!("{} can't be read", path.display()))
    };
    let parts = Parts { front: read(front)?, engine: read(engine)?, host: read(host)? };
    let export = export.to_str().context("what the front exports is no UTF-8")?;
    let composed = compose(parts, export).context("the parts don't fit together")?;
    std::fs::write(out, composed).with_context(|| format!("{} can't be written", out.display()))
}

/// The components that become one.
struct Parts {
    front: Vec<u8>,
    engine: Vec<u8>,
    /// Settings, store and sender.
    host: Vec<u8>,
}

/// Connects the parts: who gives whom which interface. What is left over, the runtime gives.
fn compose(parts: Parts, export: &str) -> Result<Vec<u8>> {
    let mut graph = Graph::default();
    let host = graph.instantiate("host", parts.host)?;
    let engine = graph.instantiate("engine", parts.engine)?;
    for interface in [contract!("settings"), contract!("store"), contract!("sender")] {
        graph.connect(host, engine, interface)?;
    }
    let front = graph.instantiate("front", parts.front)?;
    graph.connect(engine, front, contract!("otp"))?;
    for interface in [
        contract!("configuration"),
        contract!("upkeep"),
        contract!("callbacks"),
        contract!("senders"),
    ] {
        graph.connect(host, front, interface)?;
    }
    graph.encode(front, export)
}

#[derive(Default)]
struct Graph(CompositionGraph);

impl Graph {
    fn instantiate(&mut self, name: &str, bytes: Vec<u8>) -> Result<NodeId> {
        let package = Package::from_bytes(name, None, bytes, self.0.types_mut())?;
        let package = self.0.register_package(package)?;
        Ok(self.0.instantiate(package))
    }

    fn connect(&mut self, from: NodeId, to: NodeId, interface: &str) -> Result<()> {
        let export = self.0.alias_instance_export(from, interface)?;
        Ok(self.0.set_instantiation_argument(to, interface, export)?)
    }

    fn encode(mut self, front: NodeId, export: &str) -> Result<Vec<u8>> {
        let handler = self.0.alias_instance_export(front, export)?;
        self.0.export(handler, export)?;
        Ok(self.0.encode(EncodeOptions::default())?)
    }
}

//! `cargo xtask edge`: the edge app, composed of its parts around the very `countersign.wasm` that the host runs.

use anyhow::{Context, Result};
use wac_graph::types::Package;
use wac_graph::{CompositionGraph, EncodeOptions, NodeId};

use crate::workspace::{EdgeStore, Workspace};
use crate::{arguments, component};

/// What the composition exports: what Spin calls.
const EXPORT: &str = "wasi:http/handler@0.3.0";

/// An interface of the contract, as components name it.
macro_rules! contract {
    ($interface:literal) => {
        concat!("countersign:otp/", $interface, "@0.1.0")
    };
}

/// Builds the edge app with each store and says where they are, how large and what their digests are.
///
/// # Errors
/// Where a build fails or the parts don't fit.
pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    arguments::refuse("edge", arguments)?;
    build_and_place(workspace)
}

/// Builds the edge app with each store and puts it where `spin.toml` and the tests look for it.
///
/// # Errors
/// As [`run`].
pub(crate) fn build_and_place(workspace: &Workspace) -> Result<()> {
    let engine = component::build_and_place(workspace)?;
    let [front] = component::build_packages(workspace, "edge", ["countersign-edge"])?;
    // Each by itself: the store of the other one isn't part of it.
    let [key_value] = component::build_packages(workspace, "edge-rare", ["countersign-edge-host"])?;
    let [redis] =
        component::build_packages(workspace, "edge-rare", ["countersign-edge-host-redis"])?;
    for (kind, host) in [(EdgeStore::KeyValue, key_value), (EdgeStore::Redis, redis)] {
        let parts = Parts { engine: engine.clone(), front: front.clone(), host };
        let bytes = compose(parts).context("the parts of the edge app don't fit together")?;
        let path = workspace.edge(kind);
        let folder = path.parent().context("the edge app without a folder")?;
        std::fs::create_dir_all(folder)
            .with_context(|| format!("{} can't be made", folder.display()))?;
        component::write_if_changed(&path, &bytes)?;
        let digest = component::sha256(&bytes);
        println!("{}: {} bytes, SHA-256 {digest}", path.display(), bytes.len());
    }
    Ok(())
}

/// The components that become one.
struct Parts {
    engine: Vec<u8>,
    front: Vec<u8>,
    /// Settings, store and sender.
    host: Vec<u8>,
}

/// Connects the parts: who gives whom which interface. What is left over, the runtime gives.
fn compose(parts: Parts) -> Result<Vec<u8>> {
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
    graph.encode(front)
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

    fn encode(mut self, front: NodeId) -> Result<Vec<u8>> {
        let handler = self.0.alias_instance_export(front, EXPORT)?;
        self.0.export(handler, EXPORT)?;
        Ok(self.0.encode(EncodeOptions::default())?)
    }
}

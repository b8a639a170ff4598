//! `cargo xtask edge`: the edge app, composed of its parts around the very `countersign.wasm` that the host runs, once for
//! each kind of store and each version of `wasi:http`.

use anyhow::{Context, Result};
use wac_graph::types::Package;
use wac_graph::{CompositionGraph, EncodeOptions, NodeId};

use crate::workspace::Workspace;
use crate::{arguments, component};

/// The fronts: what each is called in a composition's name, its package, and what it exports to the runtime.
const FRONTS: [Front; 2] = [
    Front { name: "", package: "countersign-edge-front-wasip3", export: "wasi:http/handler@0.3.0" },
    Front {
        name: "-wasip2",
        package: "countersign-edge-front-wasip2",
        export: "wasi:http/incoming-handler@0.2.12",
    },
];

/// What stands in for the host, with the store that it has.
const HOSTS: [Host; 3] = [
    Host { name: "", package: "countersign-edge-host" },
    Host { name: "-redis", package: "countersign-edge-host-redis" },
    Host { name: "-keyvalue", package: "countersign-edge-host-keyvalue" },
];

struct Front {
    name: &'static str,
    package: &'static str,
    export: &'static str,
}

struct Host {
    name: &'static str,
    package: &'static str,
}

/// An interface of the contract, as components name it.
macro_rules! contract {
    ($interface:literal) => {
        concat!("countersign:otp/", $interface, "@0.1.0")
    };
}

/// Builds every composition of the edge app and says where they are, how large and what their digests are.
///
/// # Errors
/// Where a build fails or the parts don't fit.
pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    arguments::refuse("edge", arguments)?;
    build_and_place(workspace)
}

/// Builds every composition and puts it where manifests and tests look for it.
///
/// # Errors
/// As [`run`].
pub(crate) fn build_and_place(workspace: &Workspace) -> Result<()> {
    let engine = component::build_and_place(workspace)?;
    // Each by itself: what other packages want of a shared dependency can't change its bytes.
    let mut fronts = Vec::new();
    for front in FRONTS {
        let [bytes] = component::build_packages(workspace, "edge", [front.package])?;
        fronts.push((front, bytes));
    }
    for host in HOSTS {
        let [bytes] = component::build_packages(workspace, "edge-rare", [host.package])?;
        for (front, front_bytes) in &fronts {
            let parts = Parts { engine: &engine, front: front_bytes, host: &bytes };
            let name = format!("countersign-edge{}{}", host.name, front.name);
            let composed = compose(&parts, front.export)
                .with_context(|| format!("the parts of {name} don't fit together"))?;
            place(workspace, &name, &composed)?;
        }
    }
    Ok(())
}

fn place(workspace: &Workspace, name: &str, bytes: &[u8]) -> Result<()> {
    let path = workspace.edge(name);
    let folder = path.parent().context("the edge app without a folder")?;
    std::fs::create_dir_all(folder)
        .with_context(|| format!("{} can't be made", folder.display()))?;
    component::write_if_changed(&path, bytes)?;
    let digest = component::sha256(bytes);
    println!("{}: {} bytes, SHA-256 {digest}", path.display(), bytes.len());
    Ok(())
}

/// The components that become one.
struct Parts<'a> {
    engine: &'a [u8],
    front: &'a [u8],
    /// Settings, store and sender.
    host: &'a [u8],
}

/// Connects the parts: who gives whom which interface. What is left over, the runtime gives.
fn compose(parts: &Parts<'_>, export: &str) -> Result<Vec<u8>> {
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
    fn instantiate(&mut self, name: &str, bytes: &[u8]) -> Result<NodeId> {
        let package = Package::from_bytes(name, None, bytes.to_vec(), self.0.types_mut())?;
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
        component::without_names(&self.0.encode(EncodeOptions::default())?)
    }
}

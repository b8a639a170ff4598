//! `cargo xtask edge`: the edge app, composed of its parts around the very `countersign.wasm` that the host runs, once for
//! each kind of store and each version of `wasi:http`.

use anyhow::{Context, Result};

use crate::workspace::Workspace;
use crate::{arguments, component, process};

/// The package of the program that connects the parts.
const COMPOSER: &str = "xtask-compose";

/// What cargo is told of a front and of a host, from the workspace's root.
const SMALL: &str = "components/edge.toml";
const SMALLEST: &str = "components/edge-rare.toml";

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
        let [bytes] = component::build_packages(workspace, Some(SMALL), [front.package])?;
        fronts.push((front, bytes));
    }
    for host in HOSTS {
        let [bytes] = component::build_packages(workspace, Some(SMALLEST), [host.package])?;
        for (front, front_bytes) in &fronts {
            let parts = Parts { engine: &engine, front: front_bytes, host: &bytes };
            let name = format!("countersign-edge{}{}", host.name, front.name);
            let composed = compose(workspace, &parts, front.export)
                .with_context(|| format!("{name} can't be composed"))?;
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

/// Connects the parts, by a program that only the edge app needs.
fn compose(workspace: &Workspace, parts: &Parts<'_>, export: &str) -> Result<Vec<u8>> {
    let folder = workspace.target.join("compose");
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("{} can't be made", folder.display()))?;
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        component::write_if_changed(&path, bytes).map(|()| path)
    };
    let front = file("front.wasm", parts.front)?;
    let engine = file("engine.wasm", parts.engine)?;
    let host = file("host.wasm", parts.host)?;
    let composed = folder.join("composed.wasm");
    let mut cargo = workspace.cargo();
    cargo.args(["run", "--quiet", "--package", COMPOSER, "--"]);
    process::run(cargo.args([&front, &engine, &host]).arg(export).arg(&composed))?;
    let bytes = std::fs::read(&composed)
        .with_context(|| format!("{} can't be read", composed.display()))?;
    component::without_names(&bytes)
}

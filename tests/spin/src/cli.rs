//! The command line: the flags of `spin up` that the stand-in knows, with their meaning there.

use std::collections::BTreeMap;
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::path::{Path, PathBuf};

use clap::{Args, Parser, Subcommand};
use countersign_spin::{Spin, StartError};

/// Runs a Spin app as Spin would, for tests.
#[derive(Parser)]
#[command(name = "spin-stand-in", version)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Starts the app.
    Up(Up),
}

#[derive(Args)]
pub(crate) struct Up {
    /// The manifest, or the directory where it is.
    #[arg(short = 'f', long, default_value = "spin.toml")]
    from: PathBuf,
    /// Where to listen. Port 0 is any that is free.
    #[arg(long, env = "SPIN_HTTP_LISTEN_ADDR", default_value = "127.0.0.1:3000", value_parser = address)]
    listen: SocketAddr,
    /// The value of a variable; `name=@file` reads it from a file, `@file.json` and `@file.toml` hold any number.
    #[arg(long, value_name = "NAME=VALUE", value_parser = variables)]
    variable: Vec<BTreeMap<String, String>>,
    /// Where the key-value stores are.
    #[arg(long, env = "RUNTIME_CONFIG_FILE")]
    runtime_config_file: Option<PathBuf>,
    /// Where the default key-value store is; by default `.spin` beside the manifest, nowhere where it is empty.
    #[arg(long)]
    state_dir: Option<PathBuf>,
    /// Drops what the component writes.
    #[arg(short, long)]
    quiet: bool,
    /// Compiles the component anew, and keeps nothing.
    #[arg(long, env = "DISABLE_WASMTIME_CACHE")]
    disable_cache: bool,
    /// How many requests an instance serves before it is dropped.
    #[arg(long, default_value_t = 128)]
    max_instance_reuse_count: usize,
    /// How many requests an instance serves at once.
    #[arg(long, default_value_t = 16)]
    max_instance_concurrent_reuse_count: usize,
    /// How many instances may live, of a component with one memory. Spin has this in the environment only.
    #[arg(long, env = "SPIN_MAX_INSTANCE_COUNT", default_value_t = 1_000)]
    max_instance_count: u32,
}

impl Up {
    /// What is to be started.
    ///
    /// # Errors
    ///
    /// As [`Spin::manifest`] and [`Spin::runtime_config`].
    pub(crate) fn spin(&self) -> Result<Spin, StartError> {
        let given: BTreeMap<_, _> = self.variable.iter().flatten().map(owned).collect();
        let state_dir = match &self.state_dir {
            Some(folder) if folder.as_os_str().is_empty() => None,
            Some(folder) => Some(folder.clone()),
            None => Some(self.folder().join(".spin")),
        };
        let mut spin = Spin::manifest(&self.from, &given)?
            .runtime_config(self.runtime_config_file.as_deref(), state_dir.as_deref())?
            .listen(self.listen)
            .quiet(self.quiet)
            .max_instances(self.max_instance_count)
            .requests_per_instance(self.max_instance_reuse_count)
            .requests_at_once(self.max_instance_concurrent_reuse_count);
        if self.disable_cache {
            spin = spin.cache(None);
        }
        Ok(spin)
    }

    fn folder(&self) -> &Path {
        if self.from.is_dir() { &self.from } else { self.from.parent().unwrap_or(Path::new("")) }
    }
}

fn address(text: &str) -> Result<SocketAddr, String> {
    let addresses: Vec<_> = text.to_socket_addrs().map_err(|error| error.to_string())?.collect();
    let first = addresses.iter().find(|address| address.is_ipv4()).or(addresses.first());
    first.copied().ok_or_else(|| format!("{text:?} is no address"))
}

fn owned((name, value): (&String, &String)) -> (String, String) {
    (name.clone(), value.clone())
}

fn variables(text: &str) -> Result<BTreeMap<String, String>, String> {
    let read =
        |path: &str| std::fs::read_to_string(path).map_err(|error| format!("{path}: {error}"));
    if let Some(path) = text.strip_prefix('@') {
        let unreadable = |error: &dyn std::fmt::Display| format!("{path}: {error}");
        return match Path::new(path).extension().and_then(std::ffi::OsStr::to_str) {
            Some("json") => serde_json::from_str(&read(path)?).map_err(|error| unreadable(&error)),
            Some("toml") => toml::from_str(&read(path)?).map_err(|error| unreadable(&error)),
            _ => Err(format!("{path}: neither .json nor .toml")),
        };
    }
    let (name, value) = text.split_once('=').ok_or("a variable is given as NAME=VALUE")?;
    let value = match value.strip_prefix('@') {
        Some(path) => read(path)?,
        None => value.to_owned(),
    };
    Ok(BTreeMap::from([(name.to_owned(), value)]))
}

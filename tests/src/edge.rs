//! The edge app, run by a Spin: the stand-in of this repository, or the real one where it is installed. Or by
//! `wasmtime serve`.

mod wasmtime;

use std::ffi::OsString;
use std::fs;
use std::io::{Error, ErrorKind, Result};
use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::{Map, Value, json};

use crate::process::{self, Lines, collect};
use crate::receiver::{Receiver, SECRET};
use crate::redis::{RedisServer, free_port};
use crate::settings::Workplace;
use crate::wait::until;

/// How long a runtime may take until it serves, native code being compiled included.
const START_TIMEOUT: Duration = Duration::from_secs(120);

/// Who runs the app.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// The Spin on the `PATH`.
    Spin,
    /// The stand-in for it, of this repository.
    StandIn,
    /// `wasmtime serve`, of the `wasmtime` on the `PATH`.
    Wasmtime,
}

/// Which runtime, and how it calls the app.
#[derive(Clone, Debug)]
pub struct Runtime {
    kind: Kind,
    program: PathBuf,
    front: Front,
}

impl Runtime {
    /// The stand-in: `COUNTERSIGN_TEST_SPIN_STAND_IN`, or what cargo puts beside the test binaries.
    ///
    /// # Errors
    ///
    /// Where there is none.
    pub fn stand_in() -> Result<Self> {
        let program = process::binary()?.with_file_name("spin-stand-in");
        if program.is_file() {
            return Ok(Self { kind: Kind::StandIn, program, front: Front::Wasip3 });
        }
        let text = format!("no stand-in at {}: `cargo xtask test` builds it", program.display());
        Err(Error::other(text))
    }

    /// The real Spin, where there is one on the `PATH`.
    #[must_use]
    pub fn spin() -> Option<Self> {
        let program = on_path("spin")?;
        Some(Self { kind: Kind::Spin, program, front: Front::Wasip3 })
    }

    /// wasmtime, where there is one on the `PATH`.
    #[must_use]
    pub fn wasmtime() -> Option<Self> {
        let program = on_path("wasmtime")?;
        Some(Self { kind: Kind::Wasmtime, program, front: Front::Wasip3 })
    }

    /// The same runtime, which calls the app over this version.
    #[must_use]
    pub fn over(self, front: Front) -> Self {
        Self { front, ..self }
    }

    /// What it is called, with its version where it isn't of this repository.
    #[must_use]
    pub fn name(&self) -> String {
        if self.kind == Kind::StandIn {
            return "stand-in".into();
        }
        Command::new(&self.program).arg("--version").output().map_or_else(
            |error| error.to_string(),
            |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
        )
    }

    /// Who it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Where it is.
    #[must_use]
    pub fn program(&self) -> &Path {
        &self.program
    }
}

fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let mut found = std::env::split_paths(&path).map(|folder| folder.join(name));
    found.find(|file| file.is_file())
}

/// Which version of `wasi:http` the app is called over.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Front {
    /// 0.2, as released runtimes have it.
    Wasip2,
    /// 0.3.
    Wasip3,
}

/// Where the app keeps what it knows.
pub enum Store {
    /// Spin's key-value store, in a Redis.
    KeyValueRedis(RedisServer),
    /// Spin's key-value store, in a Redis behind this port.
    KeyValueRedisBehind(u16),
    /// Spin's key-value store, in SQLite: its default.
    KeyValueSqlite,
    /// The runtime's key-value store, in its own memory.
    KeyValueMemory,
    /// A Redis that it shares with native hosts.
    SharedRedis(RedisServer),
    /// A Redis behind this port that it shares with native hosts.
    SharedRedisBehind(u16),
}

impl Store {
    fn manifest(&self, front: Front) -> &'static str {
        let is_shared = matches!(self, Self::SharedRedis(_) | Self::SharedRedisBehind(_));
        match (is_shared, front) {
            (false, Front::Wasip3) => "spin.toml",
            (false, Front::Wasip2) => "spin-wasip2.toml",
            (true, Front::Wasip3) => "spin-redis.toml",
            (true, Front::Wasip2) => "spin-redis-wasip2.toml",
        }
    }

    /// What the runtime has to be told of it.
    fn runtime_config(&self) -> Option<String> {
        let default = |rest: &str| Some(format!("[key_value_store.default]\n{rest}"));
        let redis =
            |port| default(&format!("type = \"redis\"\nurl = \"redis://127.0.0.1:{port}\"\n"));
        match self {
            Self::KeyValueRedis(server) => redis(server.port()),
            Self::KeyValueRedisBehind(port) => redis(*port),
            // Without a path it is no file.
            Self::KeyValueMemory => default("type = \"spin\"\n"),
            Self::KeyValueSqlite | Self::SharedRedis(_) | Self::SharedRedisBehind(_) => None,
        }
    }
}

/// Variables for an app whose messages go to `receiver` on each of `channels`, of the sections `[keys]`,
/// `[[api_keys]]`, `[purposes]` and `[tenants]` of a host's configuration. Without API keys every client may call.
///
/// # Errors
///
/// Where the sections are no TOML.
pub fn variables(
    rules: &str,
    receiver: &Receiver,
    channels: &[&str],
) -> Result<Map<String, Value>> {
    let sender = json!({
        "type": "webhook",
        "url": format!("{}/codes", receiver.origin()),
        "secret": SECRET,
    });
    let senders: Map<_, _> =
        channels.iter().map(|channel| ((*channel).to_owned(), sender.clone())).collect();
    variables_with(rules, &Value::Object(senders), &receiver.origin())
}

/// As [`variables`], for an app with `senders` of the test's own, all of them at `origin`.
///
/// # Errors
///
/// As [`variables`].
pub fn variables_with(rules: &str, senders: &Value, origin: &str) -> Result<Map<String, Value>> {
    let mut rules: Map<String, Value> = toml::from_str(rules).map_err(Error::other)?;
    let keys = rules.remove("keys").unwrap_or_default();
    let text = |value: &Value, name: &str| {
        value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let ring = keys.get("ring").and_then(Value::as_array).cloned().unwrap_or_default();
    let ring: Vec<_> =
        ring.iter().map(|key| format!("{}={}", text(key, "name"), text(key, "secret"))).collect();
    let (mode, api_keys) = match rules.remove("api_keys") {
        Some(keys) => ("production", json!({ "api_keys": keys }).to_string()),
        None => ("development", String::new()),
    };
    let variables = json!({
        "mode": mode,
        "keys_index": text(&keys, "index"),
        "keys_ring": ring.join(" "),
        "policies": Value::Object(rules).to_string(),
        "api_keys": api_keys,
        "senders": senders.to_string(),
        "sender_origin": origin,
    });
    Ok(variables.as_object().cloned().unwrap_or_default())
}

/// What a runtime is told beyond the app.
#[derive(Default)]
pub struct Launch {
    /// Options of `spin up`.
    pub options: Vec<&'static str>,
    /// Variables of its environment.
    pub environment: Vec<(&'static str, OsString)>,
}

/// A running app, killed on drop.
pub struct App {
    child: Child,
    address: SocketAddr,
    lines: Lines,
    readers: Vec<JoinHandle<()>>,
}

impl App {
    /// Starts the app of this repository in a workplace, and returns once it is served.
    ///
    /// # Errors
    ///
    /// Where it isn't built, or the runtime ends or takes too long: with all that it said.
    pub async fn start(
        runtime: &Runtime,
        store: &Store,
        workplace: &Workplace,
        variables: &Map<String, Value>,
    ) -> Result<Self> {
        Self::start_with(runtime, store, workplace, variables, &Launch::default()).await
    }

    /// As [`start`](Self::start), with more of what a runtime can be told.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start).
    pub async fn start_with(
        runtime: &Runtime,
        store: &Store,
        workplace: &Workplace,
        variables: &Map<String, Value>,
        launch: &Launch,
    ) -> Result<Self> {
        let mut variables = variables.clone();
        let shared = match store {
            Store::SharedRedis(server) => Some(server.port()),
            Store::SharedRedisBehind(port) => Some(*port),
            _ => None,
        };
        if let Some(port) = shared {
            let origin = format!("redis://127.0.0.1:{port}");
            variables.insert("redis_url".into(), json!(format!("{origin}/0")));
            variables.insert("redis_origin".into(), json!(origin));
        }
        let mut last = Error::from(ErrorKind::AddrInUse);
        // Another process may take the free port before the runtime does.
        for _ in 0..5 {
            let port = free_port()?;
            let mut command = match runtime.kind {
                Kind::Wasmtime => wasmtime::command(runtime, &variables, port),
                Kind::Spin | Kind::StandIn => spin_up(runtime, store, workplace, &variables, port)?,
            };
            command.args(&launch.options);
            command.envs(launch.environment.iter().map(|(name, value)| (name, value)));
            match Self::spawn(command, port).await {
                Err(error) if error.to_string().contains("already in use") => {
                    last = error;
                }
                started => return started,
            }
        }
        Err(last)
    }

    async fn spawn(mut command: Command, port: u16) -> Result<Self> {
        command.env_remove("RUST_BACKTRACE").env_remove("RUST_LOG");
        // `spin up` serves from a process of its own, which has to end as well.
        command.process_group(0);
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        let lines = Lines::default();
        let readers =
            vec![collect(child.stdout.take(), &lines), collect(child.stderr.take(), &lines)];
        let mut app = Self { child, address: ([127, 0, 0, 1], port).into(), lines, readers };
        let serves = until(START_TIMEOUT, || {
            let output = app.output();
            if ["Serving http://", "Serving HTTP on http://"].iter().any(|it| output.contains(it)) {
                return Some(true);
            }
            matches!(app.child.try_wait(), Ok(Some(_)) | Err(_)).then_some(false)
        });
        if serves.await != Some(true) {
            app.kill()?;
            return Err(Error::other(format!("the app did not start: {}", app.output())));
        }
        Ok(app)
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What the runtime's processes have of memory, MiB; 0 where the system doesn't tell.
    #[must_use]
    pub fn resident_mib(&self) -> u64 {
        let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
        let resident = processes.filter_map(|process| {
            let stat = fs::read_to_string(process.path().join("stat")).ok()?;
            // The group is the third field behind the name, which may hold anything.
            let group = stat.rsplit_once(')')?.1.split_whitespace().nth(2)?;
            if group != self.child.id().to_string() {
                return None;
            }
            let status = fs::read_to_string(process.path().join("status")).ok()?;
            let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
            line.split_whitespace().nth(1)?.parse::<u64>().ok()
        });
        resident.sum::<u64>() / 1_024
    }

    /// All that it and its runtime have written so far.
    #[must_use]
    pub fn output(&self) -> String {
        if !self.readers.is_empty() {
            process::settle(&self.lines);
        }
        process::joined_lines(&self.lines)
    }

    /// Kills it (SIGKILL), and returns when it is gone and all that it wrote is read.
    ///
    /// # Errors
    ///
    /// Where the system refuses.
    pub fn kill(&mut self) -> Result<()> {
        self.end()?;
        for reader in self.readers.drain(..) {
            // A reader that broke has read what it could.
            let _ = reader.join();
        }
        Ok(())
    }
}

impl App {
    fn end(&mut self) -> Result<()> {
        let group = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        // Its processes may all be gone.
        let _ = group.map(|group| kill_process_group(group, Signal::KILL));
        self.child.wait().map(drop)
    }
}

impl Drop for App {
    fn drop(&mut self) {
        // It may have ended already; a drop can't say so.
        let _ = self.end();
    }
}

/// `spin up`.
fn spin_up(
    runtime: &Runtime,
    store: &Store,
    workplace: &Workplace,
    variables: &Map<String, Value>,
    port: u16,
) -> Result<Command> {
    let file = workplace.path().join("variables.json");
    fs::write(&file, json!(variables).to_string())?;
    let mut command = Command::new(runtime.program());
    command.arg("up").arg("--from").arg(root().join(store.manifest(runtime.front)));
    command.arg("--variable").arg(format!("@{}", file.display()));
    command.arg("--state-dir").arg(workplace.path().join("state"));
    if let Some(config) = store.runtime_config() {
        let file = workplace.write("runtime-config.toml", &config)?;
        command.arg("--runtime-config-file").arg(file);
    }
    command.arg("--listen").arg(format!("127.0.0.1:{port}"));
    Ok(command)
}

/// The folder of the workspace.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

//! A real PostgreSQL of the tests' own: on a free port, in a directory of its own, gone with the tests.
//!
//! Making a database cluster takes a second or two, so that the tests of one binary share one, each with a schema of its own,
//! unless they stop it or change how it works.

use std::fs;
use std::io::{Error, ErrorKind, Result, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio_postgres::{Client, NoTls};

use crate::certificates::Certified;
use crate::daemon::{self, Daemon};
use crate::redis::free_port;

/// What a server says once it takes connections, also read-only ones.
const READY: &str = "ready to accept";

/// A running `postgres`, with a user `postgres` who needs no password and a database of that name; killed on drop.
pub struct PostgresServer {
    daemon: Mutex<Daemon>,
    directory: PathBuf,
    port: u16,
    /// Removes the directory, unless the server does.
    _kept: Option<TempDir>,
}

impl PostgresServer {
    /// The one that this process's tests share.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start).
    pub fn shared() -> Result<&'static Self> {
        static SHARED: OnceLock<std::result::Result<PostgresServer, String>> = OnceLock::new();
        let shared = SHARED.get_or_init(|| {
            let directory = daemon::directory().map_err(|error| error.to_string())?;
            let path = directory.keep();
            Self::create(path, None, "", None).map_err(|error| error.to_string())
        });
        shared.as_ref().map_err(|text| Error::other(text.clone()))
    }

    /// One of a test's own, with more lines of its configuration.
    ///
    /// # Errors
    ///
    /// Where PostgreSQL is not installed, or doesn't start in time.
    pub fn start(settings: &str) -> Result<Self> {
        let directory = daemon::directory()?;
        Self::create(directory.path().to_owned(), Some(directory), settings, None)
    }

    /// One of a test's own that knows TLS. The user `cara` has to have a certificate of the same authority.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start).
    pub fn start_encrypted(identity: &Certified, authority: &Path) -> Result<Self> {
        let directory = daemon::directory()?;
        let encryption = Some((identity, authority));
        Self::create(directory.path().to_owned(), Some(directory), "", encryption)
    }

    fn create(
        path: PathBuf,
        kept: Option<TempDir>,
        settings: &str,
        encryption: Option<(&Certified, &Path)>,
    ) -> Result<Self> {
        let mut initdb = daemon::command(&program("initdb")?, &path);
        initdb.args(["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]);
        finish(initdb.arg("-D").arg(path.join("data")))?;
        let hba = "host all ann 127.0.0.1/32 scram-sha-256\n";
        prepend(&path.join("data/pg_hba.conf"), hba)?;
        if let Some((identity, authority)) = encryption {
            encrypt(&path.join("data"), identity, authority)?;
        }
        let common = "listen_addresses = '127.0.0.1'\nfsync = off\nmax_connections = 200\n";
        append(&path.join("data/postgresql.conf"), &format!("{common}{settings}\n"))?;
        Self::launch_somewhere(path, kept)
    }

    /// A copy of this server that follows it, and only answers reads until it is [promoted](Self::promote).
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start).
    pub fn standby(&self) -> Result<Self> {
        let directory = daemon::directory()?;
        let path = directory.path().to_owned();
        let mut copy = daemon::command(&program("pg_basebackup")?, &path);
        copy.args(["-h", "127.0.0.1", "-U", "postgres", "-R", "--checkpoint=fast", "--no-sync"]);
        copy.args(["-p", &self.port.to_string(), "-D"]).arg(path.join("data"));
        finish(&mut copy)?;
        Self::launch_somewhere(path, Some(directory))
    }

    fn launch_somewhere(directory: PathBuf, kept: Option<TempDir>) -> Result<Self> {
        let mut last = Error::from(ErrorKind::AddrInUse);
        // Another process may take the free port before the server does.
        for _ in 0..5 {
            let port = free_port()?;
            match launch(&directory, port, kept.is_none()) {
                Ok(daemon) => {
                    return Ok(Self { daemon: Mutex::new(daemon), directory, port, _kept: kept });
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// Has a standby take over.
    ///
    /// # Errors
    ///
    /// Where it refuses.
    pub fn promote(&self) -> Result<()> {
        let mut promote = daemon::command(&program("pg_ctl")?, &self.directory);
        finish(promote.args(["promote", "-w", "-D"]).arg(self.directory.join("data")))
    }

    /// Where it listens, on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("postgresql://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// The name of a schema that no test has had.
    #[must_use]
    pub fn schema() -> String {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        format!("test_{}", COUNT.fetch_add(1, Ordering::SeqCst))
    }

    /// A connection of the test's own, to look behind the store's back.
    ///
    /// # Errors
    ///
    /// Where the server can't be reached.
    pub async fn client(&self) -> std::result::Result<Client, tokio_postgres::Error> {
        let (client, connection) = tokio_postgres::connect(&self.url(), NoTls).await?;
        // It ends with the client.
        tokio::spawn(async move { drop(connection.await) });
        Ok(client)
    }

    /// Runs statements of whose answers nothing is needed.
    ///
    /// # Errors
    ///
    /// Where the server can't be reached or refuses them.
    pub async fn run(&self, statements: &str) -> std::result::Result<(), tokio_postgres::Error> {
        self.client().await?.batch_execute(statements).await
    }

    /// All that it has said so far.
    #[must_use]
    pub fn log(&self) -> String {
        self.daemon.lock().unwrap_or_else(PoisonError::into_inner).log()
    }

    /// The process that all others of the server are children of.
    ///
    /// # Errors
    ///
    /// Where it doesn't run.
    pub fn first_process(&self) -> Result<Pid> {
        let text = fs::read_to_string(self.directory.join("data/postmaster.pid"))?;
        let pid = text.lines().next().and_then(|line| line.parse().ok()).and_then(Pid::from_raw);
        pid.ok_or_else(|| ErrorKind::NotFound.into())
    }

    /// Kills the server's first process, as a crash would, and returns when it is gone.
    ///
    /// # Errors
    ///
    /// Where the system refuses.
    pub fn kill(&self) -> Result<()> {
        kill_process(self.first_process()?, Signal::KILL)?;
        self.daemon.lock().unwrap_or_else(PoisonError::into_inner).stop()
    }

    /// Starts it again after [`kill`](Self::kill): on the same port, with what it had.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start).
    pub fn restart(&self) -> Result<()> {
        let mut last = Error::from(ErrorKind::TimedOut);
        // Its other processes may have some of its memory yet.
        for _ in 0..20 {
            match launch(&self.directory, self.port, self._kept.is_none()) {
                Ok(daemon) => {
                    *self.daemon.lock().unwrap_or_else(PoisonError::into_inner) = daemon;
                    return Ok(());
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}

fn launch(directory: &Path, port: u16, is_left: bool) -> Result<Daemon> {
    let arguments = [
        program("postgres")?,
        "-D".into(),
        directory.join("data"),
        "-p".into(),
        port.to_string().into(),
        "-k".into(),
        directory.to_owned(),
    ];
    Daemon::start(directory, &arguments, READY, "QUIT", is_left)
}

/// Where Debian has it, which is not on every user's path: of the newest version.
pub(crate) fn program(name: &str) -> Result<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().filter_map(Result::ok);
    let mut versions: Vec<u32> =
        versions.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    versions.sort_unstable_by(|left, right| right.cmp(left));
    let of_debian =
        versions.iter().map(|version| format!("/usr/lib/postgresql/{version}/bin").into());
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = of_debian.chain(std::env::split_paths(&path)).chain(["/usr/sbin".into()]);
    folders.map(|folder: PathBuf| folder.join(name)).find(|path| path.is_file()).ok_or_else(|| {
        let text = format!("no {name}: `cargo xtask test` installs it, or says what to install");
        Error::new(ErrorKind::NotFound, text)
    })
}

fn finish(command: &mut std::process::Command) -> Result<()> {
    let output = command.stdin(Stdio::null()).output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(Error::other(String::from_utf8_lossy(&output.stderr).into_owned()))
}

/// Has the server in `data` offer TLS.
fn encrypt(data: &Path, identity: &Certified, authority: &Path) -> Result<()> {
    let authority = fs::read_to_string(authority)?;
    let files = [
        ("server.crt", &identity.certificate),
        ("server.key", &identity.key),
        ("root.crt", &authority),
    ];
    for (name, text) in files {
        let path = data.join(name);
        fs::write(&path, text)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
        daemon::give(&path)?;
    }
    prepend(&data.join("pg_hba.conf"), "hostssl all cara all trust clientcert=verify-ca\n")?;
    append(&data.join("postgresql.conf"), "ssl = on\nssl_ca_file = 'root.crt'\n")
}

fn append(path: &Path, text: &str) -> Result<()> {
    fs::OpenOptions::new().append(true).open(path)?.write_all(text.as_bytes())
}

fn prepend(path: &Path, text: &str) -> Result<()> {
    let rest = fs::read_to_string(path)?;
    fs::write(path, format!("{text}{rest}"))
}

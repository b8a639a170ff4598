//! A real PgBouncer of the tests' own.

use std::fs;
use std::io::{Error, ErrorKind, Result};
use std::path::PathBuf;
use std::sync::OnceLock;

use tempfile::TempDir;

use crate::daemon::{self, Daemon};
use crate::postgres::{PostgresServer, program};
use crate::redis::free_port;

/// A running `pgbouncer` in front of a server, that gives each transaction to any connection; killed on drop.
pub struct PgBouncer {
    port: u16,
    _daemon: Daemon,
    _directory: Option<TempDir>,
}

impl PgBouncer {
    /// The one in front of the server that this process's tests share.
    ///
    /// # Errors
    ///
    /// As [`PostgresServer::shared`].
    pub fn shared() -> Result<&'static Self> {
        static SHARED: OnceLock<std::result::Result<PgBouncer, String>> = OnceLock::new();
        let shared = SHARED.get_or_init(|| {
            let start = || {
                let port = PostgresServer::shared()?.port();
                Self::create(port, daemon::directory()?.keep(), None, 5)
            };
            start().map_err(|error: Error| error.to_string())
        });
        shared.as_ref().map_err(|text| Error::other(text.clone()))
    }

    /// One of its own in front of `server`, with so many connections to it.
    ///
    /// # Errors
    ///
    /// Where PgBouncer is not installed, or doesn't start in time.
    pub fn start(server: &PostgresServer, connections: u16) -> Result<Self> {
        let directory = daemon::directory()?;
        Self::create(server.port(), directory.path().to_owned(), Some(directory), connections)
    }

    fn create(server: u16, path: PathBuf, kept: Option<TempDir>, connections: u16) -> Result<Self> {
        fs::write(path.join("users.txt"), "\"postgres\" \"\"\n")?;
        let mut last = Error::from(ErrorKind::AddrInUse);
        for _ in 0..5 {
            let port = free_port()?;
            let text = format!(
                "[databases]\n* = host=127.0.0.1 port={server}\n[pgbouncer]\n\
                 listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n\
                 auth_type = trust\nauth_file = {}\npool_mode = transaction\n\
                 default_pool_size = {connections}\nmax_client_conn = 200\n",
                path.join("users.txt").display()
            );
            let file = path.join("pgbouncer.ini");
            fs::write(&file, text)?;
            match Daemon::start(
                &path,
                &[program("pgbouncer")?, file],
                "process up",
                "TERM",
                kept.is_none(),
            ) {
                Ok(daemon) => return Ok(Self { port, _daemon: daemon, _directory: kept }),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// Its URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("postgresql://postgres@127.0.0.1:{}/postgres", self.port)
    }
}

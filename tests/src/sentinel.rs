//! A real Redis with two replicas and three sentinels of a test's own.

use std::io::{Result, Write};
use std::process::{Child, Command};

use tempfile::TempDir;

use crate::redis::{RedisServer, free_port, spawn};
use crate::redis_cluster::patiently;

/// The name under which the sentinels know the master.
pub const MASTER: &str = "mymaster";

/// Three servers and three sentinels, killed on drop.
pub struct Sentinels {
    /// The master, and then its replicas.
    pub servers: Vec<RedisServer>,
    sentinels: Vec<Child>,
    ports: Vec<u16>,
    /// Of the URL: the password, and what ends it.
    login: String,
    _directory: TempDir,
}

impl Sentinels {
    /// Starts them. Sentinels take a server for dead after half a second.
    ///
    /// # Errors
    ///
    /// Where one doesn't start.
    pub fn start() -> Result<Self> {
        Self::start_with(None)
    }

    /// As [`start`](Self::start); the sentinels want this password, of each other too.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start).
    pub fn start_with(password: Option<&str>) -> Result<Self> {
        let master = RedisServer::start_with(&["--repl-diskless-sync-delay", "0"])?;
        let of = format!("127.0.0.1 {}", master.port());
        let replica =
            || RedisServer::start_with(&["--replicaof", &of, "--repl-diskless-sync-delay", "0"]);
        let servers = vec![replica()?, replica()?];
        let directory = TempDir::new()?;
        let (mut sentinels, mut ports) = (Vec::new(), Vec::new());
        let lines = password.map_or_else(String::new, |password| {
            format!("requirepass {password}\nsentinel sentinel-pass {password}")
        });
        for number in 0..3 {
            let port = free_port()?;
            let path = directory.path().join(format!("{number}.conf"));
            let mut file = std::fs::File::create(&path)?;
            writeln!(
                file,
                "port {port}\nbind 127.0.0.1\ndir {}\nsentinel monitor {MASTER} {of} 2\n\
                 sentinel down-after-milliseconds {MASTER} 500\n\
                 sentinel failover-timeout {MASTER} 3000\n{lines}",
                directory.path().display()
            )?;
            let mut command = Command::new("redis-server");
            command.arg(&path).arg("--sentinel");
            sentinels.push(spawn(command, "+monitor master")?);
            ports.push(port);
        }
        let servers = std::iter::once(master).chain(servers).collect();
        let login = password.map_or_else(String::new, |password| format!(":{password}@"));
        let started = Self { servers, sentinels, ports, login, _directory: directory };
        started.until_acquainted()?;
        Ok(started)
    }

    /// The sentinels' addresses.
    #[must_use]
    pub fn addresses(&self) -> Vec<String> {
        self.ports.iter().map(|port| format!("127.0.0.1:{port}")).collect()
    }

    /// Has the sentinels put a replica in the master's place, while all are well.
    ///
    /// # Errors
    ///
    /// Where the sentinel can't be reached or refuses.
    pub fn fail_over(&self) -> redis::RedisResult<()> {
        let first = self.ports.first().copied().unwrap_or_default();
        let mut command = redis::cmd("SENTINEL");
        command.arg("FAILOVER").arg(MASTER).exec(&mut self.connection(first)?)
    }

    fn connection(&self, port: u16) -> redis::RedisResult<redis::Connection> {
        redis::Client::open(format!("redis://{}127.0.0.1:{port}", self.login))?.get_connection()
    }

    /// Waits until every sentinel knows the others and both replicas.
    fn until_acquainted(&self) -> Result<()> {
        let is_acquainted = |port: &u16| {
            let info: redis::RedisResult<String> =
                self.connection(*port).and_then(|mut connection| {
                    redis::cmd("INFO").arg("sentinel").query(&mut connection)
                });
            info.is_ok_and(|text| text.contains("slaves=2,sentinels=3"))
        };
        patiently(|| self.ports.iter().all(is_acquainted))
    }
}

impl Drop for Sentinels {
    fn drop(&mut self) {
        for sentinel in &mut self.sentinels {
            // It may be gone already; a drop can't say so.
            let _ = sentinel.kill();
            let _ = sentinel.wait();
        }
    }
}

//! A store's servers, and what they say of their own work.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};
use countersign_tests::certificates::Authority;
use countersign_tests::pgbouncer::PgBouncer;
use countersign_tests::postgres::PostgresServer;
use countersign_tests::redis::RedisServer;
use serde_json::{Value, json};

use super::masters;
use crate::child;

/// Longer than any request takes on a machine that has other work to do.
const PATIENCE_MS: u32 = 20_000;

/// A store, with its servers.
pub(crate) struct Site {
    /// What it is called in tables.
    pub(crate) name: &'static str,
    /// The settings of the store, in JSON.
    pub(crate) settings: String,
    servers: Servers,
}

enum Servers {
    /// None: it is in the host's process. A directory of its own.
    Inside {
        _directory: tempfile::TempDir,
    },
    Postgres {
        server: PostgresServer,
        _pooler: Option<PgBouncer>,
    },
    Redis(Vec<RedisServer>),
}

impl Site {
    /// All of them.
    pub(crate) fn all() -> Result<Vec<Self>> {
        Ok(vec![
            Self::memory()?,
            Self::sqlite()?,
            Self::redis("redis", vec![RedisServer::start()?], json!({})),
            Self::encrypted()?,
            Self::cluster("cluster of 1", 1)?,
            Self::cluster("cluster of 2", 2)?,
            Self::cluster("cluster of 3", 3)?,
            Self::postgres(false)?,
            Self::postgres(true)?,
        ])
    }

    fn memory() -> Result<Self> {
        let servers = Servers::Inside { _directory: tempfile::tempdir()? };
        let settings = json!({ "type": "memory", "max_keys": 10_000_000 }).to_string();
        Ok(Self { name: "memory", settings, servers })
    }

    fn sqlite() -> Result<Self> {
        let directory = tempfile::tempdir()?;
        let path = directory.path().join("store.db");
        let settings = json!({ "type": "sqlite", "path": path, "timeout_ms": PATIENCE_MS });
        let servers = Servers::Inside { _directory: directory };
        Ok(Self { name: "sqlite", settings: settings.to_string(), servers })
    }

    /// Redis servers, of which the first is named.
    pub(crate) fn redis(name: &'static str, servers: Vec<RedisServer>, more: Value) -> Self {
        let url = servers.first().map(RedisServer::url).unwrap_or_default();
        let mut settings =
            json!({ "type": "redis", "url": url, "response_timeout_ms": PATIENCE_MS });
        if let (Some(settings), Value::Object(more)) = (settings.as_object_mut(), more) {
            settings.extend(more);
        }
        Self { name, settings: settings.to_string(), servers: Servers::Redis(servers) }
    }

    fn encrypted() -> Result<Self> {
        let authority = Authority::new()?;
        let certified = authority.certify("127.0.0.1")?;
        let server = RedisServer::start_encrypted(&certified, &authority, false)?;
        // The authority's file is read once, by a process that has started before it goes.
        let ca = server.directory().join("authority.pem");
        fs::copy(authority.file()?, &ca)?;
        Ok(Self::redis("redis, TLS", vec![server], json!({ "tls": { "ca_file": ca } })))
    }

    fn cluster(name: &'static str, masters: u16) -> Result<Self> {
        Ok(Self::redis(name, masters::start(masters)?, json!({ "cluster": true })))
    }

    /// PostgreSQL that keeps what it acknowledges.
    pub(crate) fn postgres(is_pooled: bool) -> Result<Self> {
        let server =
            PostgresServer::start("fsync = on\nshared_preload_libraries = 'pg_stat_statements'")?;
        // It counts what runs how long.
        let pooler = is_pooled.then(|| PgBouncer::start(&server, 10)).transpose()?;
        let url = pooler.as_ref().map_or_else(|| server.url(), PgBouncer::url);
        let settings =
            json!({ "type": "postgres", "url": url, "response_timeout_ms": PATIENCE_MS });
        let name = if is_pooled { "pgbouncer" } else { "postgres" };
        let servers = Servers::Postgres { server, _pooler: pooler };
        Ok(Self { name, settings: settings.to_string(), servers })
    }

    /// The Redis servers.
    pub(crate) fn redis_servers(&self) -> &[RedisServer] {
        match &self.servers {
            Servers::Redis(servers) => servers,
            Servers::Inside { .. } | Servers::Postgres { .. } => &[],
        }
    }

    /// The PostgreSQL server.
    pub(crate) fn postgres_server(&self) -> Option<&PostgresServer> {
        match &self.servers {
            Servers::Postgres { server, .. } => Some(server),
            Servers::Inside { .. } | Servers::Redis(_) => None,
        }
    }

    /// Kills the server that takes writes, as a crash would.
    pub(crate) fn kill(&mut self) -> Result<()> {
        match &mut self.servers {
            Servers::Inside { .. } => {}
            Servers::Postgres { server, .. } => server.kill()?,
            Servers::Redis(servers) => servers.first_mut().context("no server")?.stop()?,
        }
        Ok(())
    }

    /// Starts it again with what it kept, or has its replica take over.
    pub(crate) fn revive(&mut self) -> Result<()> {
        match &mut self.servers {
            Servers::Inside { .. } => {}
            Servers::Postgres { server, .. } => server.restart()?,
            Servers::Redis(servers) => match servers.as_mut_slice() {
                [_, replica] => {
                    replica.run(&["REPLICAOF", "NO", "ONE"])?;
                    let mut settings: Value = serde_json::from_str(&self.settings)?;
                    if let Some(url) = settings.get_mut("url") {
                        *url = replica.url().into();
                    }
                    self.settings = settings.to_string();
                }
                servers => servers.first_mut().context("no server")?.restart()?,
            },
        }
        Ok(())
    }

    /// The CPU time of each server so far; of PostgreSQL that of all its processes, and not PgBouncer's.
    pub(crate) fn cpu_times(&self) -> Result<Vec<Duration>> {
        match &self.servers {
            Servers::Inside { .. } => Ok(Vec::new()),
            Servers::Postgres { server, .. } => {
                let first = u32::try_from(server.first_process()?.as_raw_nonzero().get())?;
                let mut all = child::cpu_time(first)?;
                for process in children(first)? {
                    // It may have ended meanwhile.
                    all += child::cpu_time(process).unwrap_or_default();
                }
                Ok(vec![all])
            }
            Servers::Redis(servers) => {
                servers.iter().map(|server| child::cpu_time(server.pid())).collect()
            }
        }
    }

    /// How often the Redis masters have read from connections so far, and how many they are: each of these questions is
    /// counted too.
    pub(crate) fn reads(&self) -> Result<Option<(u64, u64)>> {
        let (mut reads, mut masters) = (0, 0);
        for server in self.redis_servers() {
            if server.info("replication")?.contains("role:master") {
                reads += field(&server.info("stats")?, "total_reads_processed")?;
                masters += 1;
            }
        }
        Ok((masters > 0).then_some((reads, masters)))
    }
}

/// A number that `INFO` tells.
pub(crate) fn field(text: &str, name: &str) -> Result<u64> {
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    Ok(value.with_context(|| format!("INFO has no {name}"))?.trim().parse()?)
}

fn children(parent: u32) -> Result<Vec<u32>> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let Ok(process) = entry?.file_name().to_string_lossy().parse::<u32>() else { continue };
        let Ok(status) = fs::read_to_string(format!("/proc/{process}/status")) else { continue };
        if status.lines().any(|line| {
            line.strip_prefix("PPid:").is_some_and(|text| text.trim() == parent.to_string())
        }) {
            found.push(process);
        }
    }
    Ok(found)
}

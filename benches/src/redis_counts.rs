//! What Redis says it did.

use anyhow::{Context, Result};
use countersign_tests::redis::RedisServer;

/// A connection of the bench's own.
pub(crate) struct Counter(redis::Connection);

/// Redis's counts at one moment.
#[derive(Clone, Copy)]
pub(crate) struct Counts {
    /// Commands carried out.
    pub(crate) commands: u64,
    /// Times that it read from a connection: of one client that waits for each answer, its round trips.
    pub(crate) reads: u64,
}

impl Counter {
    /// Connects.
    pub(crate) fn new(server: &RedisServer) -> Result<Self> {
        Ok(Self(server.connection()?))
    }

    /// The counts since the server's start, this very question left out.
    pub(crate) fn counts(&mut self) -> Result<Counts> {
        let text: String = redis::cmd("INFO").arg("stats").query(&mut self.0)?;
        let field = |name: &str| -> Result<u64> {
            let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
            Ok(value.with_context(|| format!("INFO has no {name}"))?.trim().parse()?)
        };
        let commands = field("total_commands_processed")?;
        Ok(Counts { commands, reads: field("total_reads_processed")? })
    }

    /// Forgets everything.
    pub(crate) fn flush(&mut self) -> Result<()> {
        Ok(redis::cmd("FLUSHALL").query(&mut self.0)?)
    }
}

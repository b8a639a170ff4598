//! Configurations for hosts under test: what every test needs, and what each adds to it.

use std::fs;
use std::io::Result;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::outbox::Outbox;
use crate::process;

/// Keys that a test configuration has unless it brings its own.
pub const KEYS: &str = r#"
[keys]
index = "1112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f30"
ring = [{ name = "k1", secret = "22232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f4041" }]
"#;

/// A key in hexadecimal, another one for each `seed`.
#[must_use]
pub fn key(seed: u8) -> String {
    (0..32).map(|step| format!("{:02x}", seed.wrapping_add(step))).collect()
}

/// A directory of a test's own: its configurations, its outbox, its database.
pub struct Workplace {
    directory: TempDir,
    outbox: Outbox,
}

impl Workplace {
    /// An empty one.
    ///
    /// # Errors
    ///
    /// Where no directory can be made.
    pub fn new() -> Result<Self> {
        let directory = TempDir::new()?;
        let outbox = Outbox::new(directory.path().join("outbox.jsonl"));
        Ok(Self { directory, outbox })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// What the hosts here have sent.
    #[must_use]
    pub fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    /// `[store]` for a database in this directory.
    #[must_use]
    pub fn sqlite(&self) -> String {
        // A slow disk is not what is tested.
        format!(
            "[store]\ntype = \"sqlite\"\npath = {}\ntimeout_ms = 20000\n",
            quoted(&self.path().join("store.db"))
        )
    }

    /// The sender `file` for each of `channels`, all with this outbox.
    #[must_use]
    pub fn senders(&self, channels: &[&str]) -> String {
        let path = quoted(self.outbox.path());
        channels
            .iter()
            .map(|channel| format!("[senders.{channel}]\ntype = \"file\"\npath = {path}\n"))
            .collect()
    }

    /// Writes a configuration file of these sections, and of `[engine]`, and says where it is.
    ///
    /// # Errors
    ///
    /// Where it can't be written.
    pub fn config(&self, name: &str, sections: &[&str]) -> Result<PathBuf> {
        self.write(name, &format!("{}\n{}", sections.join("\n"), engine("")?))
    }

    /// Writes a configuration file of exactly this text.
    ///
    /// # Errors
    ///
    /// Where it can't be written.
    pub fn write(&self, name: &str, text: &str) -> Result<PathBuf> {
        let path = self.path().join(name);
        fs::write(&path, text)?;
        Ok(path)
    }
}

/// `[server]` of a host in development on a free port.
pub const SERVER: &str = "[server]\nlisten = \"127.0.0.1:0\"\nmode = \"development\"\n";

/// `[store]` that lives as long as the process.
pub const MEMORY: &str = "[store]\ntype = \"memory\"\n";

/// `[log]` in JSON, with all that our own crates say.
pub const LOG: &str =
    "[log]\nformat = \"json\"\nfilter = \"info,countersign=trace,countersign_http_api=trace\"\n";

/// `[store]` for a Redis.
#[must_use]
pub fn redis(port: u16) -> String {
    format!("[store]\ntype = \"redis\"\nurl = \"redis://127.0.0.1:{port}\"\n")
}

/// `[store]` for a schema of a PostgreSQL.
#[must_use]
pub fn postgres(url: &str, schema: &str) -> String {
    // A busy machine is not what is tested.
    format!(
        "[store]\ntype = \"postgres\"\nurl = \"{url}\"\nschema = \"{schema}\"\nresponse_timeout_ms = 20000\n"
    )
}

/// `[engine]` with native code kept for all tests, and `more` settings.
///
/// # Errors
///
/// As [`process::binary`].
pub fn engine(more: &str) -> Result<String> {
    let cache = process::binary()?.with_file_name("countersign-tests-cache");
    Ok(format!("[engine]\ncache_directory = {}\n{more}", quoted(&cache)))
}

fn quoted(path: &Path) -> String {
    format!("'{}'", path.display())
}

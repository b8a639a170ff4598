//! A server under test, seen from outside: its address, its CPU time, its memory.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};

use crate::engines::Variant;

/// A process of [`crate::server`], ended on drop.
pub(crate) struct Process {
    child: Child,
    /// What it is called in tables.
    pub(crate) name: String,
    /// Who answers.
    pub(crate) variant: Variant,
    /// Where it listens.
    pub(crate) address: SocketAddr,
}

impl Process {
    /// Starts one over the store of these settings (JSON), and waits until it is ready.
    pub(crate) fn start(variant: Variant, store: &str) -> Result<Self> {
        Self::launch(
            variant,
            variant.name().into(),
            Command::new(std::env::current_exe()?).args(["server", variant.name(), store]),
        )
    }

    /// The same with another build of the component.
    pub(crate) fn start_rival(variant: Variant, store: &str, component: &Path) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["server", variant.name(), store]).env("COUNTERSIGN_TEST_WASM", component);
        Self::launch(variant, format!("{} (rival)", variant.name()), &mut command)
    }

    fn launch(variant: Variant, name: String, command: &mut Command) -> Result<Self> {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        let output = child.stdout.take().context("no standard output")?;
        BufReader::new(output).read_line(&mut line)?;
        let address = line.trim().parse();
        let address = address.with_context(|| format!("the {name} server did not start"))?;
        Ok(Self { child, name, variant, address })
    }

    /// CPU time used so far, in user and system mode, by all threads.
    pub(crate) fn cpu_time(&self) -> Result<Duration> {
        cpu_time(self.child.id())
    }

    /// Resident memory in MiB.
    pub(crate) fn resident_mib(&self) -> Result<f64> {
        resident_mib(self.child.id())
    }
}

/// CPU time that a process has used so far, by all its threads that live.
pub(crate) fn cpu_time(process: u32) -> Result<Duration> {
    let mut nanoseconds = 0;
    for task in fs::read_dir(format!("/proc/{process}/task"))? {
        // To the nanosecond, where /proc/<pid>/stat counts in hundredths of a second.
        let text = fs::read_to_string(task?.path().join("schedstat"))?;
        nanoseconds += text.split(' ').next().context("schedstat is empty")?.parse::<u64>()?;
    }
    Ok(Duration::from_nanos(nanoseconds))
}

/// Resident memory of a process in MiB.
pub(crate) fn resident_mib(process: u32) -> Result<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib: f64 = line
        .and_then(|line| line.trim().strip_suffix(" kB"))
        .context("/proc tells no VmRSS")?
        .parse()?;
    Ok(kib / 1_024.0)
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

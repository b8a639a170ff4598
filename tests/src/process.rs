//! The real binary `countersign`: started with a configuration in a directory of its own, gone with the test.

use std::fs;
use std::io::{BufRead, BufReader, Error, ErrorKind, Read, Result};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::wait::until;

/// How long a host may take until it takes connections, native code being compiled included.
const START_TIMEOUT: Duration = Duration::from_secs(60);
/// How long a process may take to end.
const EXIT_TIMEOUT: Duration = Duration::from_secs(60);
/// How long a host has written nothing when it has written all that there is.
const QUIET: Duration = Duration::from_millis(80);
/// How long to wait for that.
const SETTLE_TIMEOUT: Duration = Duration::from_secs(2);

/// The binary that is tested: `COUNTERSIGN_TEST_BIN`, or what cargo puts beside the test binaries.
///
/// # Errors
///
/// Where there is none.
pub fn binary() -> Result<PathBuf> {
    let named = std::env::var_os("COUNTERSIGN_TEST_BIN").map(PathBuf::from);
    let beside = || {
        let test = std::env::current_exe().ok()?;
        Some(test.parent()?.parent()?.join(format!("countersign{}", std::env::consts::EXE_SUFFIX)))
    };
    let path = named.or_else(beside).unwrap_or_default();
    if path.is_file() {
        return Ok(path);
    }
    let text = format!("no binary at {}: `cargo xtask test` builds it", path.display());
    Err(Error::new(ErrorKind::NotFound, text))
}

/// Copies the binary to `path`, where it can be started at once.
///
/// `cp` writes it: had this process the file open for writing, a child that another test starts
/// at that moment would inherit the handle, and the kernel starts no file that is open for
/// writing ("Text file busy").
///
/// # Errors
///
/// As [`binary`], and where `cp` fails.
pub fn copy_binary(path: &Path) -> Result<()> {
    let status = Command::new("cp").arg("--").arg(binary()?).arg(path).status()?;
    if status.success() {
        return Ok(());
    }
    Err(Error::other(format!("`cp` to {} failed: {status}", path.display())))
}

/// A command of the binary, with nothing in its environment but what finds programs.
///
/// # Errors
///
/// As [`binary`].
pub fn command(config: Option<&Path>) -> Result<Command> {
    let mut command = Command::new(binary()?);
    command.env_clear();
    for name in ["HOME", "PATH", "TMPDIR"] {
        command.envs(std::env::var_os(name).map(|value| (name, value)));
    }
    if let Some(config) = config {
        command.arg("--config").arg(config);
    }
    Ok(command)
}

/// Runs a command of the binary to its end, giving it `input`.
///
/// # Errors
///
/// As [`binary`], and where it doesn't end in time.
pub async fn run(mut command: Command, input: &str) -> Result<Output> {
    use std::io::Write;
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        // It may not read at all.
        let _ = stdin.write_all(input.as_bytes());
    }
    let (stdout, stderr) = (read(child.stdout.take()), read(child.stderr.take()));
    let ended = until(EXIT_TIMEOUT, || child.try_wait().transpose()).await;
    let Some(status) = ended else {
        child.kill()?;
        child.wait()?;
        return Err(ErrorKind::TimedOut.into());
    };
    Ok(Output { status: status?, stdout: joined(stdout), stderr: joined(stderr) })
}

fn read(stream: Option<impl Read + Send + 'static>) -> JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut stream) = stream {
            // What was read until then is what there is.
            let _ = stream.read_to_end(&mut bytes);
        }
        bytes
    })
}

fn joined(reader: JoinHandle<Vec<u8>>) -> Vec<u8> {
    reader.join().unwrap_or_default()
}

/// A running `countersign serve`, killed on drop.
pub struct Host {
    child: Child,
    address: SocketAddr,
    lines: Lines,
    readers: Vec<JoinHandle<()>>,
}

/// What a process has written so far.
pub(crate) type Lines = Arc<Mutex<Vec<String>>>;

/// All of it.
pub(crate) fn joined_lines(lines: &Lines) -> String {
    lines.lock().unwrap_or_else(PoisonError::into_inner).join("\n")
}

/// Waits until no more lines come: a line is written a little after what it tells of.
pub(crate) fn settle(lines: &Lines) {
    let count = || lines.lock().unwrap_or_else(PoisonError::into_inner).len();
    let end = Instant::now() + SETTLE_TIMEOUT;
    let mut before = count();
    while Instant::now() < end {
        std::thread::park_timeout(QUIET);
        if count() == before {
            return;
        }
        before = count();
    }
}

impl Host {
    /// Starts a host with the configuration file `config`, and returns once it takes connections.
    ///
    /// # Errors
    ///
    /// Where there is no binary, or it ends or takes too long instead: with all that it said.
    pub async fn start(config: &Path) -> Result<Self> {
        Self::start_in(config.parent().unwrap_or(config), config, &[]).await
    }

    /// As [`start`](Self::start), of another `binary`, and with nothing in its environment.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start).
    pub async fn start_binary(binary: &Path, config: &Path) -> Result<Self> {
        let mut command = Command::new(binary);
        command.env_clear().arg("--config").arg(config);
        let directory = config.parent().unwrap_or(config);
        Self::launch(command, Stdio::piped(), directory, &[], &[]).await
    }

    /// As [`start`](Self::start), in another working directory and with `variables` in the environment.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start).
    pub async fn start_in(
        directory: &Path,
        config: &Path,
        variables: &[(&str, &str)],
    ) -> Result<Self> {
        Self::start_logging_to(Stdio::piped(), directory, config, variables).await
    }

    /// As [`start_in`](Self::start_in), with its standard error going there. Only a pipe is read by this process.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start).
    pub async fn start_logging_to(
        log: Stdio,
        directory: &Path,
        config: &Path,
        variables: &[(&str, &str)],
    ) -> Result<Self> {
        let command = command(Some(config))?;
        Self::launch(command, log, directory, variables, &[]).await
    }

    /// As [`start`](Self::start), with more `arguments` of the command `serve`.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start).
    pub async fn start_with_arguments(config: &Path, arguments: &[&str]) -> Result<Self> {
        let directory = config.parent().unwrap_or(config);
        let command = command(Some(config))?;
        Self::launch(command, Stdio::piped(), directory, &[], arguments).await
    }

    /// As [`start`](Self::start), after the command `before` of the shell: `ulimit -n 128`.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start).
    pub async fn start_after(before: &str, config: &Path) -> Result<Self> {
        let host = command(Some(config))?;
        let mut shell = Command::new("sh");
        shell.env_clear().envs(host.get_envs().filter_map(|(name, value)| Some((name, value?))));
        shell.arg("-c").arg(format!("{before} && exec \"$0\" \"$@\""));
        shell.arg(host.get_program()).args(host.get_args());
        let directory = config.parent().unwrap_or(config);
        Self::launch(shell, Stdio::piped(), directory, &[], &[]).await
    }

    async fn launch(
        mut command: Command,
        log: Stdio,
        directory: &Path,
        variables: &[(&str, &str)],
        arguments: &[&str],
    ) -> Result<Self> {
        static STARTED: AtomicU32 = AtomicU32::new(0);
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let ready = directory.join(format!("ready-{number}"));
        command.arg("serve").arg("--ready-file").arg(&ready).args(arguments);
        command.envs(variables.iter().copied());
        command.current_dir(directory);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).spawn()?;
        let lines = Lines::default();
        let readers =
            vec![collect(child.stdout.take(), &lines), collect(child.stderr.take(), &lines)];
        let mut host = Self { child, address: ([127, 0, 0, 1], 0).into(), lines, readers };
        host.address = host.announced(&ready).await?;
        Ok(host)
    }

    async fn announced(&mut self, ready: &Path) -> Result<SocketAddr> {
        let announced = until(START_TIMEOUT, || {
            if let Some(status) = self.child.try_wait().transpose() {
                return Some(status.map(|_| None));
            }
            fs::read_to_string(ready).ok().map(|text| Ok(Some(text)))
        });
        let announced = announced.await.transpose()?.flatten();
        let address = announced.and_then(|text| {
            let said: Value = serde_json::from_str(&text).ok()?;
            said.get("address")?.as_str()?.parse().ok()
        });
        if address.is_none() {
            // Ends the readers as well.
            self.kill()?;
        }
        address.ok_or_else(|| Error::other(format!("the host did not start: {}", self.output())))
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The number of its process.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// All that it has written so far, to standard output and to standard error.
    #[must_use]
    pub fn output(&self) -> String {
        if !self.readers.is_empty() {
            settle(&self.lines);
        }
        joined_lines(&self.lines)
    }

    /// The lines of its log that are JSON objects.
    #[must_use]
    pub fn log(&self) -> Vec<Value> {
        self.output().lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// Asks it to end: SIGTERM.
    ///
    /// # Errors
    ///
    /// Where it has ended already.
    pub fn terminate(&self) -> Result<()> {
        self.signal(Signal::TERM)
    }

    /// Sends it a signal.
    ///
    /// # Errors
    ///
    /// Where it has ended already.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        let id = i32::try_from(self.id()).ok().and_then(Pid::from_raw);
        let id = id.ok_or(ErrorKind::InvalidInput)?;
        Ok(kill_process(id, signal)?)
    }

    /// Waits until it has ended by itself, and all that it wrote is read.
    ///
    /// # Errors
    ///
    /// Where it doesn't in time.
    pub async fn ended(&mut self) -> Result<ExitStatus> {
        let ended = until(EXIT_TIMEOUT, || self.child.try_wait().transpose()).await;
        let status = ended.ok_or(ErrorKind::TimedOut)??;
        self.read_to_end();
        Ok(status)
    }

    /// Kills it (SIGKILL) once it has written its lines, and returns when it is gone and all that
    /// it wrote is read.
    ///
    /// # Errors
    ///
    /// Where the system refuses.
    pub fn kill(&mut self) -> Result<()> {
        settle(&self.lines);
        self.child.kill()?;
        self.child.wait()?;
        self.read_to_end();
        Ok(())
    }

    fn read_to_end(&mut self) {
        for reader in self.readers.drain(..) {
            // A reader that broke has read what it could.
            let _ = reader.join();
        }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // It may have ended already; a drop can't say so.
        let _ = self.child.kill().and_then(|()| self.child.wait());
    }
}

/// Collects what a process writes, line by line, until it ends.
pub(crate) fn collect(stream: Option<impl Read + Send + 'static>, lines: &Lines) -> JoinHandle<()> {
    let lines = Arc::clone(lines);
    std::thread::spawn(move || {
        let Some(stream) = stream else { return };
        for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line).into_owned();
            lines.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        }
    })
}

//! A server that refuses to run as root, and that ends with the test binary even where no test stops it: a shell beside it
//! waits for the end of a pipe that only this process holds.

use std::io::{BufRead, BufReader, Error, ErrorKind, Read, Result};
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

use tempfile::TempDir;

/// How long a server may take until it is ready.
const START_TIMEOUT: Duration = Duration::from_secs(30);
/// `nobody`, and its group, everywhere that has Debian's numbers.
const NOBODY: u32 = 65_534;

/// Runs the command behind the first two arguments until this script's input ends, and sends it the signal that is the
/// first one; then removes the directory that is the second one, if it is one.
const BESIDE: &str = r#"
signal=$1
directory=$2
shift 2
trap : INT
"$@" &
read -r _
kill -"$signal" $!
wait
[ -z "$directory" ] || rm -rf -- "$directory"
"#;

/// A directory that belongs to the user whom the server runs as.
///
/// # Errors
///
/// Where none can be made.
pub fn directory() -> Result<TempDir> {
    let directory = TempDir::new()?;
    give(directory.path())?;
    Ok(directory)
}

/// Lets the user whom the server runs as have `path`.
///
/// # Errors
///
/// Where the system refuses.
pub fn give(path: &Path) -> Result<()> {
    if is_root() { chown(path, Some(NOBODY), Some(NOBODY)) } else { Ok(()) }
}

/// A command of the user whom the server runs as, in English.
#[must_use]
pub fn command(program: &Path, directory: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(directory).env("LC_ALL", "C");
    if is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    command
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// A running server, ended on drop.
pub struct Daemon {
    beside: Child,
    log: Arc<Mutex<String>>,
}

impl Daemon {
    /// Starts `arguments` in `directory`; returns once it writes a line with `ready` in it. `signal` ends it at once. Where
    /// it `is_left`, it is never dropped: then the directory goes away with it.
    ///
    /// # Errors
    ///
    /// Where it ends or takes too long instead: with all that it said.
    pub fn start(
        directory: &Path,
        arguments: &[PathBuf],
        ready: &'static str,
        signal: &str,
        is_left: bool,
    ) -> Result<Self> {
        let mut shell = command(Path::new("/bin/sh"), directory);
        shell.args(["-c", BESIDE, "beside", signal]);
        shell.arg(if is_left { directory } else { Path::new("") }).args(arguments);
        shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut beside = shell.spawn()?;
        let log = Arc::new(Mutex::new(String::new()));
        let output = beside.stderr.take().ok_or(ErrorKind::BrokenPipe)?;
        let is_ready = watch(output, Arc::clone(&log), ready);
        let daemon = Self { beside, log };
        match is_ready.recv_timeout(START_TIMEOUT) {
            Ok(true) => Ok(daemon),
            Ok(false) | Err(_) => Err(Error::other(format!("not ready: {}", daemon.log()))),
        }
    }

    /// All that it has said so far.
    #[must_use]
    pub fn log(&self) -> String {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Ends it at once, and returns when it is gone.
    ///
    /// # Errors
    ///
    /// Where the system refuses.
    pub fn stop(&mut self) -> Result<()> {
        drop(self.beside.stdin.take());
        self.beside.wait().map(drop)
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // It may be gone already; a drop can't say so.
        let _ = self.stop();
    }
}

/// Keeps what a server writes, and says once whether it is ready: not where it ends or finds its port taken.
fn watch(
    output: impl Read + Send + 'static,
    log: Arc<Mutex<String>>,
    ready: &'static str,
) -> mpsc::Receiver<bool> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
            log.push_str(&line);
            log.push('\n');
            drop(log);
            // No receiver is left once it has got its answer, here and below.
            if line.contains(ready) {
                let _ = sender.send(true);
            } else if line.contains("FATAL") {
                let _ = sender.send(false);
            }
        }
        let _ = sender.send(false);
    });
    receiver
}

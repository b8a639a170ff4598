//! A real Redis of a test's own: on a free port, in a directory of its own, without persistence, gone with the test.

use std::io::{BufRead, BufReader, Error, ErrorKind, Result};
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::certificates::{Authority, Certified};

/// How long a server may take until it accepts connections.
const START_TIMEOUT: Duration = Duration::from_secs(10);
/// The way of the test's own to a server that is encrypted.
const SOCKET: &str = "socket";

/// A running `redis-server`, killed on drop.
pub struct RedisServer {
    child: Child,
    directory: TempDir,
    options: Vec<String>,
    port: u16,
    is_encrypted: bool,
}

impl RedisServer {
    /// Starts a server, and returns once it accepts connections.
    ///
    /// # Errors
    ///
    /// Where `redis-server` is not installed, or doesn't start within ten seconds.
    pub fn start() -> Result<Self> {
        Self::start_with(&[])
    }

    /// As [`start`](Self::start), with more `options` of its command line.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start).
    pub fn start_with(options: &[&str]) -> Result<Self> {
        let options = options.iter().map(|&option| option.into()).collect();
        Self::start_in(TempDir::new()?, options, false)
    }

    /// A server that speaks nothing but TLS, with this certificate, and asks clients for one of `authority`'s where
    /// `asks_clients`.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start).
    pub fn start_encrypted(
        certified: &Certified,
        authority: &Authority,
        asks_clients: bool,
    ) -> Result<Self> {
        let directory = TempDir::new()?;
        let path = |name: &str| directory.path().join(name).display().to_string();
        std::fs::write(path("certificate.pem"), &certified.certificate)?;
        std::fs::write(path("key.pem"), &certified.key)?;
        let options = [
            ("--port", "0".to_owned()),
            ("--tls-port", "{port}".to_owned()),
            ("--tls-cert-file", path("certificate.pem")),
            ("--tls-key-file", path("key.pem")),
            ("--tls-ca-cert-file", authority.file()?.display().to_string()),
            ("--tls-auth-clients", if asks_clients { "yes" } else { "no" }.to_owned()),
            ("--unixsocket", path(SOCKET)),
        ];
        let options =
            options.into_iter().flat_map(|(name, value)| [name.to_owned(), value]).collect();
        Self::start_in(directory, options, true)
    }

    fn start_in(directory: TempDir, options: Vec<String>, is_encrypted: bool) -> Result<Self> {
        let mut last = Error::from(ErrorKind::AddrInUse);
        // Another process may take the free port before the server does.
        for _ in 0..5 {
            let port = free_port()?;
            match launch(port, &directory, &options) {
                Ok(child) => {
                    return Ok(Self { child, directory, options, port, is_encrypted });
                }
                Err(error) if error.kind() == ErrorKind::NotFound => return Err(error),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// Where it listens, on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its URL, database 0.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = if self.is_encrypted { "rediss" } else { "redis" };
        format!("{scheme}://127.0.0.1:{}", self.port)
    }

    /// A connection of the test's own, to look behind the store's back.
    ///
    /// # Errors
    ///
    /// Where the server can't be reached.
    pub fn connection(&self) -> redis::RedisResult<redis::Connection> {
        let socket = self.directory.path().join(SOCKET);
        let url = if self.is_encrypted {
            format!("redis+unix://{}", socket.display())
        } else {
            self.url()
        };
        redis::Client::open(url)?.get_connection()
    }

    /// What it says of `section` of itself, as `INFO` does.
    ///
    /// # Errors
    ///
    /// Where the server can't be reached.
    pub fn info(&self, section: &str) -> redis::RedisResult<String> {
        redis::cmd("INFO").arg(section).query(&mut self.connection()?)
    }

    /// The process's number.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Runs a command of whose answer nothing is needed.
    ///
    /// # Errors
    ///
    /// Where the server can't be reached or refuses it.
    pub fn run(&self, words: &[&str]) -> redis::RedisResult<()> {
        let mut command = redis::Cmd::new();
        command.arg(words);
        command.exec(&mut self.connection()?)
    }

    /// The keys that have no time to live, and how many there are of all.
    ///
    /// # Errors
    ///
    /// Where the server can't be reached.
    pub fn endless_keys(&self) -> redis::RedisResult<(Vec<String>, u64)> {
        let script = "local endless = {}
            for _, key in ipairs(redis.call('KEYS', '*')) do
                if redis.call('PTTL', key) == -1 then endless[#endless + 1] = key end
            end
            return {endless, redis.call('DBSIZE')}";
        redis::cmd("EVAL").arg(script).arg(0).query(&mut self.connection()?)
    }

    /// Where it keeps its files.
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Sends it a signal.
    ///
    /// # Errors
    ///
    /// Where it has ended already.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        let id = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        Ok(kill_process(id.ok_or(ErrorKind::InvalidInput)?, signal)?)
    }

    /// Kills the server, with all that it held, and returns when it is gone.
    ///
    /// # Errors
    ///
    /// Where the system refuses.
    pub fn stop(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait().map(drop)
    }

    /// Starts it again after [`stop`](Self::stop): on the same port, empty.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start).
    pub fn restart(&mut self) -> Result<()> {
        self.child = launch(self.port, &self.directory, &self.options)?;
        Ok(())
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        // It may be stopped already; a drop can't say so.
        let _ = self.stop();
    }
}

/// A free port on 127.0.0.1, outside the range from which the system gives ports to outgoing connections (from 32,768
/// on): a connection could take the port before the server binds it.
///
/// # Errors
///
/// Where none of a hundred is free.
pub fn free_port() -> Result<u16> {
    let is_free = |port: &u16| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok();
    let ports = std::iter::repeat_with(|| fastrand::u16(10_240..32_768)).take(100);
    ports.into_iter().find(is_free).ok_or_else(|| ErrorKind::AddrInUse.into())
}

fn launch(port: u16, directory: &TempDir, options: &[String]) -> Result<Child> {
    let mut command = Command::new("redis-server");
    command
        .args([
            "--bind",
            "127.0.0.1",
            "--port",
            &port.to_string(),
            "--save",
            "",
            "--appendonly",
            "no",
            "--dir",
        ])
        .arg(directory.path())
        .args(options.iter().map(|option| option.replace("{port}", &port.to_string())));
    spawn(command, "Ready to accept connections")
}

/// Starts a server, and returns once it says that it is `ready`.
pub(crate) fn spawn(mut command: Command, ready: &'static str) -> Result<Child> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(explained)?;
    match child
        .stdout
        .take()
        .map_or(Err(ErrorKind::BrokenPipe.into()), |output| until_ready(output, ready))
    {
        Ok(()) => Ok(child),
        Err(error) => {
            child.kill()?;
            child.wait()?;
            Err(error)
        }
    }
}

fn explained(error: Error) -> Error {
    let advice =
        "redis-server can't be started: `cargo xtask test` installs it, or says what to install";
    Error::new(error.kind(), format!("{advice} ({error})"))
}

/// Waits for the line that says so, and goes on reading, lest the server wait for its reader.
fn until_ready(output: ChildStdout, text: &'static str) -> Result<()> {
    let (ready, is_ready) = mpsc::channel();
    std::thread::spawn(move || {
        let mut last = String::new();
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if line.contains(text) {
                // No receiver is left after a time-out, here and below.
                let _ = ready.send(Ok(()));
            }
            last = line;
        }
        let _ = ready.send(Err(Error::other(format!("redis-server ended: {last}"))));
    });
    let reason = "redis-server did not get ready to accept connections";
    is_ready.recv_timeout(START_TIMEOUT).map_err(|_| Error::new(ErrorKind::TimedOut, reason))?
}

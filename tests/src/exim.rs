//! A real mail server of a test's own, Exim: on free ports, in a directory of its own, gone with the test.
//!
//! Exim and not Postfix, since it needs no root: a copy of the program without its setuid bit does all in one process
//! tree under the user who runs it, if the system knows that user by name, and never sees the system's own configuration,
//! queue or users. As root it runs as `nobody`, since it delivers nothing as root.

mod configuration;

use std::fs;
use std::io::{Error, ErrorKind, Result};
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tempfile::TempDir;

use self::configuration::configuration;
use crate::redis::free_port;
use crate::wait::until;

/// How long a server may take until it accepts connections.
const START_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a mail that was taken may be on its way to the mailbox.
const DELIVERY_TIMEOUT: Duration = Duration::from_secs(10);
/// `nobody`, and its group, everywhere that has Debian's numbers.
const NOBODY: u32 = 65_534;

/// Who may sign in to every [`Exim`].
pub const USER: &str = "courier@example.test";
/// Their password.
pub const PASSWORD: &str = "correct horse battery staple";

/// What a server shows of itself.
pub struct Identity<'a> {
    /// Its certificate, and those that it hangs on, as PEM.
    pub certificates: &'a str,
    /// The certificate's key, as PEM.
    pub key: &'a str,
}

/// A running `exim4`, killed on drop.
///
/// It takes mail to these local parts as it takes any, but: `unknown` isn't known (550 5.1.1), `full` has a full
/// mailbox (552 5.2.2), `relay` isn't carried to (550 5.7.1), `grey` is put off once (450 4.2.0) and then taken,
/// `limited` is put off for ever (450 4.7.1). A sender `stranger` is refused (550 5.1.8), and a mail whose content says
/// `GTUBE` (554 5.7.1).
pub struct Exim {
    child: Child,
    directory: TempDir,
    ports: Ports,
}

#[derive(Clone, Copy)]
struct Ports {
    submission: u16,
    submissions: u16,
}

impl Exim {
    /// Starts a server, which offers encryption where it has an `identity`; returns once it accepts connections.
    ///
    /// # Errors
    ///
    /// Where Exim is not installed, or doesn't start within ten seconds.
    pub async fn start(identity: Option<Identity<'_>>) -> Result<Self> {
        let directory = TempDir::new()?;
        let path = directory.path();
        copy_program(path)?;
        for folder in ["spool", "mail"] {
            fs::create_dir(path.join(folder))?;
        }
        if let Some(identity) = &identity {
            fs::write(path.join("certificates.pem"), identity.certificates)?;
            fs::write(path.join("key.pem"), identity.key)?;
        }
        let mut last = Error::from(ErrorKind::AddrInUse);
        // Another process may take a free port before the server does.
        for _ in 0..5 {
            let ports = Ports { submission: free_port()?, submissions: free_port()? };
            let text = configuration(path, ports, identity.is_some());
            fs::write(path.join("exim.conf"), text)?;
            hand_over(path)?;
            match launch(path).await {
                Ok(child) => return Ok(Self { child, directory, ports }),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// Where it begins in plain text, on 127.0.0.1.
    #[must_use]
    pub fn submission_port(&self) -> u16 {
        self.ports.submission
    }

    /// Where it encrypts from the first byte, on 127.0.0.1.
    #[must_use]
    pub fn submissions_port(&self) -> u16 {
        self.ports.submissions
    }

    /// All that it has written to its log so far: connections, sign-ins tried, mails.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(self.directory.path().join("mainlog")).unwrap_or_default()
    }

    /// How many lines of its log hold `text`.
    #[must_use]
    pub fn count(&self, text: &str) -> usize {
        self.log().lines().filter(|line| line.contains(text)).count()
    }

    /// The mails that were delivered, the oldest first, once there are `count` of them.
    ///
    /// # Errors
    ///
    /// Where there are not, in time.
    pub async fn mails(&self, count: usize) -> Result<Vec<PathBuf>> {
        let delivered = until(DELIVERY_TIMEOUT, || {
            let mails = self.delivered();
            (mails.len() >= count).then_some(mails)
        });
        delivered.await.ok_or_else(|| Error::new(ErrorKind::TimedOut, self.log()))
    }

    /// The mails that are delivered or still on their way: none where nothing was ever taken.
    #[must_use]
    pub fn is_untouched(&self) -> bool {
        let queued = fs::read_dir(self.directory.path().join("spool/input"));
        self.delivered().is_empty() && queued.map_or(true, |mut folder| folder.next().is_none())
    }

    fn delivered(&self) -> Vec<PathBuf> {
        let folder = fs::read_dir(self.directory.path().join("mail/new"));
        let entries = folder.into_iter().flatten().filter_map(Result::ok);
        let mut mails: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        mails.sort();
        mails
    }

    /// Kills the server and its connections, and returns when the server is gone.
    ///
    /// # Errors
    ///
    /// Where the system refuses.
    pub fn stop(&mut self) -> Result<()> {
        end(&mut self.child)
    }

    /// Starts it again after [`stop`](Self::stop): on the same ports, with the mails that it had.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start).
    pub async fn restart(&mut self) -> Result<()> {
        self.child = launch(self.directory.path()).await?;
        Ok(())
    }
}

impl Drop for Exim {
    fn drop(&mut self) {
        // It may be stopped already; a drop can't say so.
        let _ = self.stop();
    }
}

/// A connection is served by a process of its own, in the group of the first.
fn end(child: &mut Child) -> Result<()> {
    if child.try_wait()?.is_some() {
        return Ok(());
    }
    if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        kill_process_group(group, Signal::KILL)?;
    }
    child.wait().map(drop)
}

/// Copies the program, without its setuid bit. Another process does: of a file that this one has had open for writing, a
/// child that another test forks meanwhile may keep it busy.
fn copy_program(path: &Path) -> Result<()> {
    // Where Debian has it, which is not on every user's path.
    let program = Path::new("/usr/sbin/exim4");
    if !program.is_file() {
        let advice = "no exim4: `cargo xtask test` installs it, or says what to install";
        return Err(Error::new(ErrorKind::NotFound, advice));
    }
    let copied = Command::new("install").args(["-m", "755"]).arg(program).arg(path).status()?;
    if copied.success() { Ok(()) } else { Err(Error::other("exim4 can't be copied")) }
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Lets the user that the server runs as have its directory.
fn hand_over(path: &Path) -> Result<()> {
    if !is_root() {
        return Ok(());
    }
    for entry in fs::read_dir(path)? {
        chown(entry?.path(), Some(NOBODY), Some(NOBODY))?;
    }
    chown(path, Some(NOBODY), Some(NOBODY))
}

async fn launch(path: &Path) -> Result<Child> {
    let mut command = Command::new(path.join("exim4"));
    command.arg("-C").arg(path.join("exim.conf")).arg("-bdf").current_dir(path).process_group(0);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    if is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    let log = || fs::read_to_string(path.join("mainlog")).unwrap_or_default();
    let before = log().len();
    let mut child = command.spawn()?;
    // Asking by connecting would stand in its log as well.
    let ready = until(START_TIMEOUT, || match child.try_wait() {
        Ok(None) => {
            let log = log();
            let news = log.get(before..).unwrap_or_default();
            let has_failed = news.contains("Address already in use");
            (has_failed || news.contains("daemon started")).then_some(!has_failed)
        }
        _ => Some(false),
    });
    if ready.await == Some(true) {
        return Ok(child);
    }
    end(&mut child)?;
    Err(Error::other(format!("exim did not start: {}", log())))
}

//! One connection for questions, each with a deadline.

use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{Cmd, ConnectionAddr, Pipeline, Value};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use super::super::address::Access;
use super::super::stream;
use super::super::trouble::Trouble;
use crate::findings::{Check, Findings};
use crate::stores::clock;

/// How long a server may take to accept a connection.
const CONNECT_LIMIT: Duration = Duration::from_secs(2);
/// How long it may take over the handshake.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(2);
/// How long it may take to log us in, the handshake included.
const LOGIN_LIMIT: Duration = Duration::from_secs(3);
/// How long one answer may take.
const ANSWER_LIMIT: Duration = Duration::from_secs(2);

/// The server gave no answer, or the connection ended. It stands among the findings.
pub(super) struct Silent;

/// A connection that has logged in.
pub(super) struct Line {
    connection: MultiplexedConnection,
    /// Ends with this line.
    _driver: JoinSet<()>,
}

impl Line {
    /// Connects, encrypts and logs in, and tells of each.
    pub(super) async fn open(
        server: &ConnectionAddr,
        access: &Access,
        findings: &mut Findings,
    ) -> Result<Self, Silent> {
        reach(server, findings).await?;
        let encryption = access.encryption.as_ref().map(|encryption| encryption.anew());
        let opened = stream::open(server, encryption.as_ref(), HANDSHAKE_LIMIT);
        let opened = timeout(LOGIN_LIMIT, opened).await.unwrap_or_else(|_| Err(no_answer()));
        let stream = match opened {
            Ok(stream) => stream,
            Err(trouble) if encryption.is_some() => {
                findings.failed(Check::StoreTls, format!("{server}: {trouble}"), TLS_MEND);
                return Err(Silent);
            }
            Err(trouble) => return Err(unreachable(server, &trouble, findings)),
        };
        match encryption.as_ref().and_then(|encryption| encryption.secured()) {
            Some(secured) => secured.tell(Check::StoreTls, clock::unix()() / 1_000, findings),
            None if leaves_machine(server) => findings.warning(
                Check::StoreTls,
                "plain text to another machine: passwords and records can be read on the way",
                "have the server offer TLS, and write rediss:// in store.url",
            ),
            None => findings.ok(Check::StoreTls, "plain text, and on this machine"),
        }
        let access = Access { encryption, ..access.clone() };
        let login = timeout(LOGIN_LIMIT, stream::log_in(stream, &access, 64)).await;
        let (connection, driver) = match login.unwrap_or_else(|_| Err(no_answer())) {
            Ok(made) => made,
            Err(Trouble::Denied(code)) => {
                let mend = "correct user, password and database in store.url";
                findings.failed(Check::StoreLogin, format!("{server}: refused ({code})"), mend);
                return Err(Silent);
            }
            Err(trouble) => return Err(unreachable(server, &trouble, findings)),
        };
        let mut driving = JoinSet::new();
        driving.spawn(driver);
        let mut line = Self { connection, _driver: driving };
        line.greet(server, findings).await?;
        Ok(line)
    }

    /// Says whether we are let in: a server that wants a password answers nothing else.
    async fn greet(
        &mut self,
        server: &ConnectionAddr,
        findings: &mut Findings,
    ) -> Result<(), Silent> {
        let answer = self.ask(&["PING"]).await.map_err(|_| frozen(server, findings))?;
        match code(&answer) {
            Some("NOAUTH") => {
                let mend = "write user and password into store.url: redis://user:password@host";
                findings.failed(Check::StoreLogin, "the server wants a password", mend);
                Err(Silent)
            }
            Some(code @ ("LOADING" | "MASTERDOWN" | "BUSY")) => {
                findings.forget(Check::StoreReachable);
                let found = format!("{server}: answers {code}");
                let mend = "wait until the server has loaded its data, or look into its log";
                findings.failed(Check::StoreReachable, found, mend);
                Err(Silent)
            }
            _ => {
                findings.ok(Check::StoreLogin, "logged in");
                Ok(())
            }
        }
    }

    /// Asks one question.
    pub(super) async fn ask(&mut self, words: &[&str]) -> Result<Value, Silent> {
        let mut command = Cmd::new();
        command.arg(words);
        let answer = timeout(ANSWER_LIMIT, self.connection.send_packed_command(&command)).await;
        answer.map_err(|_| Silent)?.map_err(|_| Silent)
    }

    /// Asks several at once.
    pub(super) async fn ask_all(&mut self, commands: &Pipeline) -> Result<Vec<Value>, Silent> {
        let sent = self.connection.send_packed_commands(commands, 0, commands.len());
        timeout(ANSWER_LIMIT, sent).await.map_err(|_| Silent)?.map_err(|_| Silent)
    }
}

/// Tells of a server that answers nothing.
pub(super) fn frozen(server: &ConnectionAddr, findings: &mut Findings) -> Silent {
    findings.forget(Check::StoreReachable);
    let found = format!(
        "{server}: takes connections and gives no answer in time: it is frozen, overloaded, or no Redis"
    );
    let mend = "look whether the server's process runs, and at its load; wait or restart it";
    findings.failed(Check::StoreReachable, found, mend);
    Silent
}

const TLS_MEND: &str = "look at the server's certificate and port, and at store.tls: ca_file, server_name and the client's \
                        certificate; redis:// for a server without TLS";

/// The code of an error that the server answered with.
pub(super) fn code(answer: &Value) -> Option<&str> {
    match answer {
        Value::ServerError(error) => Some(error.code()),
        _ => None,
    }
}

/// Connects and hangs up.
async fn reach(server: &ConnectionAddr, findings: &mut Findings) -> Result<(), Silent> {
    let ConnectionAddr::Tcp(host, port) = server else {
        findings.ok(Check::StoreReachable, server.to_string());
        return Ok(());
    };
    let began = Instant::now();
    let connecting = TcpStream::connect((host.as_str(), *port));
    match timeout(CONNECT_LIMIT, connecting).await {
        Ok(Ok(_)) => {
            let took = began.elapsed().as_millis();
            findings.ok(Check::StoreReachable, format!("{server}: connected in {took} ms"));
            Ok(())
        }
        Ok(Err(error)) => Err(unreachable(server, &Trouble::unreachable(&error), findings)),
        Err(_) => Err(unreachable(server, &no_answer(), findings)),
    }
}

/// Whether the way to `server` leaves this machine.
fn leaves_machine(server: &ConnectionAddr) -> bool {
    match server {
        ConnectionAddr::Tcp(host, _) | ConnectionAddr::TcpTls { host, .. } => {
            let address: Result<std::net::IpAddr, _> = host.parse();
            address.map_or_else(
                |_| !host.eq_ignore_ascii_case("localhost"),
                |address| !address.to_canonical().is_loopback(),
            )
        }
        _ => false,
    }
}

fn no_answer() -> Trouble {
    Trouble::Unreachable("no answer in time".to_owned())
}

fn unreachable(server: &ConnectionAddr, trouble: &Trouble, findings: &mut Findings) -> Silent {
    if *trouble == no_answer()
        && findings.all().iter().any(|found| found.check == Check::StoreReachable)
    {
        return frozen(server, findings);
    }
    findings.forget(Check::StoreReachable);
    let mend = "start the server, or correct host and port in store.url, and rediss:// where it expects TLS; look at firewalls \
                between here and there";
    findings.failed(Check::StoreReachable, format!("{server}: {trouble}"), mend);
    Silent
}

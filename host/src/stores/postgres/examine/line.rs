//! One connection for questions, each with a deadline.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tokio_postgres::Row;
use tokio_postgres::types::{ToSql, Type};

use super::super::address::Address;
use super::super::hosts::{Host, Place};
use super::super::server::{Server, Session};
use super::super::tls::Tls;
use super::super::trouble::Trouble;
use crate::findings::{Check, Findings};
use crate::stores::clock;

/// How long one host may take to accept a connection.
const CONNECT_LIMIT: Duration = Duration::from_secs(2);
/// How long logging in may take.
const LOGIN_LIMIT: Duration = Duration::from_secs(4);
/// How long one answer may take.
const ANSWER_LIMIT: Duration = Duration::from_secs(2);

/// The server gave no answer. It stands among the findings.
pub(super) struct Silent;

/// A connection that has logged in.
pub(super) struct Line(Session);

impl Line {
    /// Connects, encrypts and logs in, and tells of each. A server that takes no writes will do.
    pub(super) async fn open(
        address: Address,
        tls: Option<Tls>,
        findings: &mut Findings,
    ) -> Result<Self, Silent> {
        let took = reach(&address, findings).await?;
        let is_local = address.hosts.all().iter().all(Host::is_on_this_machine);
        let shown = address.shown.clone();
        let tls = tls.map(|Tls(encryption)| Tls(encryption.anew()));
        let connected = connect(Server::new(address, tls.clone())).await;
        let secured = tls.as_ref().and_then(|Tls(encryption)| encryption.secured());
        match &secured {
            Some(secured) => secured.tell(Check::StoreTls, clock::unix()() / 1_000, findings),
            None if tls.is_some() => {}
            None if is_local => findings.ok(Check::StoreTls, "plain text, and on this machine"),
            None => findings.warning(
                Check::StoreTls,
                "plain text to another machine: passwords and records can be read on the way",
                "have the server offer TLS, and leave `sslmode=disable` out of store.url",
            ),
        }
        let reached = format!("{shown}: connected in {took} ms");
        match connected {
            Ok(session) => {
                findings.ok(Check::StoreReachable, reached);
                findings.ok(Check::StoreLogin, "logged in");
                Ok(Self(session))
            }
            Err(Trouble::Denied(text)) => {
                findings.ok(Check::StoreReachable, reached);
                let mend =
                    "correct user, password and database in store.url, or the server's pg_hba.conf";
                findings.failed(Check::StoreLogin, text, mend);
                Err(Silent)
            }
            Err(Trouble::Crowded(text)) => {
                findings.ok(Check::StoreReachable, reached);
                let mend = "raise the server's max_connections, or lower store.max_connections";
                findings.failed(Check::StoreCapacity, text, mend);
                Err(Silent)
            }
            Err(trouble) if tls.is_some() && secured.is_none() && !is_late(&trouble) => {
                findings.ok(Check::StoreReachable, reached);
                findings.failed(Check::StoreTls, format!("{shown}: {trouble}"), TLS_MEND);
                Err(Silent)
            }
            Err(trouble) => {
                let found = format!("{shown}: takes connections, and then: {trouble}");
                findings.failed(Check::StoreReachable, found, FROZEN_MEND);
                Err(Silent)
            }
        }
    }

    /// Runs one statement, and returns its only row.
    pub(super) async fn ask(
        &self,
        statement: &str,
        arguments: &[(&(dyn ToSql + Sync), Type)],
    ) -> Result<Result<Row, Trouble>, Silent> {
        let answer = timeout(ANSWER_LIMIT, self.0.ask(statement, arguments)).await;
        let rows = match answer.map_err(|_| Silent)? {
            Ok(rows) => rows,
            Err(error) => return Ok(Err(Trouble::of(&error))),
        };
        let unexpected = || Trouble::Unreachable("unexpected answer".to_owned());
        Ok(rows.into_iter().next().ok_or_else(unexpected))
    }
}

const TLS_MEND: &str = "look at the server's certificate and `ssl`, and at store.tls: ca_file, server_name and the client's \
                        certificate; `sslmode=disable` for a server without TLS on a trusted network";
pub(super) const FROZEN_MEND: &str =
    "look whether the server's process runs, and into its log; wait or restart it";

/// Logs in where writes are taken, or else where they aren't.
async fn connect(server: Server) -> Result<Session, Trouble> {
    match server.connect(LOGIN_LIMIT).await {
        Err(trouble) if matches!(trouble, Trouble::Unreachable(_)) && !is_late(&trouble) => {
            server.of_any_kind().connect(LOGIN_LIMIT).await
        }
        connected => connected,
    }
}

fn is_late(trouble: &Trouble) -> bool {
    *trouble == Trouble::no_answer()
}

/// Connects to each host and hangs up: one that answers is enough. Returns how many milliseconds the quickest took.
async fn reach(address: &Address, findings: &mut Findings) -> Result<u128, Silent> {
    let mut hosts: Vec<(String, u16)> = Vec::new();
    for host in address.hosts.all() {
        match host.at() {
            Place::Address(address, _) => hosts.push((address.to_string(), host.port)),
            Place::Named(name) => hosts.push((name.clone(), host.port)),
            #[cfg(unix)]
            Place::Socket(_) => return Ok(0),
        }
    }
    let tries = hosts.iter().map(|(host, port)| async move {
        let began = Instant::now();
        let connecting = TcpStream::connect((host.as_str(), *port));
        match timeout(CONNECT_LIMIT, connecting).await {
            Ok(Ok(_)) => Ok(began.elapsed().as_millis()),
            Ok(Err(error)) => Err(format!("{host}:{port}: {error}")),
            Err(_) => Err(format!("{host}:{port}: no answer in time")),
        }
    });
    let tried = join_all(tries).await;
    let quickest = tried.iter().filter_map(|tried| tried.as_ref().ok()).min().copied();
    let failed: Vec<String> = tried.into_iter().filter_map(Result::err).collect();
    let mend = "start the server, or correct host and port in store.url; look at firewalls between here and there";
    match quickest {
        None => {
            findings.failed(Check::StoreReachable, failed.join("; "), mend);
            Err(Silent)
        }
        Some(took) => {
            if !failed.is_empty() {
                findings.warning(Check::StoreReachable, failed.join("; "), mend);
            }
            Ok(took)
        }
    }
}

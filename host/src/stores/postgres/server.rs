//! Making connections, and ending what runs on one.

use std::net::IpAddr;
use std::time::Duration;

use tokio::net::lookup_host;
use tokio::time::{Instant, timeout};
use tokio_postgres::tls::NoTls;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Config, Row};

use super::address::Address;
use super::hosts::{Host, Place};
use super::tls::Tls;
use super::trouble::Trouble;

/// How long one try to connect may take, all hosts together.
pub(super) const TRY_TIMEOUT: Duration = Duration::from_secs(10);
/// How much of it one address of a host may take, from connecting to it to its answer that we are logged in …
const ADDRESS_TIMEOUT: Duration = Duration::from_secs(2);
/// … and where there is no other to try after it.
const ONLY_TIMEOUT: Duration = Duration::from_secs(3);
/// How long an attempt to end a statement may take.
const CANCEL_TIMEOUT: Duration = Duration::from_secs(1);

/// The server, or the servers of which one takes writes.
pub(super) struct Server {
    address: Address,
    /// Set where the way there is encrypted.
    tls: Option<Tls>,
}

impl Server {
    pub(super) const fn new(address: Address, tls: Option<Tls>) -> Self {
        Self { address, tls }
    }

    /// The same, which is content with a server that takes no writes.
    pub(super) fn of_any_kind(mut self) -> Self {
        self.address.hosts.of_any_kind();
        self
    }

    /// Its hosts and ports, as the log has them.
    pub(super) fn shown(&self) -> &str {
        &self.address.shown
    }

    /// Tries each host once, until one takes writes: first the one that was used last. All of them have a share of
    /// `patience`, so that one that accepts us and then says nothing doesn't hide the others.
    ///
    /// # Errors
    /// What each of them said, in the order of the address.
    pub(super) async fn connect(&self, patience: Duration) -> Result<Session, Trouble> {
        let deadline = Instant::now() + patience.min(TRY_TIMEOUT);
        let hosts = self.address.hosts.all();
        let order = self.address.hosts.order();
        let mut troubles: Vec<(usize, Trouble)> = Vec::new();
        for (tried, index) in order.into_iter().enumerate() {
            let Some(host) = hosts.get(index) else { continue };
            let others = hosts.len().saturating_sub(tried + 1);
            match self.connect_to(index, host, others, deadline).await {
                Ok(session) => return Ok(session),
                Err(trouble) => troubles.push((index, trouble)),
            }
        }
        troubles.sort_by_key(|(index, _)| *index);
        let named = |(index, trouble): (usize, Trouble)| (hosts.get(index), trouble);
        Err(Trouble::of_hosts(troubles.into_iter().map(named).collect()))
    }

    /// Tries each address of a host, with so many `others` after it.
    async fn connect_to(
        &self,
        index: usize,
        host: &Host,
        others: usize,
        deadline: Instant,
    ) -> Result<Session, Trouble> {
        let addresses = match host.at() {
            Place::Named(name) => {
                let found = timeout(share(deadline, others + 1), lookup_host((&**name, host.port)));
                let found = found.await.map_err(|_| Trouble::no_answer())?;
                let found = found.map_err(|error| Trouble::Unreachable(error.to_string()))?;
                let mut found: Vec<IpAddr> = found.map(|found| found.ip()).collect();
                self.address.hosts.sort(index, &mut found);
                found.into_iter().map(Some).collect()
            }
            Place::Address(address, _) => vec![Some(*address)],
            #[cfg(unix)]
            Place::Socket(_) => vec![None],
        };
        let mut last = Trouble::Unreachable("the name has no address".into());
        let count = addresses.len();
        for (tried, address) in addresses.into_iter().enumerate() {
            let limit = share(deadline, count - tried + others);
            match timeout(limit, self.log_in(&host.config(address))).await {
                Ok(Ok(client)) => {
                    self.address.hosts.used(index, address);
                    let now = Instant::now();
                    return Ok(Session { client, opened: now, used: now, round: 0 });
                }
                Ok(Err(error)) => last = Trouble::of(&error),
                Err(_) => last = Trouble::no_answer(),
            }
        }
        Err(last)
    }

    async fn log_in(&self, config: &Config) -> Result<Client, tokio_postgres::Error> {
        // What reads and writes ends with the client, or with the connection. How it ended is told by the batches.
        match &self.tls {
            None => {
                let (client, connection) = config.connect(NoTls).await?;
                tokio::spawn(async move { drop(connection.await) });
                Ok(client)
            }
            Some(tls) => {
                let (client, connection) = config.connect(tls.clone()).await?;
                tokio::spawn(async move { drop(connection.await) });
                Ok(client)
            }
        }
    }

    /// Asks the server to end what runs on `session`, and then hangs up.
    pub(super) async fn cancel(&self, session: Session) {
        let token = session.client.cancel_token();
        // It may have ended by itself, and a server that can't be reached can't be asked.
        let _ = match &self.tls {
            None => timeout(CANCEL_TIMEOUT, token.cancel_query(NoTls)).await,
            Some(tls) => timeout(CANCEL_TIMEOUT, token.cancel_query(tls.clone())).await,
        };
    }
}

/// How long the next of so many addresses may take.
fn share(deadline: Instant, of: usize) -> Duration {
    let left = deadline.saturating_duration_since(Instant::now());
    if of <= 1 {
        return left.min(ONLY_TIMEOUT);
    }
    (left / u32::try_from(of).unwrap_or(u32::MAX)).min(ADDRESS_TIMEOUT)
}

/// One connection, on which one statement runs at a time.
pub(super) struct Session {
    pub(super) client: Client,
    /// When it was made.
    pub(super) opened: Instant,
    /// When it was last given back.
    pub(super) used: Instant,
    /// Which round of connections it belongs to.
    pub(super) round: u64,
}

impl Session {
    /// The same, of that round.
    pub(super) fn of_round(self, round: u64) -> Self {
        Self { round, ..self }
    }

    /// Runs one statement, in one round trip. It leaves nothing behind on the server, so that a pooler may give the next one to
    /// another connection.
    pub(super) async fn ask(
        &self,
        statement: &str,
        arguments: &[(&(dyn ToSql + Sync), Type)],
    ) -> Result<Vec<Row>, tokio_postgres::Error> {
        self.client.query_typed(statement, arguments).await
    }
}

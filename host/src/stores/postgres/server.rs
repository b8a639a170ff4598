//! Making connections, and ending what runs on one.

use std::time::Duration;

use tokio::time::{Instant, timeout};
use tokio_postgres::tls::NoTls;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Row};

use super::address::Address;
use super::tls::Tls;
use super::trouble::Trouble;

/// How long one try to connect may take, all hosts together.
const TRY_TIMEOUT: Duration = Duration::from_secs(10);
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

    /// Its hosts and ports, as the log has them.
    pub(super) fn shown(&self) -> &str {
        &self.address.shown
    }

    /// Tries each host once, until one takes writes.
    pub(super) async fn connect(&self) -> Result<Session, Trouble> {
        match timeout(TRY_TIMEOUT, self.connect_now()).await {
            Ok(Ok(client)) => {
                let now = Instant::now();
                Ok(Session { client, opened: now, used: now, round: 0 })
            }
            Ok(Err(error)) => Err(Trouble::of(&error)),
            Err(_) => Err(Trouble::no_answer()),
        }
    }

    async fn connect_now(&self) -> Result<Client, tokio_postgres::Error> {
        let config = &self.address.config;
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

//! Making one connection: how long that may take, who logs in, and what is asked before it is used.

use std::sync::Arc;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{Cmd, ConnectionAddr, Value};
use tokio::time::timeout;

use super::address::Access;
use super::lineage::Lineage;
use super::sentinel::Sentinels;
use super::stream::{self, Driver};
use super::trouble::Trouble;
use crate::stores::clock::Clock;
use crate::stores::generation::Watch;
use crate::stores::skew::SkewWatch;

/// How long one try may take. One that falls into a cut of the network learns nothing of its end: the next one does.
const TRY_TIMEOUT: Duration = Duration::from_secs(2);
/// How much of it the TLS handshake may take.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_millis(1_800);

/// What a connection is for besides batches.
#[derive(Clone)]
pub(super) struct Purpose {
    /// Told of the server's generation; without one it isn't asked for.
    pub(super) generation: Option<Arc<Watch>>,
    /// Told how far the server's clock is from `clock`.
    pub(super) skew: Arc<SkewWatch>,
    pub(super) clock: Clock,
    /// A key that means nothing: written to prove that the server takes writes. Without one it only has to answer.
    pub(super) scratch: Option<String>,
}

/// A new connection.
pub(super) struct Connected {
    pub(super) connection: MultiplexedConnection,
    pub(super) driver: Driver,
    pub(super) lineage: Arc<Lineage>,
}

/// How the server is found.
pub(super) enum Whereabouts {
    At(ConnectionAddr),
    Sentinels(Sentinels),
}

/// The server, and what a connection to it is for.
pub(super) struct Server {
    whereabouts: Whereabouts,
    access: Access,
    max_in_flight: usize,
    pub(super) purpose: Purpose,
    /// Its address as an operator knows it, without anything else of its URL.
    pub(super) name: String,
}

impl Server {
    pub(super) fn new(
        whereabouts: Whereabouts,
        access: Access,
        max_in_flight: usize,
        purpose: Purpose,
    ) -> Self {
        let name = match &whereabouts {
            Whereabouts::At(server) => server.to_string(),
            Whereabouts::Sentinels(sentinels) => format!("master {}", sentinels.master),
        };
        Self { whereabouts, access, max_in_flight, purpose, name }
    }

    /// Tries once.
    pub(super) async fn connect(&self) -> Result<Connected, Trouble> {
        let server = match &self.whereabouts {
            Whereabouts::At(server) => server.clone(),
            Whereabouts::Sentinels(sentinels) => sentinels.locate().await?,
        };
        let connected = match timeout(TRY_TIMEOUT, self.connect_to(&server)).await {
            Ok(result) => result,
            Err(_) => Err(Trouble::Unreachable("no answer in time".into())),
        };
        match &self.whereabouts {
            Whereabouts::At(_) => connected,
            Whereabouts::Sentinels(sentinels) => connected.map_err(|trouble| {
                sentinels.turn();
                trouble.of(&server.to_string())
            }),
        }
    }

    async fn connect_to(&self, server: &ConnectionAddr) -> Result<Connected, Trouble> {
        let stream =
            stream::open(server, self.access.encryption.as_ref(), HANDSHAKE_TIMEOUT).await?;
        let (mut connection, mut driver) =
            stream::log_in(stream, &self.access, self.max_in_flight).await?;
        let ended = || Trouble::Unreachable("the connection ended".into());
        tokio::select! {
            proved = self.prove(connection.clone()) => proved?,
            () = &mut driver => return Err(ended()),
        }
        let lineage = match &self.purpose.generation {
            None => Lineage::trusted(),
            Some(watch) => tokio::select! {
                lineage = Lineage::learn(&mut connection, Arc::clone(watch)) => lineage?,
                () = &mut driver => return Err(ended()),
            },
        };
        Ok(Connected { connection, driver, lineage: Arc::new(lineage) })
    }

    /// Makes sure that the server takes writes, and keys of all kinds in one command: a read-only
    /// replica, a server that wants a password, or a node of a Redis Cluster answers until then as
    /// if all were well.
    async fn prove(&self, mut connection: MultiplexedConnection) -> Result<(), Trouble> {
        let commands = match &self.purpose.scratch {
            None => {
                let mut ping = Cmd::new();
                ping.arg("PING");
                vec![ping]
            }
            Some(scratch) => {
                // Keys without a tag lie in slots of their own: a cluster refuses them together.
                let mut both = Cmd::new();
                both.arg("EXISTS").arg(scratch).arg(format!("{scratch}-beside"));
                let mut set = Cmd::new();
                set.arg("SET").arg(scratch).arg(0).arg("PX").arg(60_000);
                vec![both, set]
            }
        };
        for command in commands {
            if let Value::ServerError(error) = connection.send_packed_command(&command).await? {
                return Err(Trouble::from_server(&error));
            }
        }
        Ok(())
    }
}

//! The connection: one at a time, made again by a task of its own whenever it ends.
//!
//! While the first new try is under way callers wait, within their deadline; once it has failed they are told at
//! once, until a later try succeeds.
//!
//! redis's `ConnectionManager` connects again only when a command fails on it, so that each lost connection costs a caller
//! its answer; and a new connection takes commands before anyone has asked which server and generation it leads to.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use countersign_contract::types::StoreError;
use redis::aio::MultiplexedConnection;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, sleep, timeout_at};

use super::connect::{Connected, Purpose, Server};
use super::eviction::{self, EvictionWatch};
use super::lineage::Lineage;
use super::time;
use super::trouble::Trouble;
use crate::stores::backoff::Backoff;
use crate::stores::error::OpenError;

/// Tries to connect at start-up.
pub(super) const TRIES: u32 = 10;
/// How long the first of them waits after a failed one, and the last.
pub(super) const START_BACKOFF: Backoff =
    Backoff::new(Duration::from_millis(100), Duration::from_secs(5));
/// The same of those that replace a lost connection.
const BACKOFF: Backoff = Backoff::new(Duration::from_millis(20), Duration::from_secs(1));

/// A connection that works as far as we know.
#[derive(Clone)]
pub(super) struct Live {
    pub(super) connection: MultiplexedConnection,
    /// Counts the connections.
    pub(super) number: u64,
    pub(super) lineage: Arc<Lineage>,
}

enum LinkState {
    Connecting,
    Down(Trouble),
    Up(Live),
}

#[derive(Default)]
struct Condemned {
    number: u64,
    reason: String,
}

/// The way to the server.
pub(super) struct Link {
    state: watch::Receiver<LinkState>,
    /// The newest connection that must not be used any more, and why.
    condemned: watch::Sender<Condemned>,
    keeper: JoinHandle<()>,
    server: String,
    eviction: Arc<EvictionWatch>,
}

impl Link {
    /// Connects, trying ten times within `patience`; a server that refuses us is not asked twice.
    pub(super) async fn open(server: Server, patience: Duration) -> Result<Self, OpenError> {
        let first = connect_patiently(&server, Instant::now() + patience).await;
        let first = first.map_err(|trouble| trouble.at(&server.name))?;
        Ok(Self::keeping(server, Some(first)))
    }

    /// Connects in the background, and never gives up.
    pub(super) fn begin(server: Server) -> Self {
        Self::keeping(server, None)
    }

    fn keeping(server: Server, first: Option<Connected>) -> Self {
        let (states, state) = watch::channel(LinkState::Connecting);
        let (condemned, condemned_seen) = watch::channel(Condemned::default());
        let name = server.name.clone();
        let eviction = Arc::<EvictionWatch>::default();
        let keeper =
            tokio::spawn(keep(server, first, states, condemned_seen, Arc::clone(&eviction)));
        Self { state, condemned, keeper, server: name, eviction }
    }

    /// The server's address, as the log has it.
    pub(super) fn server(&self) -> &str {
        &self.server
    }

    /// The connection, as soon as it is known whether there is one.
    pub(super) async fn live(&self) -> Result<Live, StoreError> {
        if let Some(known) = known(&self.state.borrow()) {
            return known;
        }
        let mut state = self.state.clone();
        match state.wait_for(|state| !matches!(state, LinkState::Connecting)).await {
            Ok(state) => known(&state).unwrap_or(Err(StoreError::Unavailable)),
            Err(_) => Err(StoreError::Unavailable),
        }
    }

    /// Waits until there is a connection.
    ///
    /// # Errors
    /// What stands in its way at `deadline`, or at once where the next try would end in the same way.
    pub(super) async fn up(&self, deadline: Instant) -> Result<(), Trouble> {
        let mut state = self.state.clone();
        let is_settled = |state: &LinkState| match state {
            LinkState::Connecting => false,
            LinkState::Down(trouble) => trouble.is_lasting(),
            LinkState::Up(_) => true,
        };
        // Whether in time or not, the state tells.
        let _ = timeout_at(deadline, state.wait_for(is_settled)).await;
        match &*self.state.borrow() {
            LinkState::Connecting => Err(Trouble::Unreachable("no answer in time".to_owned())),
            LinkState::Down(trouble) => Err(trouble.clone()),
            LinkState::Up(_) => Ok(()),
        }
    }

    /// Whether there is a connection.
    pub(super) fn is_up(&self) -> bool {
        matches!(*self.state.borrow(), LinkState::Up(_))
    }

    /// Whether there is a connection, to a server that keeps what it is given as far as is known.
    pub(super) fn is_well(&self) -> bool {
        self.is_up() && !self.eviction.is_evicting()
    }

    /// Replaces the connection of that `number`, if it still is in use, for this `reason`.
    pub(super) fn condemn(&self, number: u64, reason: &str) {
        self.condemned.send_if_modified(|newest| {
            let is_newer = number > newest.number;
            if is_newer {
                *newest = Condemned { number, reason: reason.to_owned() };
            }
            is_newer
        });
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}

fn known(state: &LinkState) -> Option<Result<Live, StoreError>> {
    match state {
        LinkState::Connecting => None,
        LinkState::Down(trouble) => Some(Err(trouble.to_store_error())),
        LinkState::Up(live) => Some(Ok(live.clone())),
    }
}

/// Keeps one connection after the other alive.
async fn keep(
    server: Server,
    first: Option<Connected>,
    states: watch::Sender<LinkState>,
    mut condemned: watch::Receiver<Condemned>,
    eviction: Arc<EvictionWatch>,
) {
    let mut connected = match first {
        Some(connected) => connected,
        None => connect_endlessly(&server, &states, false).await,
    };
    for number in 1.. {
        let Connected { connection, driver, lineage } = connected;
        // A task of its own: should the client library panic, that is the end of this connection and no more.
        let mut driving = JoinSet::new();
        driving.spawn(driver);
        states.send_replace(LinkState::Up(Live {
            connection: connection.clone(),
            number,
            lineage,
        }));
        let reason = tokio::select! {
            _ = driving.join_next() => "the connection ended".to_owned(),
            condemned = condemned.wait_for(|newest| newest.number >= number) => {
                condemned.map(|condemned| condemned.reason.clone()).unwrap_or_default()
            }
            never = watch_server(&server, &connection, &eviction) => match never {},
        };
        tracing::warn!(server = server.name, reason, "the store is lost: connecting again");
        states.send_replace(LinkState::Connecting);
        drop(driving);
        connected = connect_endlessly(&server, &states, true).await;
    }
}

/// Keeps up what is known of the server beside its generation.
async fn watch_server(
    server: &Server,
    connection: &MultiplexedConnection,
    eviction: &EvictionWatch,
) -> Infallible {
    let Purpose { clock, skew, .. } = &server.purpose;
    let is_told = eviction::ask(connection, &server.name, eviction).await;
    let eviction = async {
        match is_told {
            true => eviction::look(connection, &server.name, eviction).await,
            false => std::future::pending().await,
        }
    };
    tokio::select! {
        never = time::compare(connection, clock, skew) => never,
        never = eviction => never,
    }
}

/// Makes the first connection.
async fn connect_patiently(server: &Server, deadline: Instant) -> Result<Connected, Trouble> {
    let mut backoff = START_BACKOFF;
    let mut last = Trouble::Unreachable("no answer in time".into());
    for number in 1..=TRIES {
        match timeout_at(deadline, server.connect()).await {
            Ok(Ok(connected)) => return Ok(connected),
            Ok(Err(trouble)) if trouble.is_lasting() => {
                return Err(trouble);
            }
            Ok(Err(trouble)) => last = trouble,
            Err(_) => break,
        }
        if number == 1 {
            tracing::warn!(server = server.name, reason = %last, "the store can't be used: trying again");
        }
        if timeout_at(deadline, sleep(backoff.pause())).await.is_err() {
            break;
        }
    }
    Err(last)
}

/// Makes a connection, however long that takes. That it is there is told where that it wasn't has been: it `was_lost`, or
/// could not be made at first.
async fn connect_endlessly(
    server: &Server,
    states: &watch::Sender<LinkState>,
    was_lost: bool,
) -> Connected {
    let mut backoff = BACKOFF;
    let mut logged = None;
    loop {
        let trouble = match server.connect().await {
            Ok(connected) => {
                if was_lost || logged.is_some() {
                    tracing::info!(server = server.name, "the store is back");
                }
                return connected;
            }
            Err(trouble) => trouble,
        };
        // Each reason once, not each try.
        if logged.as_ref() != Some(&trouble) {
            tracing::warn!(server = server.name, reason = %trouble, "the store can't be used");
            logged = Some(trouble.clone());
        }
        states.send_replace(LinkState::Down(trouble));
        sleep(backoff.pause()).await;
    }
}

//! The connection: one at a time, made again by a task of its own whenever it ends.
//!
//! While the first new try is under way callers wait, within their deadline; once it has failed they are told at
//! once, until a later try succeeds.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use countersign_contract::types::StoreError;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Cmd, ConnectionAddr, ConnectionInfo, Value};
use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::lineage::Lineage;
use super::time;
use super::trouble::Trouble;
use crate::stores::OpenError;
use crate::stores::clock::Clock;
use crate::stores::generation::Watch;
use crate::stores::skew::SkewWatch;

/// Tries to connect at start-up.
const TRIES: u32 = 10;
/// How long one try may take.
const TRY_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a peer may leave our bytes unacknowledged, and how long silence lasts before it is probed.
const PEER_TIMEOUT: Duration = Duration::from_secs(10);

/// A connection that works as far as we know.
#[derive(Clone)]
pub(super) struct Live {
    pub(super) connection: MultiplexedConnection,
    /// Counts the connections.
    pub(super) number: u64,
    pub(super) lineage: Arc<Lineage>,
}

enum State {
    Connecting,
    Down(Trouble),
    Up(Live),
}

#[derive(Default)]
struct Condemned {
    number: u64,
    reason: String,
}

/// What a link is for besides batches.
pub(super) struct Purpose {
    /// Told of the server's generation; without one it isn't asked for.
    pub(super) generation: Option<Arc<Watch>>,
    /// Told how far the server's clock is from `clock`.
    pub(super) skew: Arc<SkewWatch>,
    pub(super) clock: Clock,
    /// A key that means nothing: written to prove that the server takes writes.
    pub(super) scratch: String,
}

/// The way to the server.
pub(super) struct Link {
    state: watch::Receiver<State>,
    /// The newest connection that must not be used any more, and why.
    condemned: watch::Sender<Condemned>,
    keeper: JoinHandle<()>,
    server: String,
}

impl Link {
    /// Connects, trying ten times within `patience`; a server that refuses us is not asked twice.
    pub(super) async fn open(
        address: ConnectionInfo,
        patience: Duration,
        max_in_flight: usize,
        purpose: Purpose,
    ) -> Result<Self, OpenError> {
        let address = Address { info: address, max_in_flight, purpose };
        let first = address.connect_patiently(Instant::now() + patience).await;
        let first = first.map_err(|trouble| trouble.at(address.info.addr()))?;
        let (states, state) = watch::channel(State::Connecting);
        let (condemned, condemned_seen) = watch::channel(Condemned::default());
        let server = address.info.addr().to_string();
        let keeper = tokio::spawn(keep(address, first, states, condemned_seen));
        Ok(Self { state, condemned, keeper, server })
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
        match state.wait_for(|state| !matches!(state, State::Connecting)).await {
            Ok(state) => known(&state).unwrap_or(Err(StoreError::Unavailable)),
            Err(_) => Err(StoreError::Unavailable),
        }
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

fn known(state: &State) -> Option<Result<Live, StoreError>> {
    match state {
        State::Connecting => None,
        State::Down(trouble) => Some(Err(trouble.to_store_error())),
        State::Up(live) => Some(Ok(live.clone())),
    }
}

/// Keeps one connection after the other alive.
async fn keep(
    address: Address,
    first: Connected,
    states: watch::Sender<State>,
    mut condemned: watch::Receiver<Condemned>,
) {
    let mut connected = first;
    for number in 1.. {
        let Connected { connection, driver, lineage } = connected;
        // A task of its own: should the client library panic, that is the end of this connection and no more.
        let mut driving = JoinSet::new();
        driving.spawn(driver);
        states.send_replace(State::Up(Live { connection: connection.clone(), number, lineage }));
        let Purpose { clock, skew, .. } = &address.purpose;
        let reason = tokio::select! {
            _ = driving.join_next() => "the connection ended".to_owned(),
            condemned = condemned.wait_for(|newest| newest.number >= number) => {
                condemned.map(|condemned| condemned.reason.clone()).unwrap_or_default()
            }
            never = time::compare(&connection, clock, skew) => match never {},
        };
        tracing::warn!(server = %address.info.addr(), reason, "the store is lost: connecting again");
        states.send_replace(State::Connecting);
        drop(driving);
        connected = address.connect_again(&states).await;
    }
}

/// What reads and writes for a connection; it ends when the connection does.
type Driver = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A new connection.
struct Connected {
    connection: MultiplexedConnection,
    driver: Driver,
    lineage: Arc<Lineage>,
}

struct Address {
    info: ConnectionInfo,
    max_in_flight: usize,
    purpose: Purpose,
}

impl Address {
    async fn connect_patiently(&self, deadline: Instant) -> Result<Connected, Trouble> {
        let mut pause = Duration::from_millis(100);
        let mut last = Trouble::Unreachable("no answer in time".into());
        for number in 1..=TRIES {
            match timeout_at(deadline, self.connect()).await {
                Ok(Ok(connected)) => return Ok(connected),
                Ok(Err(trouble @ (Trouble::Clustered(_) | Trouble::Denied(_)))) => {
                    return Err(trouble);
                }
                Ok(Err(trouble)) => last = trouble,
                Err(_) => break,
            }
            if number == 1 {
                tracing::warn!(server = %self.info.addr(), reason = %last, "the store can't be used: trying again");
            }
            if timeout_at(deadline, sleep(pause)).await.is_err() {
                break;
            }
            pause = (pause * 2).min(Duration::from_secs(5));
        }
        Err(last)
    }

    async fn connect_again(&self, states: &watch::Sender<State>) -> Connected {
        let mut pause = Duration::from_millis(20);
        let mut logged = None;
        loop {
            let trouble = match self.connect().await {
                Ok(connected) => {
                    tracing::info!(server = %self.info.addr(), "the store is back");
                    return connected;
                }
                Err(trouble) => trouble,
            };
            // Each reason once, not each try.
            if logged.as_ref() != Some(&trouble) {
                tracing::warn!(server = %self.info.addr(), reason = %trouble, "the store can't be used");
                logged = Some(trouble.clone());
            }
            states.send_replace(State::Down(trouble));
            sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(1));
        }
    }

    async fn connect(&self) -> Result<Connected, Trouble> {
        match timeout(TRY_TIMEOUT, self.connect_now()).await {
            Ok(result) => result,
            Err(_) => Err(Trouble::Unreachable("no answer in time".into())),
        }
    }

    async fn connect_now(&self) -> Result<Connected, Trouble> {
        match self.info.addr() {
            ConnectionAddr::Tcp(host, port) => {
                let stream = TcpStream::connect((host.as_str(), *port)).await;
                let stream =
                    stream.and_then(tuned).map_err(|error| Trouble::unreachable(&error))?;
                self.log_in(stream).await
            }
            #[cfg(unix)]
            ConnectionAddr::Unix(path) => {
                let stream = tokio::net::UnixStream::connect(path).await;
                self.log_in(stream.map_err(|error| Trouble::unreachable(&error))?).await
            }
            _ => Err(Trouble::Unreachable("an address of an unknown kind".into())),
        }
    }

    async fn log_in<S>(&self, stream: S) -> Result<Connected, Trouble>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        // Each batch has one deadline of its own, around everything it waits for.
        let config = AsyncConnectionConfig::new()
            .set_response_timeout(None)
            .set_pipeline_buffer_size(self.max_in_flight);
        let (mut connection, driver) =
            MultiplexedConnection::new_with_config(self.info.redis_settings(), stream, config)
                .await?;
        let mut driver: Driver = Box::pin(driver);
        let ended = || Trouble::Unreachable("the connection ended".into());
        tokio::select! {
            written = self.write(connection.clone()) => written?,
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
    async fn write(&self, mut connection: MultiplexedConnection) -> Result<(), Trouble> {
        let scratch = &self.purpose.scratch;
        // Keys without a tag lie in slots of their own: a cluster refuses them together.
        let mut both = Cmd::new();
        both.arg("EXISTS").arg(scratch).arg(format!("{scratch}-beside"));
        let mut set = Cmd::new();
        set.arg("SET").arg(scratch).arg(0).arg("PX").arg(60_000);
        for command in [both, set] {
            if let Value::ServerError(error) = connection.send_packed_command(&command).await? {
                return Err(Trouble::from_server(&error));
            }
        }
        Ok(())
    }
}

fn tuned(stream: TcpStream) -> std::io::Result<TcpStream> {
    stream.set_nodelay(true)?;
    let socket = SockRef::from(&stream);
    socket.set_tcp_keepalive(
        &TcpKeepalive::new().with_time(PEER_TIMEOUT).with_interval(PEER_TIMEOUT / 5),
    )?;
    #[cfg(target_os = "linux")]
    socket.set_tcp_user_timeout(Some(PEER_TIMEOUT))?;
    Ok(stream)
}

//! Making one connection: how long that may take, who logs in, and what is asked before it is used.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Cmd, ConnectionAddr, ConnectionInfo, Value};
use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::lineage::Lineage;
use super::trouble::Trouble;
use crate::stores::clock::Clock;
use crate::stores::generation::Watch;
use crate::stores::skew::SkewWatch;

/// How long one try may take.
const TRY_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a peer may leave our bytes unacknowledged, and how long silence lasts before it is probed.
const PEER_TIMEOUT: Duration = Duration::from_secs(10);

/// What a connection is for besides batches.
pub(super) struct Purpose {
    /// Told of the server's generation; without one it isn't asked for.
    pub(super) generation: Option<Arc<Watch>>,
    /// Told how far the server's clock is from `clock`.
    pub(super) skew: Arc<SkewWatch>,
    pub(super) clock: Clock,
    /// A key that means nothing: written to prove that the server takes writes.
    pub(super) scratch: String,
}

/// What reads and writes for a connection; it ends when the connection does.
pub(super) type Driver = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A new connection.
pub(super) struct Connected {
    pub(super) connection: MultiplexedConnection,
    pub(super) driver: Driver,
    pub(super) lineage: Arc<Lineage>,
}

/// The server, and what a connection to it is for.
pub(super) struct Server {
    info: ConnectionInfo,
    max_in_flight: usize,
    pub(super) purpose: Purpose,
}

impl Server {
    pub(super) const fn new(info: ConnectionInfo, max_in_flight: usize, purpose: Purpose) -> Self {
        Self { info, max_in_flight, purpose }
    }

    /// Its address, without anything else of its URL.
    pub(super) fn address(&self) -> &ConnectionAddr {
        self.info.addr()
    }

    /// Tries once.
    pub(super) async fn connect(&self) -> Result<Connected, Trouble> {
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

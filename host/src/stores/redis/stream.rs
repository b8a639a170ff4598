//! The bytes beneath a connection to a server or a sentinel, and the beginning of the conversation.

use std::pin::Pin;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, ConnectionAddr};
use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::address::Access;
use super::trouble::Trouble;
use crate::stores::tls::{Encryption, Handshake};

/// How long a peer may leave our bytes unacknowledged, and how long silence lasts before it is probed.
const PEER_TIMEOUT: Duration = Duration::from_secs(10);

/// What reads and writes for a connection; it ends when the connection does.
pub(super) type Driver = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The bytes beneath a connection.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// Connects to `server`, and encrypts within the time for a `handshake`: a server that takes it for a command in plain text
/// says nothing.
pub(super) async fn open(
    server: &ConnectionAddr,
    encryption: Option<&Encryption>,
    handshake: Duration,
) -> Result<Box<dyn Stream>, Trouble> {
    match server {
        ConnectionAddr::Tcp(host, port) => {
            let stream = TcpStream::connect((host.as_str(), *port)).await;
            let stream = stream.and_then(tuned).map_err(|error| Trouble::unreachable(&error))?;
            let Some(encryption) = encryption else { return Ok(Box::new(stream)) };
            let encrypted = timeout(handshake, encryption.encrypt(stream, host));
            let silent = || Trouble::Unreachable(Handshake::NotTls.to_string());
            Ok(Box::new(encrypted.await.map_err(|_| silent())?.map_err(Trouble::from_handshake)?))
        }
        #[cfg(unix)]
        ConnectionAddr::Unix(path) => {
            let stream = tokio::net::UnixStream::connect(path).await;
            Ok(Box::new(stream.map_err(|error| Trouble::unreachable(&error))?))
        }
        _ => Err(Trouble::Unreachable("an address of an unknown kind".into())),
    }
}

/// Begins the conversation.
pub(super) async fn log_in(
    stream: Box<dyn Stream>,
    access: &Access,
    max_in_flight: usize,
) -> Result<(MultiplexedConnection, Driver), Trouble> {
    // Each batch has one deadline of its own, around everything it waits for.
    let config = AsyncConnectionConfig::new()
        .set_response_timeout(None)
        .set_pipeline_buffer_size(max_in_flight);
    let made = MultiplexedConnection::new_with_config(&access.login, stream, config).await;
    let (connection, driver) = made.map_err(|error| match access.encryption {
        None => Trouble::in_plain_text(error),
        Some(_) => error.into(),
    })?;
    Ok((connection, Box::pin(driver)))
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

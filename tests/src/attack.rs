//! Strangers that hold connections, and come again when they are closed.

use std::io::{Error, ErrorKind, Result};
use std::net::{Ipv4Addr, SocketAddr};
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::Semaphore;

/// After which a connection that was closed comes again.
const PAUSE: Duration = Duration::from_secs(10);
/// Addresses that connections come from, so that there are ports enough: 127.0.0.2 and those that follow it.
const ADDRESSES: usize = 20;
/// Connections made at once.
const AT_ONCE: usize = 64;

/// What the connections do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attack {
    /// Nothing, after one request.
    Rest,
    /// Ask for much, and read a byte a second.
    ReadSlowly,
    /// Begin a report of a provider, known or not, whose body never comes.
    StallBodies,
}

impl Attack {
    /// Its name in arguments.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Rest => "rest",
            Self::ReadSlowly => "read-slowly",
            Self::StallBodies => "stall-bodies",
        }
    }

    /// Makes the connections and holds them, each from its own place; back once all have been made.
    pub async fn start(self, connections: usize, address: SocketAddr) {
        let made = Arc::new(AtomicUsize::new(0));
        let gate = Arc::new(Semaphore::new(AT_ONCE));
        for number in 0..connections {
            let (made, gate) = (Arc::clone(&made), Arc::clone(&gate));
            tokio::spawn(async move {
                let mut is_first = true;
                loop {
                    // The gate is never closed.
                    let permit = gate.acquire().await.ok();
                    let connected = self.connect(number, address).await;
                    drop(permit);
                    if std::mem::take(&mut is_first) {
                        made.fetch_add(1, Ordering::Relaxed);
                    }
                    if let Ok(stream) = connected {
                        // How it ends is all the same.
                        let _ = self.hold(number, stream).await;
                    }
                    tokio::time::sleep(PAUSE).await;
                }
            });
        }
        while made.load(Ordering::Relaxed) < connections {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    async fn connect(self, number: usize, address: SocketAddr) -> Result<TcpStream> {
        let socket = TcpSocket::new_v4()?;
        if self == Self::ReadSlowly {
            socket.set_recv_buffer_size(4_096)?;
        }
        let last = u8::try_from(2 + number % ADDRESSES).map_err(Error::other)?;
        socket.bind((Ipv4Addr::new(127, 0, 0, last), 0).into())?;
        socket.connect(address).await
    }

    /// Until the other side closes the connection.
    async fn hold(self, number: usize, mut stream: TcpStream) -> Result<()> {
        match self {
            Self::Rest => {
                stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await?;
                read_on(&mut stream).await
            }
            Self::ReadSlowly => {
                let requests = "GET /openapi.json HTTP/1.1\r\nhost: x\r\n\r\n".repeat(20);
                stream.write_all(requests.as_bytes()).await?;
                loop {
                    stream.read_u8().await?;
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
            Self::StallBodies => {
                let provider = if number.is_multiple_of(2) { "sms-file" } else { "nope" };
                let head = format!(
                    "POST /v1/callbacks/{provider} HTTP/1.1\r\nhost: x\r\ncontent-length: 262144\r\n\r\n"
                );
                stream.write_all(head.as_bytes()).await?;
                // All but the last byte of what may be read.
                stream.write_all(&[b' '; 262_143]).await?;
                read_on(&mut stream).await
            }
        }
    }
}

impl FromStr for Attack {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let known = [Self::Rest, Self::ReadSlowly, Self::StallBodies];
        let found = known.into_iter().find(|attack| attack.name() == name);
        found.ok_or_else(|| Error::new(ErrorKind::InvalidInput, format!("no attack `{name}`")))
    }
}

async fn read_on(stream: &mut TcpStream) -> Result<()> {
    let mut bytes = [0; 512];
    while stream.read(&mut bytes).await? > 0 {}
    Ok(())
}

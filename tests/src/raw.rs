//! Bytes on a socket: requests that no client library would send.

use std::io::{Error, ErrorKind, Result};
use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// How long an exchange may take.
const TIMEOUT: Duration = Duration::from_secs(20);

/// One response as it came over the wire.
#[derive(Clone, Debug)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// The lines of the head after the first, in lower case.
    pub head: String,
    /// The body.
    pub body: String,
}

impl Response {
    /// The body as JSON; null where it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    /// Whether it is a problem (RFC 9457).
    #[must_use]
    pub fn is_problem(&self) -> bool {
        let json = self.json();
        self.head.contains("content-type: application/problem+json")
            && json.get("status").and_then(Value::as_u64) == Some(self.status.into())
            && json.get("code").is_some_and(Value::is_string)
    }
}

/// Sends `bytes` and reads until the other side hangs up: all responses until then.
///
/// # Errors
///
/// Where no server listens, the server doesn't hang up in time, or what comes back is not HTTP.
pub async fn exchange(address: SocketAddr, bytes: &[u8]) -> Result<Vec<Response>> {
    let exchanged = async {
        let mut stream = TcpStream::connect(address).await?;
        let (mut reader, mut writer) = stream.split();
        let mut answer = Vec::new();
        let write = async {
            // The other side may hang up before it has read everything: what it said until then counts.
            let _ = writer.write_all(bytes).await;
        };
        let read = async {
            // A reset is an end as well.
            let _ = reader.read_to_end(&mut answer).await;
        };
        tokio::join!(write, read);
        responses(&answer)
    };
    let late = |_| Error::new(ErrorKind::TimedOut, "the other side keeps the connection open");
    tokio::time::timeout(TIMEOUT, exchanged).await.map_err(late)?
}

/// Sends `head` and `length` bytes more, in pieces, and only then reads: the responses, where nothing was reset.
///
/// # Errors
///
/// Where the connection is reset, isn't closed in time, or what comes back is not HTTP.
pub async fn write_then_read(
    address: SocketAddr,
    head: &str,
    length: usize,
) -> Result<Vec<Response>> {
    const PIECE: [u8; 4096] = [b'x'; 4096];
    let exchanged = async {
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(head.as_bytes()).await?;
        let mut left = length;
        while left > 0 {
            let piece = PIECE.get(..left).unwrap_or(&PIECE);
            stream.write_all(piece).await?;
            left -= piece.len();
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        responses(&answer)
    };
    let late = |_| Error::new(ErrorKind::TimedOut, "the other side keeps the connection open");
    tokio::time::timeout(TIMEOUT, exchanged).await.map_err(late)?
}

/// Sends `bytes` and hangs up, without reading.
pub async fn hang_up(address: SocketAddr, bytes: &[u8]) {
    if let Ok(mut stream) = TcpStream::connect(address).await {
        // The other side may have been faster.
        let _ = stream.write_all(bytes).await;
        let _ = stream.shutdown().await;
    }
}

/// The responses that `bytes` are.
///
/// # Errors
///
/// Where they are not HTTP.
pub fn responses(mut bytes: &[u8]) -> Result<Vec<Response>> {
    let mut responses = Vec::new();
    while !bytes.is_empty() {
        let (response, rest) = response(bytes).ok_or_else(|| {
            Error::new(ErrorKind::InvalidData, String::from_utf8_lossy(bytes).into_owned())
        })?;
        responses.push(response);
        bytes = rest;
    }
    Ok(responses)
}

fn response(bytes: &[u8]) -> Option<(Response, &[u8])> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let (head, rest) = bytes.split_at_checked(end + 4)?;
    let head = std::str::from_utf8(head).ok()?;
    let (first, head) = head.split_once("\r\n")?;
    let status = first.strip_prefix("HTTP/1.")?.get(2..5)?.parse().ok()?;
    let head = head.to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let (body, rest) =
        rest.split_at_checked(length.map_or(Some(0), |length| length.parse().ok())?)?;
    let body = String::from_utf8(body.to_vec()).ok()?;
    Some((Response { status, head, body }, rest))
}

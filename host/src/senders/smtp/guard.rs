//! A connection on which nothing is read ahead of encryption.
//!
//! Who stands between us and the server can put replies of his own behind the plain reply to `STARTTLS`. lettre reads
//! into a buffer that outlives the handshake, and would take them for what the server says under encryption. Here
//! that reply is read byte by byte: what follows it goes into the handshake, which fails.

use std::io::Result;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// What we send before the handshake begins.
const STARTTLS: &[u8] = b"STARTTLS\r\n";

/// A connection that begins in plain text.
#[derive(Debug)]
pub(super) struct Guarded {
    stream: TcpStream,
    /// From the command on until the handshake begins.
    is_switching: bool,
}

impl Guarded {
    pub(super) fn new(stream: TcpStream) -> Self {
        Self { stream, is_switching: false }
    }
}

impl AsyncTokioStream for Guarded {
    fn peer_addr(&self) -> Result<SocketAddr> {
        self.stream.peer_addr()
    }
}

impl AsyncRead for Guarded {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<Result<()>> {
        if !self.is_switching || buffer.remaining() == 0 {
            return Pin::new(&mut self.stream).poll_read(context, buffer);
        }
        let mut byte = [0];
        let mut one = ReadBuf::new(&mut byte);
        let read = Pin::new(&mut self.stream).poll_read(context, &mut one);
        buffer.put_slice(one.filled());
        read
    }
}

impl AsyncWrite for Guarded {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<Result<usize>> {
        self.is_switching = bytes == STARTTLS;
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

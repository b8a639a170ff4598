//! The connection beneath a conversation: in plain text at first, or encrypted.

use std::io::{Error, ErrorKind};
use std::time::Duration;

use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::reply::{Garbled, SmtpReply};
use crate::tls::Secured;

/// How long one address may take until it is connected to.
const CONNECT_LIMIT: Duration = Duration::from_secs(4);
const READ_BYTES: usize = 4096;

/// What encrypts.
#[derive(Clone)]
pub(super) struct Encryption {
    pub(super) connector: TlsConnector,
    /// What the certificate has to be for.
    pub(super) name: ServerName<'static>,
}

/// Why a step failed.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The connection, or the handshake.
    Broken(Error),
    /// What came is no reply.
    Garbled,
}

/// A connection, and what was read of it beyond the last reply.
pub(super) struct Stream {
    way: Way,
    buffer: Vec<u8>,
}

enum Way {
    Plain(TcpStream),
    Encrypted(Box<TlsStream<TcpStream>>),
}

impl Stream {
    /// Connects to the first of the host's addresses that answers.
    pub(super) async fn connect(host: &str, port: u16) -> Result<TcpStream, Trouble> {
        let mut last = Error::from(ErrorKind::NotFound);
        for address in lookup_host((host, port)).await.map_err(Trouble::Broken)? {
            match timeout(CONNECT_LIMIT, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => {
                    stream.set_nodelay(true).map_err(Trouble::Broken)?;
                    return Ok(stream);
                }
                Ok(Err(error)) => last = error,
                Err(_) => last = ErrorKind::TimedOut.into(),
            }
        }
        Err(Trouble::Broken(last))
    }

    /// A conversation in plain text.
    pub(super) fn plain(stream: TcpStream) -> Self {
        Self { way: Way::Plain(stream), buffer: Vec::new() }
    }

    /// A conversation that is encrypted from its first byte.
    pub(super) async fn encrypted(
        stream: TcpStream,
        encryption: &Encryption,
    ) -> Result<Self, Trouble> {
        let connecting = encryption.connector.connect(encryption.name.clone(), stream);
        let stream = connecting.await.map_err(Trouble::Broken)?;
        Ok(Self { way: Way::Encrypted(Box::new(stream)), buffer: Vec::new() })
    }

    /// Encrypts a conversation that began in plain text. An attacker on the network can append
    /// replies of his own to the one that begins encryption: bytes ahead of the handshake are never
    /// read as replies, but fail it.
    pub(super) async fn encrypt(self, encryption: &Encryption) -> Result<Self, Trouble> {
        match self.way {
            Way::Plain(stream) if self.buffer.is_empty() => {
                Self::encrypted(stream, encryption).await
            }
            _ => {
                let text = "bytes in plain text ahead of the handshake".to_owned();
                Err(Trouble::Broken(Error::other(rustls::Error::General(text))))
            }
        }
    }

    /// What the handshake settled, where the conversation is encrypted.
    pub(super) fn secured(&self) -> Option<Secured> {
        match &self.way {
            Way::Plain(_) => None,
            Way::Encrypted(stream) => Some(Secured::of(stream.get_ref().1)),
        }
    }

    /// Writes all of `bytes`.
    pub(super) async fn write(&mut self, bytes: &[u8]) -> Result<(), Trouble> {
        let written = match &mut self.way {
            Way::Plain(stream) => stream.write_all(bytes).await,
            Way::Encrypted(stream) => match stream.write_all(bytes).await {
                Ok(()) => stream.flush().await,
                Err(error) => Err(error),
            },
        };
        written.map_err(Trouble::Broken)
    }

    /// Reads one reply.
    pub(super) async fn read(&mut self) -> Result<SmtpReply, Trouble> {
        loop {
            match SmtpReply::take(&mut self.buffer) {
                Ok(Some(reply)) => return Ok(reply),
                Ok(None) => {}
                Err(Garbled) => return Err(Trouble::Garbled),
            }
            let mut bytes = [0; READ_BYTES];
            let read = match &mut self.way {
                Way::Plain(stream) => stream.read(&mut bytes).await,
                Way::Encrypted(stream) => stream.read(&mut bytes).await,
            };
            match read.map(|count| bytes.get(..count).unwrap_or_default()) {
                Ok([]) => return Err(Trouble::Broken(ErrorKind::UnexpectedEof.into())),
                Ok(read) => self.buffer.extend_from_slice(read),
                Err(error) => return Err(Trouble::Broken(error)),
            }
        }
    }
}

//! The HTTP server: connections, their time-outs and bounds, and an end that loses no answer.
//!
//! Everything has a bound. A connection: how many there are, how long a head may take, how long it may rest. A
//! request: how many there are at once, how long it may take (its body is bounded by the router). What comes on
//! top is answered 503 `overloaded` at once rather than queued, since a queue only makes everybody late.

mod client_address;
mod connection;
mod gate;
mod patience;
mod refusal;
mod shutdown;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

pub use self::client_address::ClientAddresses;
pub use self::shutdown::signalled;

use self::connection::Connections;
use self::gate::Gate;
use crate::config::ServerSettings;

/// Connections on top of the bound that are being told so at once.
const MAX_REFUSALS: usize = 64;

/// How long accepting rests after it failed for want of file descriptors or memory.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Why there is no server.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// The address can't be listened on.
    #[error("server.listen: {address} can't be listened on: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
}

/// A server that listens; connections wait until it runs.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    settings: ServerSettings,
}

impl Server {
    /// Listens as `settings` say.
    ///
    /// # Errors
    /// [`BindError`] where the address is taken, not this machine's, or not allowed.
    pub async fn bind(settings: &ServerSettings) -> Result<Self, BindError> {
        let failed = |source| BindError::Listen { address: settings.listen, source };
        let listener = TcpListener::bind(settings.listen).await.map_err(failed)?;
        Ok(Self {
            address: listener.local_addr().map_err(failed)?,
            listener,
            settings: settings.clone(),
        })
    }

    /// Where it listens: with the port that was found, where port 0 was asked for.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves `router` until `stop` is ready; then takes no more connections, and returns when the requests in
    /// progress are answered or the grace is over. Tells whether all of them were answered.
    pub async fn run(self, router: Router, stop: impl Future<Output = ()>) -> bool {
        let (closing, closed) = watch::channel(false);
        let gate = Gate::new(router, &self.settings);
        let mut open = Open {
            connections: Connections::new(gate, &self.settings, closed),
            slots: Arc::new(Semaphore::new(self.settings.max_connections as usize)),
            refusals: Arc::new(Semaphore::new(MAX_REFUSALS)),
            tasks: JoinSet::new(),
        };
        let mut stop = std::pin::pin!(stop);
        loop {
            let accepted = tokio::select! {
                biased;
                () = &mut stop => break,
                Some(_) = open.tasks.join_next() => continue,
                accepted = self.listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, peer)) => open.take(stream, peer),
                Err(error) => accept_failed(&error).await,
            }
        }
        let _ = closing.send(true);
        open.take_waiting(self.listener);
        drain(open.tasks, self.settings.shutdown_grace()).await
    }
}

/// The connections that are open.
struct Open {
    connections: Connections,
    slots: Arc<Semaphore>,
    refusals: Arc<Semaphore>,
    tasks: JoinSet<()>,
}

impl Open {
    fn take(&mut self, stream: TcpStream, peer: SocketAddr) {
        // Answers are small and whole: waiting for more to send with them only costs time.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY was refused");
        }
        if let Ok(slot) = Arc::clone(&self.slots).try_acquire_owned() {
            let serving = self.connections.serve(stream, peer);
            self.tasks.spawn(async move {
                serving.await;
                drop(slot);
            });
        } else if let Ok(slot) = Arc::clone(&self.refusals).try_acquire_owned() {
            let refusing = self.connections.refuse(stream);
            self.tasks.spawn(async move {
                refusing.await;
                drop(slot);
            });
        }
        // Beyond both bounds the connection is closed by being dropped.
    }

    /// Takes what the kernel has accepted for us already, and closes `listener`: a request may have been sent.
    fn take_waiting(&mut self, listener: TcpListener) {
        let Ok(listener) = listener.into_std() else {
            return;
        };
        while let Ok((stream, peer)) = listener.accept() {
            let stream = stream.set_nonblocking(true).and_then(|()| TcpStream::from_std(stream));
            if let Ok(stream) = stream {
                self.take(stream, peer);
            }
        }
    }
}

/// A connection that is gone again is its client's matter; all else is ours, and would come again at once.
async fn accept_failed(error: &io::Error) {
    let theirs = matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionReset
    );
    if !theirs {
        tracing::error!(%error, "no connection can be accepted");
        tokio::time::sleep(ACCEPT_PAUSE).await;
    }
}

async fn drain(mut tasks: JoinSet<()>, grace: Duration) -> bool {
    let all = async { while tasks.join_next().await.is_some() {} };
    if tokio::time::timeout(grace, all).await.is_ok() {
        return true;
    }
    let cut = tasks.len();
    tracing::warn!(connections = cut, "the shutdown grace is over: connections are cut");
    tasks.shutdown().await;
    false
}

#[cfg(test)]
mod tests;

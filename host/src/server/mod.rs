//! The HTTP server: connections, their time-outs and bounds, and an end that loses no answer.
//!
//! Everything has a bound. A connection: how many there are, how long a head may take, how long it
//! may rest. A request: how many there are at once, how long it may take (its body is bounded by
//! the router), how long its client may take to read the answer. What comes on top is answered 503
//! `overloaded` at once rather than queued, since a queue only makes all clients wait. A new
//! connection takes the place of the one that has rested longest, so that connections which only
//! rest shut no caller out. `/healthz` and `/readyz` are always answered.

mod arrival;
mod client_address;
mod connection;
mod files;
mod gate;
mod heads;
mod lingering;
mod listeners;
mod malformed;
mod patience;
mod phase;
mod seats;
mod shares;
mod shed;
mod shutdown;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

pub use self::client_address::ClientAddresses;
pub use self::files::make_room;
pub use self::listeners::BindError;
pub use self::shutdown::signalled;

use self::connection::Connections;
use self::gate::Gate;
use self::listeners::Listeners;
use self::phase::Phase;
use self::seats::Seats;
use self::shed::Shed;
use crate::config::{Listen, ServerSettings};

/// Connections on top of the bound that are being told so at once.
const MAX_REFUSALS: usize = 64;

/// How long a connection has to have rested before a new one may take its place: by then its client
/// has the answer.
const LEAST_REST: Duration = Duration::from_secs(1);

/// How often what was turned away is logged.
const REPORT_EVERY: Duration = Duration::from_secs(1);

/// How long accepting rests after it failed for want of file descriptors or memory.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Listens on `listen` for a moment, to see whether that works.
///
/// # Errors
/// As [`Server::bind`].
pub async fn try_to_listen(listen: Listen) -> Result<(), BindError> {
    Listeners::bind(listen).await.map(drop)
}

/// A server that listens; connections wait until it runs.
pub struct Server {
    listeners: Listeners,
    address: SocketAddr,
    addresses: Vec<SocketAddr>,
    settings: ServerSettings,
}

impl Server {
    /// Listens as `settings` say.
    ///
    /// # Errors
    /// [`BindError`] where the address is taken, not this machine's, or not allowed.
    pub async fn bind(settings: &ServerSettings) -> Result<Self, BindError> {
        let listeners = Listeners::bind(settings.listen).await?;
        let addresses = listeners.addresses().map_err(BindError::Address)?;
        let absent = || BindError::Address(io::ErrorKind::AddrNotAvailable.into());
        let address = addresses.first().copied().ok_or_else(absent)?;
        Ok(Self { listeners, address, addresses, settings: settings.clone() })
    }

    /// Where it listens: with the port that was found, where port 0 was asked for. The first of several.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Everywhere it listens.
    #[must_use]
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Serves `router` until `stop` is ready; then takes no more connections, and returns when the requests in
    /// progress are answered or the grace is over. Tells whether all of them were answered.
    pub async fn run(mut self, router: Router, stop: impl Future<Output = ()>) -> bool {
        let (closing, closed) = watch::channel(false);
        let shed = Arc::new(Shed::default());
        let gate = Gate::new(router, &self.settings, Arc::clone(&shed));
        let mut open = Open {
            connections: Connections::new(gate, &self.settings, closed, Arc::clone(&shed)),
            seats: Seats::new(self.settings.max_connections as usize, LEAST_REST),
            // A health check asks at once: silent connections give way to it.
            refusals: Seats::new(MAX_REFUSALS, Duration::ZERO),
            shed,
            tasks: JoinSet::new(),
        };
        let mut reports = interval(REPORT_EVERY);
        reports.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut stop = std::pin::pin!(stop);
        loop {
            let accepted = tokio::select! {
                biased;
                () = &mut stop => break,
                _ = reports.tick() => {
                    open.shed.report();
                    continue;
                }
                Some(_) = open.tasks.join_next() => continue,
                accepted = self.listeners.accept() => accepted,
            };
            match accepted {
                Ok((stream, peer)) => open.take(stream, peer),
                Err(error) => open.accept_failed(&error).await,
            }
        }
        let _ = closing.send(true);
        for listener in self.listeners.into_all() {
            open.take_waiting(listener);
        }
        let all_answered = drain(open.tasks, self.settings.shutdown_grace()).await;
        open.shed.report();
        all_answered
    }
}

/// The connections that are open.
struct Open {
    connections: Connections,
    seats: Arc<Seats>,
    refusals: Arc<Seats>,
    shed: Arc<Shed>,
    tasks: JoinSet<()>,
}

impl Open {
    fn take(&mut self, stream: TcpStream, peer: SocketAddr) {
        // Answers are small and whole: waiting for more to send with them only costs time.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY was refused");
        }
        let phase = Phase::default();
        if let Some((seat, evicted)) = self.seats.take(&phase) {
            if evicted {
                self.shed.resting.add();
            }
            self.tasks.spawn(self.connections.serve(stream, peer, phase, seat));
            return;
        }
        self.shed.connections.add();
        // Beyond both bounds the connection is closed by being dropped.
        if let Some((seat, _)) = self.refusals.take(&phase) {
            self.tasks.spawn(self.connections.refuse(stream, peer, phase, seat));
        }
    }

    /// A connection that is gone again is its client's matter; all else is ours, and would come
    /// again at once.
    async fn accept_failed(&mut self, error: &io::Error) {
        let theirs = matches!(
            error.kind(),
            io::ErrorKind::ConnectionAborted
                | io::ErrorKind::ConnectionRefused
                | io::ErrorKind::ConnectionReset
        );
        if !theirs {
            self.shed.failed_accepts.add();
            tracing::debug!(%error, "no connection can be accepted");
            if self.seats.close_one() {
                self.shed.resting.add();
            }
            tokio::time::sleep(ACCEPT_PAUSE).await;
        }
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

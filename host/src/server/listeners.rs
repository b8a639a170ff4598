//! The sockets that are listened on: one, or several of the same port.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::task::Poll;

use socket2::SockRef;
use tokio::net::{TcpListener, TcpSocket, TcpStream};

use crate::config::Listen;

/// Connections that the kernel holds for us until we accept them.
const BACKLOG: u32 = 1024;
/// Tries to find a port that is free on both loopback addresses, where any will do.
const TRIES: u32 = 16;

/// Why there is no server.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// The system doesn't tell what is listened on.
    #[error("server.listen: {0}")]
    Address(io::Error),
    /// The address can't be listened on.
    #[error("server.listen: {address} can't be listened on: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
}

/// What is listened on: at least one socket.
pub(super) struct Listeners {
    all: Vec<TcpListener>,
    /// Which one is asked first: each in turn, so that a busy one doesn't keep the others waiting.
    next: usize,
}

impl Listeners {
    /// Listens on all that `listen` names, as far as this machine has those addresses.
    pub(super) async fn bind(listen: Listen) -> Result<Self, BindError> {
        let mut tries = 0;
        loop {
            tries += 1;
            let bound = bind(listen).await;
            let is_free_choice = listen == Listen::Localhost(0);
            match bound {
                Err(BindError::Listen { source, .. })
                    if is_free_choice
                        && source.kind() == io::ErrorKind::AddrInUse
                        && tries < TRIES => {}
                bound => return bound.map(|all| Self { all, next: 0 }),
            }
        }
    }

    /// The addresses, with the port that was found where port 0 was asked for.
    pub(super) fn addresses(&self) -> io::Result<Vec<SocketAddr>> {
        self.all.iter().map(TcpListener::local_addr).collect()
    }

    /// The next connection, of whichever socket has one. Nothing is lost where this is dropped.
    pub(super) async fn accept(&mut self) -> io::Result<(TcpStream, SocketAddr)> {
        let Self { all, next } = self;
        let first = *next % all.len();
        *next = next.wrapping_add(1);
        std::future::poll_fn(|context| {
            for listener in all.iter().cycle().skip(first).take(all.len()) {
                if let Poll::Ready(accepted) = listener.poll_accept(context) {
                    return Poll::Ready(accepted);
                }
            }
            Poll::Pending
        })
        .await
    }

    /// The sockets themselves.
    pub(super) fn into_all(self) -> Vec<TcpListener> {
        self.all
    }
}

async fn bind(listen: Listen) -> Result<Vec<TcpListener>, BindError> {
    if let Listen::Everywhere(port) = listen {
        return everywhere(port).await.map(|listener| vec![listener]);
    }
    let mut all = Vec::<TcpListener>::new();
    let mut absent = None;
    for mut address in listen.addresses() {
        if let Some(Ok(first)) = all.first().map(TcpListener::local_addr) {
            address.set_port(first.port());
        }
        match TcpListener::bind(address).await {
            Ok(listener) => all.push(listener),
            Err(source) if is_absent(&source) => absent = Some((address, source)),
            Err(source) => return Err(BindError::Listen { address, source }),
        }
    }
    match absent {
        Some((address, source)) if all.is_empty() => Err(BindError::Listen { address, source }),
        _ => Ok(all),
    }
}

/// One IPv6 socket that takes IPv4 as well; an IPv4 socket where the machine has no IPv6.
async fn everywhere(port: u16) -> Result<TcpListener, BindError> {
    let listen = || {
        let socket = TcpSocket::new_v6()?;
        SockRef::from(&socket).set_only_v6(false)?;
        socket.set_reuseaddr(true)?;
        socket.bind((Ipv6Addr::UNSPECIFIED, port).into())?;
        socket.listen(BACKLOG)
    };
    let at = |ip: IpAddr| SocketAddr::new(ip, port);
    match listen() {
        Err(source) if is_absent(&source) => {
            let address = at(Ipv4Addr::UNSPECIFIED.into());
            let listener = TcpListener::bind(address).await;
            listener.map_err(|source| BindError::Listen { address, source })
        }
        listener => listener.map_err(|source| BindError::Listen {
            address: at(Ipv6Addr::UNSPECIFIED.into()),
            source,
        }),
    }
}

/// Whether a machine has no such address, or nothing of its protocol.
fn is_absent(error: &io::Error) -> bool {
    use rustix::io::Errno;

    let absent = [Errno::ADDRNOTAVAIL, Errno::AFNOSUPPORT, Errno::PROTONOSUPPORT];
    absent.iter().any(|errno| error.raw_os_error() == Some(errno.raw_os_error()))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn answers(listeners: &mut Listeners, address: SocketAddr) -> bool {
        let (connected, accepted) = tokio::join!(TcpStream::connect(address), listeners.accept());
        connected.is_ok() && accepted.is_ok()
    }

    #[tokio::test]
    async fn localhost_is_every_loopback_address_at_one_port() {
        let mut listeners = Listeners::bind(Listen::Localhost(0)).await.unwrap();
        let addresses = listeners.addresses().unwrap();
        assert!(addresses[0].ip() == Ipv4Addr::LOCALHOST, "{addresses:?}");
        assert!(addresses.iter().all(|address| address.port() == addresses[0].port()));
        for address in addresses {
            assert!(address.ip().is_loopback());
            assert!(answers(&mut listeners, address).await, "{address}");
        }
    }

    #[tokio::test]
    async fn every_interface_takes_ipv4_too() {
        let mut listeners = Listeners::bind(Listen::Everywhere(0)).await.unwrap();
        let port = listeners.addresses().unwrap()[0].port();
        assert!(answers(&mut listeners, (Ipv4Addr::LOCALHOST, port).into()).await);
    }

    #[tokio::test]
    async fn a_port_that_is_taken_on_one_of_them_is_refused() {
        let listeners = Listeners::bind(Listen::Localhost(0)).await.unwrap();
        let port = listeners.addresses().unwrap()[0].port();
        assert!(Listeners::bind(Listen::Localhost(port)).await.is_err());
    }
}

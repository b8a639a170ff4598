//! The hosts of an address, and in which order they are tried.
//!
//! The client library has one limit for a host that accepts no connection and none for one that accepts it and then says
//! nothing. Here each host is connected to by itself, so that one limit covers all of it: connecting, TLS and logging in.

use std::net::IpAddr;
#[cfg(unix)]
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use tokio_postgres::Config;
use tokio_postgres::config::{Host as Name, LoadBalanceHosts, TargetSessionAttrs};

/// One host.
#[derive(Clone)]
pub(super) struct Host {
    /// Everything but where it is.
    config: Config,
    at: Place,
    pub(super) port: u16,
}

/// Where it is.
#[derive(Clone)]
pub(super) enum Place {
    /// At this address; its certificate has to be for the name, or else for the address.
    Address(IpAddr, Option<String>),
    /// At the addresses of this name.
    Named(String),
    /// On this machine.
    #[cfg(unix)]
    Socket(PathBuf),
}

impl Host {
    /// Where it is.
    pub(super) const fn at(&self) -> &Place {
        &self.at
    }

    /// Whether it is this very machine.
    pub(super) fn is_on_this_machine(&self) -> bool {
        let is_here = |name: &str| {
            name == "localhost" || name.parse().is_ok_and(|address: IpAddr| address.is_loopback())
        };
        match &self.at {
            Place::Address(address, name) => {
                address.is_loopback() && name.as_deref().is_none_or(is_here)
            }
            Place::Named(name) => is_here(name),
            #[cfg(unix)]
            Place::Socket(_) => true,
        }
    }

    /// How one of its addresses is connected to; none is needed for a socket.
    pub(super) fn config(&self, address: Option<IpAddr>) -> Config {
        let mut config = self.config.clone();
        config.port(self.port);
        match (&self.at, address) {
            #[cfg(unix)]
            (Place::Socket(path), _) => config.host_path(path),
            (Place::Address(address, None), _) => {
                config.host(address.to_string()).hostaddr(*address)
            }
            (Place::Named(name) | Place::Address(_, Some(name)), Some(address)) => {
                config.host(name).hostaddr(address)
            }
            (Place::Named(name) | Place::Address(_, Some(name)), None) => config.host(name),
        };
        config
    }
}

/// As the log has it.
impl std::fmt::Display for Host {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.at {
            Place::Named(name) | Place::Address(_, Some(name)) => formatter.write_str(name)?,
            Place::Address(address, None) => address.fmt(formatter)?,
            #[cfg(unix)]
            Place::Socket(path) => path.display().fmt(formatter)?,
        }
        write!(formatter, ":{}", self.port)
    }
}

/// All of them.
pub(super) struct Hosts {
    hosts: Vec<Host>,
    /// Whether another one is tried first each time.
    takes_turns: bool,
    turn: AtomicUsize,
    /// The host that was used last, and its address: it is tried first, so that one that says nothing costs no more time
    /// than the first connection's.
    latest: Mutex<Option<(usize, Option<IpAddr>)>>,
}

impl Hosts {
    /// Out of what the client library read.
    ///
    /// # Errors
    ///
    /// Where it can't be told which name, address and port belong together.
    pub(super) fn of(config: &Config) -> Result<Self, &'static str> {
        let (names, addresses) = (config.get_hosts(), config.get_hostaddrs());
        let count = names.len().max(addresses.len());
        if !names.is_empty() && !addresses.is_empty() && names.len() != addresses.len() {
            return Err("`host` and `hostaddr` are not equally many");
        }
        let ports = config.get_ports();
        if ports.len() > 1 && ports.len() != count {
            return Err("there are as many ports as hosts, or one for all");
        }
        let bare = bare(config);
        let host = |index: usize| {
            let at = match (names.get(index), addresses.get(index)) {
                (Some(Name::Tcp(name)), Some(address)) => {
                    Place::Address(*address, Some(name.clone()))
                }
                (_, Some(address)) => Place::Address(*address, None),
                (Some(Name::Tcp(name)), None) => match name.parse() {
                    Ok(address) => Place::Address(address, None),
                    Err(_) => Place::Named(name.clone()),
                },
                #[cfg(unix)]
                (Some(Name::Unix(path)), None) => Place::Socket(path.clone()),
                (None, None) => return None,
            };
            let port = ports.get(index).or_else(|| ports.first()).copied().unwrap_or(5_432);
            Some(Host { config: bare.clone(), at, port })
        };
        Ok(Self {
            hosts: (0..count).filter_map(host).collect(),
            takes_turns: config.get_load_balance_hosts() == LoadBalanceHosts::Random,
            turn: AtomicUsize::new(0),
            latest: Mutex::default(),
        })
    }

    /// Has a server do that takes no writes.
    pub(super) fn of_any_kind(&mut self) {
        for host in &mut self.hosts {
            host.config.target_session_attrs(TargetSessionAttrs::Any);
        }
    }

    /// All of them, in the order of the address.
    pub(super) fn all(&self) -> &[Host] {
        &self.hosts
    }

    /// In which order they are tried now: their places in the address.
    pub(super) fn order(&self) -> Vec<usize> {
        let count = self.hosts.len();
        let mut order: Vec<usize> = (0..count).collect();
        let first = if self.takes_turns {
            self.turn.fetch_add(1, Ordering::Relaxed)
        } else {
            self.latest().map_or(0, |(index, _)| index)
        };
        order.rotate_left(first.checked_rem(count).unwrap_or_default());
        order
    }

    /// Puts first the address of that host which was used last.
    pub(super) fn sort(&self, index: usize, addresses: &mut [IpAddr]) {
        let Some((_, Some(address))) = self.latest().filter(|(host, _)| *host == index) else {
            return;
        };
        addresses.sort_by_key(|other| *other != address);
    }

    /// Takes note of which one is used.
    pub(super) fn used(&self, index: usize, address: Option<IpAddr>) {
        *self.latest.lock().unwrap_or_else(PoisonError::into_inner) = Some((index, address));
    }

    fn latest(&self) -> Option<(usize, Option<IpAddr>)> {
        *self.latest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The same without its hosts, which the client library can't take away: what else an address may say.
fn bare(config: &Config) -> Config {
    let mut bare = Config::new();
    if let Some(user) = config.get_user() {
        bare.user(user);
    }
    if let Some(password) = config.get_password() {
        bare.password(password);
    }
    if let Some(name) = config.get_dbname() {
        bare.dbname(name);
    }
    if let Some(options) = config.get_options() {
        bare.options(options);
    }
    if let Some(name) = config.get_application_name() {
        bare.application_name(name);
    }
    if let Some(limit) = config.get_tcp_user_timeout() {
        bare.tcp_user_timeout(*limit);
    }
    if let Some(interval) = config.get_keepalives_interval() {
        bare.keepalives_interval(interval);
    }
    if let Some(retries) = config.get_keepalives_retries() {
        bare.keepalives_retries(retries);
    }
    bare.keepalives(config.get_keepalives()).keepalives_idle(config.get_keepalives_idle());
    bare.ssl_mode(config.get_ssl_mode());
    bare.target_session_attrs(config.get_target_session_attrs());
    bare
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(url: &str) -> Hosts {
        Hosts::of(&url.parse().unwrap()).unwrap()
    }

    fn shown(hosts: &Hosts) -> Vec<String> {
        hosts.all().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn names_addresses_and_ports_are_put_together() {
        let two = hosts("postgresql://ann@one:1,10.0.0.2:2/otp");
        assert_eq!(shown(&two), ["one:1", "10.0.0.2:2"]);
        assert_eq!(
            shown(&hosts("postgresql:///otp?hostaddr=10.0.0.1,10.0.0.2")),
            ["10.0.0.1:5432", "10.0.0.2:5432"]
        );
        let named = hosts("postgresql://one/otp?hostaddr=10.0.0.1");
        let config = named.all()[0].config(Some([10, 0, 0, 1].into()));
        assert_eq!(config.get_hosts(), [Name::Tcp("one".into())]);
        assert_eq!(config.get_hostaddrs(), [IpAddr::from([10, 0, 0, 1])]);
        for bad in
            ["postgresql://one,two/otp?hostaddr=10.0.0.1", "postgresql:///x?host=a,b,c&port=1,2"]
        {
            assert!(Hosts::of(&bad.parse().unwrap()).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_address_without_a_name_is_its_own_name() {
        let host = &hosts("postgresql:///otp?hostaddr=10.0.0.1").hosts[0];
        assert_eq!(host.config(None).get_hosts(), [Name::Tcp("10.0.0.1".into())]);
    }

    #[test]
    fn the_host_and_the_address_that_were_used_last_come_first() {
        let three = hosts("postgresql://one,two,three/otp");
        assert_eq!(three.order(), [0, 1, 2]);
        let address = |last| IpAddr::from([10, 0, 0, last]);
        three.used(1, Some(address(2)));
        assert_eq!(three.order(), [1, 2, 0]);
        let mut addresses = [1, 2, 3].map(address);
        three.sort(1, &mut addresses);
        assert_eq!(addresses, [2, 1, 3].map(address));
        three.sort(0, &mut addresses);
        assert_eq!(addresses, [2, 1, 3].map(address));
        let random = hosts("postgresql://one,two/otp?load_balance_hosts=random");
        assert_ne!(random.order(), random.order());
    }

    #[test]
    fn all_that_an_address_may_say_is_kept() {
        let url = "postgresql://ann:secret@one:5432/otp?options=-c%20x%3D1&application_name=a&\
                   keepalives=0&keepalives_idle=7&keepalives_interval=8&keepalives_retries=9&tcp_user_timeout=10";
        let config: Config = url.parse().unwrap();
        assert!(hosts(url).all()[0].config(None) == config);
    }
}

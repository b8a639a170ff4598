//! Where the HTTP surface listens, as an operator writes it.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;

/// What [`Listen`] is called in the schema.
pub(super) const FORMAT: &str = "listen-address";

/// What is listened on.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(try_from = "String")]
pub enum Listen {
    /// One address: `127.0.0.1:8080`, `[::1]:8080`.
    Address(SocketAddr),
    /// Every interface, over IPv6 and IPv4: `:8080`.
    Everywhere(u16),
    /// The loopback addresses of IPv4 and IPv6: `localhost:8080`.
    Localhost(u16),
}

impl Listen {
    /// Whether only this machine can connect.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        match self {
            Self::Address(address) => address.ip().to_canonical().is_loopback(),
            Self::Everywhere(_) => false,
            Self::Localhost(_) => true,
        }
    }

    /// The addresses: those of the same port that have to be listened on, the preferred one first.
    #[must_use]
    pub fn addresses(&self) -> Vec<SocketAddr> {
        let on = |ip: IpAddr, port| SocketAddr::new(ip, port);
        match *self {
            Self::Address(address) => vec![address],
            Self::Everywhere(port) => vec![on(Ipv6Addr::UNSPECIFIED.into(), port)],
            Self::Localhost(port) => {
                vec![on(Ipv4Addr::LOCALHOST.into(), port), on(Ipv6Addr::LOCALHOST.into(), port)]
            }
        }
    }
}

/// A text that is no place to listen on.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "has to be an address and a port (0 to 65535): `127.0.0.1:8080`, `[::1]:8080`, `localhost:8080`, or `:8080` for every interface"
)]
pub struct NotAnAddress;

impl FromStr for Listen {
    type Err = NotAnAddress;

    fn from_str(text: &str) -> Result<Self, NotAnAddress> {
        if let Ok(address) = text.parse() {
            return Ok(Self::Address(address));
        }
        let (host, port) = text.rsplit_once(':').ok_or(NotAnAddress)?;
        // `u16` would take a plus sign.
        let is_number = port.bytes().all(|byte| byte.is_ascii_digit());
        let port = is_number.then(|| port.parse().ok()).flatten().ok_or(NotAnAddress)?;
        match host {
            "" => Ok(Self::Everywhere(port)),
            name if name.eq_ignore_ascii_case("localhost") => Ok(Self::Localhost(port)),
            _ => Err(NotAnAddress),
        }
    }
}

impl TryFrom<String> for Listen {
    type Error = NotAnAddress;

    fn try_from(text: String) -> Result<Self, NotAnAddress> {
        text.parse()
    }
}

impl From<SocketAddr> for Listen {
    fn from(address: SocketAddr) -> Self {
        Self::Address(address)
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => write!(formatter, "{address}"),
            Self::Everywhere(port) => write!(formatter, ":{port}"),
            Self::Localhost(port) => write!(formatter, "localhost:{port}"),
        }
    }
}

impl JsonSchema for Listen {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Listen".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": FORMAT })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_localhost_and_every_interface_are_read() {
        let read = |text: &str| text.parse::<Listen>();
        assert_eq!(read(":9150"), Ok(Listen::Everywhere(9150)));
        assert_eq!(read("localhost:9150"), Ok(Listen::Localhost(9150)));
        assert_eq!(read("LocalHost:0"), Ok(Listen::Localhost(0)));
        for text in ["127.0.0.1:8080", "0.0.0.0:1", "[::1]:8080", "[::]:0"] {
            assert_eq!(read(text), Ok(Listen::Address(text.parse().unwrap())));
            assert_eq!(read(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn only_loopback_is_loopback() {
        let is_loopback = |text: &str| text.parse::<Listen>().unwrap().is_loopback();
        for text in ["localhost:1", "127.0.0.1:1", "127.9.9.9:1", "[::1]:1", "[::ffff:127.0.0.1]:1"]
        {
            assert!(is_loopback(text), "{text}");
        }
        for text in [":1", "0.0.0.0:1", "[::]:1", "10.0.0.1:1", "[::ffff:10.0.0.1]:1"] {
            assert!(!is_loopback(text), "{text}");
        }
    }

    #[test]
    fn what_is_no_address_with_a_port_is_refused() {
        for text in [
            "",
            ":",
            "8080",
            "127.0.0.1",
            "localhost",
            "localhost:",
            ":65536",
            ":+1",
            "::1:8080",
            "::",
            "otp.example.com:80",
            "*:8080",
            "http://localhost:8080",
            " :80",
            "[localhost]:1",
        ] {
            assert_eq!(text.parse::<Listen>(), Err(NotAnAddress), "{text}");
        }
    }
}

//! `[server]`: where the HTTP surface listens and what it takes.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use ipnet::IpNet;
use schemars::JsonSchema;
use serde::Deserialize;

use super::listen::Listen;
use super::proxies;

/// Where the HTTP surface listens and what it takes.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ServerSettings {
    /// Address and port, `127.0.0.1:8080` by default. `localhost:8080` is the loopback addresses of IPv4 and IPv6,
    /// `:8080` every interface, over IPv6 and IPv4. Port 0 takes a free one. Without `api_keys` it has to be
    /// a loopback address.
    pub listen: Listen,
    /// What the process is for: `production` by default.
    pub mode: Mode,
    /// Where providers reach this surface: `https://otp.example.com`, with a path where a proxy adds one. Where it is
    /// set, providers are asked to report what became of a message.
    pub public_url: Option<String>,
    /// The proxies in front, as addresses or networks: `["10.0.0.1", "fd00::/8"]`. Where a request comes from one of
    /// them, the client's address is read from `forwarding_header`; from all other clients that header is ignored, and so
    /// `0.0.0.0/0` and `::/0` are refused.
    #[schemars(schema_with = "proxies::schema")]
    #[serde(deserialize_with = "proxies::deserialize")]
    pub trusted_proxies: Vec<IpNet>,
    /// The header in which the trusted proxies name the client.
    pub forwarding_header: ForwardingHeader,
    /// Requests worked on at once, 1024 by default; what comes on top is answered 503 `overloaded` at once.
    #[schemars(range(min = 1, max = 100_000))]
    pub max_concurrent_requests: u32,
    /// Connections open at once, 4096 by default, and never more than the limit of open files allows. A new one
    /// takes the place of the one that has rested longest; where none rests, it is answered 503 `overloaded` and closed.
    #[schemars(range(min = 1, max = 100_000))]
    pub max_connections: u32,
    /// Seconds in which the head of a request has to arrive, 10 by default.
    #[schemars(range(min = 1, max = 300))]
    pub header_timeout_seconds: u32,
    /// Seconds for which a connection may rest between two requests, 75 by default: longer than proxies keep
    /// theirs (nginx: 60), so that the proxy closes first and no request is lost in between.
    #[schemars(range(min = 1, max = 3600))]
    pub idle_timeout_seconds: u32,
    /// Seconds in which a client has to read its answer, 30 by default; then its connection is closed.
    #[schemars(range(min = 1, max = 300))]
    pub write_timeout_seconds: u32,
    /// Seconds for a whole request, its body and the provider included, 30 by default.
    #[schemars(range(min = 1, max = 300))]
    pub request_timeout_seconds: u32,
    /// Seconds between SIGTERM and the end of the listener, 0 by default: meanwhile `/readyz` answers 503 and all else
    /// is served, so that a balancer sends its callers elsewhere before connections are refused.
    #[schemars(range(min = 0, max = 600))]
    pub drain_seconds: u32,
    /// Seconds that requests in progress get at shutdown, 35 by default.
    #[schemars(range(min = 0, max = 600))]
    pub shutdown_grace_seconds: u32,
}

impl Default for ServerSettings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080).into(),
            mode: Mode::Production,
            public_url: None,
            trusted_proxies: Vec::new(),
            forwarding_header: ForwardingHeader::XForwardedFor,
            max_concurrent_requests: 1024,
            max_connections: 4096,
            header_timeout_seconds: 10,
            idle_timeout_seconds: 75,
            write_timeout_seconds: 30,
            request_timeout_seconds: 30,
            drain_seconds: 0,
            shutdown_grace_seconds: 35,
        }
    }
}

impl ServerSettings {
    /// How long the head of a request may take.
    #[must_use]
    pub fn header_timeout(&self) -> Duration {
        seconds(self.header_timeout_seconds)
    }

    /// How long a connection may rest.
    #[must_use]
    pub fn idle_timeout(&self) -> Duration {
        seconds(self.idle_timeout_seconds)
    }

    /// How long a client may take to read its answer.
    #[must_use]
    pub fn write_timeout(&self) -> Duration {
        seconds(self.write_timeout_seconds)
    }

    /// How long a request may take.
    #[must_use]
    pub fn request_timeout(&self) -> Duration {
        seconds(self.request_timeout_seconds)
    }

    /// How long the process goes on serving, as not ready, after it was asked to end.
    #[must_use]
    pub fn drain(&self) -> Duration {
        seconds(self.drain_seconds)
    }

    /// How long requests in progress may take at shutdown.
    #[must_use]
    pub fn shutdown_grace(&self) -> Duration {
        seconds(self.shutdown_grace_seconds)
    }
}

fn seconds(seconds: u32) -> Duration {
    Duration::from_secs(seconds.into())
}

/// What a process is for.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// A developer's machine: codes may be written to the console or to a file, and keys are made up for the
    /// life of the process where none are set.
    Development,
    /// Real people: senders that show codes are refused, keys have to be set.
    Production,
}

impl Mode {
    /// The word in the configuration.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Development => "development",
            Self::Production => "production",
        }
    }
}

/// The header in which proxies name the client.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum ForwardingHeader {
    /// `Forwarded` (RFC 7239), its `for` parameter.
    Forwarded,
    /// `X-Forwarded-For`.
    XForwardedFor,
}

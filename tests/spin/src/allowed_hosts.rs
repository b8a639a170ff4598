//! `allowed_outbound_hosts`: where a component may connect to.

use std::net::IpAddr;

use ipnet::IpNet;
use url::{Host, Url};

/// The entries of a manifest: `<scheme>://<host>[:<port>]`, each part possibly `*`.
#[derive(Clone, Debug, Default)]
pub(crate) struct AllowedHosts(Vec<Entry>);

#[derive(Clone, Debug)]
struct Entry {
    /// Any, where there is none.
    scheme: Option<String>,
    host: AllowedHost,
    ports: Ports,
}

#[derive(Clone, Debug)]
enum AllowedHost {
    Any,
    Literal(Host),
    Network(IpNet),
    /// A suffix that begins with a dot.
    SubdomainOf(String),
}

#[derive(Clone, Debug)]
enum Ports {
    Any,
    /// The end is not included.
    Range(u16, u16),
    Single(u16),
}

impl AllowedHosts {
    /// Reads the entries, after their templates were resolved. Spin skips those that an optional variable left
    /// empty, and so does this.
    ///
    /// # Errors
    ///
    /// Names the entry that can't be read, and why.
    pub(crate) fn parse(entries: &[String]) -> Result<Self, String> {
        let present =
            entries.iter().filter(|entry| !matches!(entry.as_str(), "" | "http://" | "https://"));
        let parsed = present.map(|entry| {
            Entry::parse(entry.trim())
                .map_err(|reason| format!("allowed_outbound_hosts: {entry:?}: {reason}"))
        });
        parsed.collect::<Result<_, _>>().map(Self)
    }

    /// Whether a connection to `address` is allowed; `scheme` is its scheme where it names none.
    pub(crate) fn allow(&self, address: &str, scheme: &str) -> bool {
        let parsed = Url::parse(address).ok().filter(Url::has_host);
        let Some(url) = parsed.or_else(|| Url::parse(&format!("{scheme}://{address}")).ok()) else {
            return false;
        };
        let Some(host) = url.host_str().and_then(|host| Host::parse(host).ok()) else {
            return false;
        };
        let port = url.port().or_else(|| well_known_port(url.scheme()));
        self.0.iter().any(|entry| {
            entry.scheme.as_deref().is_none_or(|scheme| scheme == url.scheme())
                && entry.host.allows(&host)
                && entry.ports.allow(port)
        })
    }
}

impl Entry {
    fn parse(text: &str) -> Result<Self, String> {
        let (scheme, rest) = text.split_once("://").ok_or("it has no scheme, like `http://`")?;
        let any_scheme = scheme == "*";
        if !any_scheme && (scheme.is_empty() || !scheme.chars().all(char::is_alphabetic)) {
            return Err("the scheme may hold letters only, or be `*`".into());
        }
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (host, ports) = match rest.rsplit_once(':') {
            // The last colon may be one of an IPv6 address.
            Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
            _ => (rest, None),
        };
        Ok(Self {
            host: AllowedHost::parse(host)?,
            ports: Ports::parse(ports, scheme)?,
            scheme: (!any_scheme).then(|| scheme.to_owned()),
        })
    }
}

impl AllowedHost {
    fn parse(text: &str) -> Result<Self, String> {
        if text == "*" {
            return Ok(Self::Any);
        }
        if text == "self" || text == "self.alt" {
            return Err("requests to the app itself are not offered by the stand-in".into());
        }
        if let Ok(network) = text.parse::<IpNet>() {
            return Ok(Self::Network(network));
        }
        if text.contains('/') {
            return Err("it must not have a path".into());
        }
        let invalid = |error| format!("{text:?} is no host: {error}");
        if let Some(domain) = text.strip_prefix("*.") {
            return match Host::parse(domain).map_err(invalid)? {
                Host::Domain(domain) if !domain.contains('*') => {
                    Ok(Self::SubdomainOf(format!(".{domain}")))
                }
                _ => Err("after `*.` there must be a domain".into()),
            };
        }
        if text.contains('*') {
            return Err("`*` stands for the whole host or its first part only".into());
        }
        Host::parse(text).map(Self::Literal).map_err(invalid)
    }

    fn allows(&self, host: &Host) -> bool {
        match (self, host) {
            (Self::Any, _) => true,
            (Self::Literal(literal), host) => literal == host,
            (Self::Network(network), Host::Ipv4(address)) => {
                network.contains(&IpAddr::from(*address))
            }
            (Self::Network(network), Host::Ipv6(address)) => {
                network.contains(&IpAddr::from(*address))
            }
            (Self::SubdomainOf(suffix), Host::Domain(domain)) => domain.ends_with(suffix.as_str()),
            (Self::Network(_) | Self::SubdomainOf(_), _) => false,
        }
    }
}

impl Ports {
    fn parse(text: Option<&str>, scheme: &str) -> Result<Self, String> {
        let number = |text: &str| text.parse::<u16>().map_err(|_| format!("{text:?} is no port"));
        match text {
            None | Some("") => well_known_port(scheme)
                .map(Self::Single)
                .ok_or_else(|| format!("it names no port, and {scheme:?} has no usual one")),
            Some("*") => Ok(Self::Any),
            Some(text) => match text.split_once("..") {
                Some((first, end)) => Ok(Self::Range(number(first)?, number(end)?)),
                None => number(text).map(Self::Single),
            },
        }
    }

    fn allow(&self, port: Option<u16>) -> bool {
        match *self {
            Self::Any => true,
            Self::Range(first, end) => port.is_some_and(|port| (first..end).contains(&port)),
            Self::Single(only) => port == Some(only),
        }
    }
}

fn well_known_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" => Some(80),
        "https" => Some(443),
        "mqtt" => Some(1883),
        "mysql" => Some(3306),
        "postgres" => Some(5432),
        "redis" => Some(6379),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(entry: &str, address: &str, scheme: &str) -> bool {
        AllowedHosts::parse(&[entry.to_owned()]).unwrap().allow(address, scheme)
    }

    #[test]
    fn only_what_an_entry_names_is_allowed() {
        for (entry, address, scheme, expected) in [
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080/send?x=1", "https", true),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8081/", "https", false),
            ("http://127.0.0.1:*", "http://127.0.0.1:8081/", "https", true),
            ("http://127.0.0.1:8080..8082", "http://127.0.0.1:8081/", "https", true),
            ("http://127.0.0.1:8080..8082", "http://127.0.0.1:8082/", "https", false),
            ("https://api.example.com", "https://api.example.com/v1", "https", true),
            ("https://api.example.com", "http://api.example.com/v1", "https", false),
            ("https://*.example.com", "https://api.example.com/", "https", true),
            ("https://*.example.com", "https://example.com/", "https", false),
            ("https://*.example.com", "https://evil-example.com/", "https", false),
            ("redis://127.0.0.1:6379", "redis://user:pass@127.0.0.1:6379/2", "redis", true),
            ("redis://127.0.0.1", "127.0.0.1:6379", "redis", true),
            ("redis://10.0.0.0/8:*", "redis://10.1.2.3:7000", "redis", true),
            ("redis://10.0.0.0/8:*", "redis://11.1.2.3:7000", "redis", false),
            ("http://[::1]:80", "http://[::1]/", "https", true),
            ("*://*:*", "https://anywhere.example:1234/", "https", true),
        ] {
            assert_eq!(allowed(entry, address, scheme), expected, "{entry} for {address}");
        }
    }

    #[test]
    fn bad_entries_are_named_with_the_reason() {
        for (entry, reason) in [
            ("example.com", "no scheme"),
            ("http://example.com/path", "path"),
            ("foo://example.com", "no port"),
            ("http://exa*mple.com", "`*`"),
            ("http://example.com:http", "no port"),
            ("http://self", "not offered"),
        ] {
            let error = AllowedHosts::parse(&[entry.to_owned()]).unwrap_err();
            assert!(error.contains(entry) && error.contains(reason), "{error}");
        }
    }

    #[test]
    fn what_an_empty_variable_left_is_skipped() {
        let hosts = AllowedHosts::parse(&[String::new(), "https://".into()]).unwrap();
        assert!(!hosts.allow("https://example.com", "https"));
    }
}

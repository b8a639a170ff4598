//! Whose request it is: the socket's address, or what a proxy that we trust says.
//!
//! A client may send the forwarding header too, so it is believed from the right: each proxy appends whom it saw.
//! Addresses of trusted proxies are passed over; the first other one is the client's. Where the chain can't be
//! read, whoever is furthest left of what could be is taken: never an address that a client may have made up.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, HeaderName, header};
use ipnet::IpNet;

use crate::config::{ForwardingHeader, ServerSettings};

/// Tells clients' addresses.
#[derive(Clone, Debug)]
pub struct ClientAddresses {
    trusted: Vec<IpNet>,
    header: ForwardingHeader,
}

impl ClientAddresses {
    /// Trusts whom `settings` trust.
    #[must_use]
    pub fn new(settings: &ServerSettings) -> Self {
        Self { trusted: settings.trusted_proxies.clone(), header: settings.forwarding_header }
    }

    /// The address of whoever sent `headers`, by way of `peer`.
    #[must_use]
    pub fn of(&self, headers: &HeaderMap, peer: IpAddr) -> IpAddr {
        let mut address = peer.to_canonical();
        if !self.trusts(address) {
            return address;
        }
        for hop in self.hops(headers) {
            let Some(hop) = hop else { break };
            address = hop;
            if !self.trusts(address) {
                break;
            }
        }
        address
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.trusted.iter().any(|network| network.contains(&address))
    }

    /// The addresses in the header, the last first; nothing for one that can't be read.
    fn hops<'a>(&self, headers: &'a HeaderMap) -> impl Iterator<Item = Option<IpAddr>> + 'a {
        const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
        let (name, read): (_, fn(&str) -> Option<IpAddr>) = match self.header {
            ForwardingHeader::Forwarded => (header::FORWARDED, forwarded_for),
            ForwardingHeader::XForwardedFor => (X_FORWARDED_FOR, node),
        };
        let lines: Vec<&str> =
            headers.get_all(name).iter().map(|line| line.to_str().unwrap_or_default()).collect();
        let hops: Vec<_> = lines.iter().flat_map(|line| line.split(',')).map(read).collect();
        hops.into_iter().rev()
    }
}

/// The `for` of one element of `Forwarded`.
fn forwarded_for(element: &str) -> Option<IpAddr> {
    element.split(';').find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        if !name.trim().eq_ignore_ascii_case("for") {
            return None;
        }
        node(value.trim().trim_matches('"'))
    })
}

/// An address, with or without a port, IPv6 with or without brackets.
fn node(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    let address = bare.unwrap_or(text).parse().ok();
    let address = address.or_else(|| Some(text.parse::<SocketAddr>().ok()?.ip()));
    address.map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn client(header: ForwardingHeader, lines: &[&str], peer: &str) -> String {
        let settings = ServerSettings {
            trusted_proxies: vec!["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()],
            forwarding_header: header,
            ..ServerSettings::default()
        };
        let mut headers = HeaderMap::new();
        for line in lines {
            let name = match header {
                ForwardingHeader::Forwarded => "forwarded",
                ForwardingHeader::XForwardedFor => "x-forwarded-for",
            };
            headers.append(name, HeaderValue::from_str(line).unwrap());
        }
        let address = ClientAddresses::new(&settings).of(&headers, peer.parse().unwrap());
        address.to_string()
    }

    fn x(lines: &[&str], peer: &str) -> String {
        client(ForwardingHeader::XForwardedFor, lines, peer)
    }

    #[test]
    fn the_header_of_a_stranger_is_ignored() {
        assert_eq!(x(&["1.1.1.1"], "203.0.113.9"), "203.0.113.9");
    }

    #[test]
    fn a_trusted_proxy_is_believed_about_the_last_address_only() {
        assert_eq!(x(&["1.1.1.1, 198.51.100.7"], "10.0.0.1"), "198.51.100.7");
        assert_eq!(x(&["1.1.1.1", "198.51.100.7"], "10.0.0.1"), "198.51.100.7");
    }

    #[test]
    fn trusted_proxies_in_a_row_are_passed_over() {
        assert_eq!(x(&["1.1.1.1, 198.51.100.7, 10.2.3.4,fd00::1"], "10.0.0.1"), "198.51.100.7");
    }

    #[test]
    fn nothing_left_of_what_cannot_be_read_is_believed() {
        assert_eq!(x(&["1.1.1.1, nonsense, 10.2.3.4"], "10.0.0.1"), "10.2.3.4");
        assert_eq!(x(&["1.1.1.1, unknown"], "10.0.0.1"), "10.0.0.1");
        assert_eq!(x(&["1.1.1.1,"], "10.0.0.1"), "10.0.0.1");
        assert_eq!(x(&[], "10.0.0.1"), "10.0.0.1");
    }

    #[test]
    fn ports_brackets_and_mapped_addresses_are_understood() {
        assert_eq!(x(&["198.51.100.7:4711"], "::ffff:10.0.0.1"), "198.51.100.7");
        assert_eq!(x(&["[2001:db8::1]:4711"], "10.0.0.1"), "2001:db8::1");
        assert_eq!(x(&["[2001:db8::1]"], "10.0.0.1"), "2001:db8::1");
        assert_eq!(x(&["::ffff:198.51.100.7"], "10.0.0.1"), "198.51.100.7");
    }

    #[test]
    fn forwarded_is_read_as_its_rfc_says() {
        let forwarded = |line| client(ForwardingHeader::Forwarded, &[line], "10.0.0.1");
        assert_eq!(forwarded("for=1.1.1.1, For=198.51.100.7;proto=https"), "198.51.100.7");
        assert_eq!(forwarded("proto=http;for=\"[2001:db8::1]:4711\""), "2001:db8::1");
        assert_eq!(forwarded("for=1.1.1.1, for=_hidden"), "10.0.0.1");
        assert_eq!(forwarded("for=1.1.1.1, by=10.0.0.2"), "10.0.0.1");
    }

    #[test]
    fn only_the_header_that_is_configured_counts() {
        let settings = ServerSettings {
            trusted_proxies: vec!["10.0.0.0/8".parse().unwrap()],
            ..ServerSettings::default()
        };
        let mut headers = HeaderMap::new();
        headers.append("forwarded", HeaderValue::from_static("for=1.1.1.1"));
        let address = ClientAddresses::new(&settings).of(&headers, "10.0.0.1".parse().unwrap());
        assert_eq!(address.to_string(), "10.0.0.1");
    }
}

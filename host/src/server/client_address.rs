//! Whose request it is: the socket's address, or what a proxy that we trust says.
//!
//! A client may send the forwarding header too, so it is believed from the right: each proxy appends whom it saw.
//! Addresses of trusted proxies are passed over; the first other one is the client's. Where an element can't be read,
//! the address of the proxy that wrote it is taken: never an address that a client may have made up.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::http::{HeaderMap, HeaderName, header};
use countersign_address::{canonical, forwarded, x_forwarded_for};
use ipnet::IpNet;

use crate::config::{ForwardingHeader, ServerSettings};

/// Tells clients' addresses.
#[derive(Clone, Debug)]
pub struct ClientAddresses {
    trusted: Vec<IpNet>,
    header: ForwardingHeader,
    /// Whether the log says that an element could not be read.
    has_warned: Arc<AtomicBool>,
}

impl ClientAddresses {
    /// Trusts whom `settings` trust.
    #[must_use]
    pub fn new(settings: &ServerSettings) -> Self {
        Self {
            trusted: settings.trusted_proxies.clone(),
            header: settings.forwarding_header,
            has_warned: Arc::default(),
        }
    }

    /// The address of the client that sent `headers`, by way of `peer`.
    #[must_use]
    pub fn of(&self, headers: &HeaderMap, peer: IpAddr) -> IpAddr {
        let mut address = canonical(peer);
        if !self.trusts(address) {
            return address;
        }
        for hop in self.hops(headers) {
            let Some(hop) = hop else {
                self.warn_once();
                break;
            };
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
    fn hops(&self, headers: &HeaderMap) -> Vec<Option<IpAddr>> {
        // Signs beyond ASCII make their own element unreadable, not those that proxies appended.
        let lines = headers.get_all(self.header_name()).iter().rev();
        let lines = lines.map(|line| String::from_utf8_lossy(line.as_bytes()));
        match self.header {
            ForwardingHeader::Forwarded => {
                lines.flat_map(|line| forwarded(&line).collect::<Vec<_>>()).collect()
            }
            ForwardingHeader::XForwardedFor => {
                lines.flat_map(|line| x_forwarded_for(&line).collect::<Vec<_>>()).collect()
            }
        }
    }

    const fn header_name(&self) -> HeaderName {
        match self.header {
            ForwardingHeader::Forwarded => header::FORWARDED,
            ForwardingHeader::XForwardedFor => HeaderName::from_static("x-forwarded-for"),
        }
    }

    /// Told once: a client can cause it with every request. The header's text is personal data and isn't repeated.
    fn warn_once(&self) {
        if !self.has_warned.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                header = %self.header_name(),
                "an address in the forwarding header can't be read: the proxy's counts in its place"
            );
        }
    }
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
            headers.append(name, HeaderValue::from_bytes(line.as_bytes()).unwrap());
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
        assert_eq!(x(&["1.1.1.1, 203.0.113.15; 10.0.0.1"], "10.0.0.1"), "10.0.0.1");
        assert_eq!(x(&["203.000.113.012"], "10.0.0.1"), "10.0.0.1");
        assert_eq!(x(&["1.1.1.1", "fe80::1%eth0"], "10.0.0.1"), "10.0.0.1");
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
    fn clients_behind_ports_translators_and_quotation_marks_are_told_apart() {
        let two = [
            ("2001:db8:3:3:1:2:3:4:5001", "2001:db8:4:4:1:2:3:4:5002"),
            ("64:ff9b::203.0.113.50", "64:ff9b::203.0.113.51"),
            ("\"203.0.113.6\"", "\"203.0.113.7\""),
            ("203.0.113.10,", "203.0.113.11, ,"),
        ];
        for (one, other) in two {
            let (one, other) = (x(&[one], "10.0.0.1"), x(&[other], "10.0.0.1"));
            assert!(one != other && one != "10.0.0.1" && other != "10.0.0.1", "{one} {other}");
        }
        assert_eq!(x(&["198.51.100.7"], "64:ff9b::10.0.0.1"), "198.51.100.7");
        assert_eq!(x(&["198.51.100.7, 64:ff9b::10.0.0.2"], "10.0.0.1"), "198.51.100.7");
    }

    #[test]
    fn what_a_client_wrote_hides_nothing_that_a_proxy_appended() {
        assert_eq!(x(&["1.1.1.1, \", 198.51.100.7"], "10.0.0.1"), "198.51.100.7");
        assert_eq!(x(&["\u{e9}", "\u{e9}, 198.51.100.7"], "10.0.0.1"), "198.51.100.7");
        assert_eq!(x(&["1.1.1.1", "\u{e9}"], "10.0.0.1"), "10.0.0.1");
        let forwarded = |line| client(ForwardingHeader::Forwarded, &[line], "10.0.0.1");
        assert_eq!(forwarded("for=1.1.1.1;x=\", for=198.51.100.7;by=\"a,b\""), "198.51.100.7");
    }

    #[test]
    fn what_cannot_be_read_is_told_once() {
        let settings = ServerSettings {
            trusted_proxies: vec!["10.0.0.0/8".parse().unwrap()],
            ..ServerSettings::default()
        };
        let addresses = ClientAddresses::new(&settings);
        let proxy = "10.0.0.1".parse().unwrap();
        let mut headers = HeaderMap::new();
        for (line, client, has_warned) in [
            ("198.51.100.7", "198.51.100.7", false),
            ("unknown", "10.0.0.1", true),
            ("198.51.100.7", "198.51.100.7", true),
        ] {
            headers.append("x-forwarded-for", HeaderValue::from_static(line));
            assert_eq!(addresses.clone().of(&headers, proxy).to_string(), client);
            assert_eq!(addresses.has_warned.load(Ordering::Relaxed), has_warned);
        }
    }

    #[test]
    fn forwarded_is_read_as_its_rfc_says() {
        let forwarded = |line| client(ForwardingHeader::Forwarded, &[line], "10.0.0.1");
        assert_eq!(forwarded("for=1.1.1.1, For=198.51.100.7;proto=https"), "198.51.100.7");
        assert_eq!(forwarded("proto=http;for=\"[2001:db8::1]:4711\""), "2001:db8::1");
        assert_eq!(forwarded("for=203.0.113.31;by=\"a,b\""), "203.0.113.31");
        assert_eq!(forwarded("for=\"203\\.0.113.33\""), "203.0.113.33");
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

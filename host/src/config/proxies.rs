//! `server.trusted_proxies`: the networks whose word about a client counts.

use std::net::IpAddr;

use countersign_settings::problem::Problem;
use ipnet::{IpNet, Ipv4Net};
use schemars::{Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error};

/// What a network of proxies is called in the schema.
pub(super) const FORMAT: &str = "proxy-network";

const PATH: &str = "server.trusted_proxies";
const EVERY_CLIENT: &str = "trusts every client, so that each could claim any address in the forwarding header: name the addresses or networks of the proxies";
const HALF_A_NETWORK: &str = "has bits set behind the prefix of a network: `10.0.0.0/8` is the whole network, `10.1.2.3` the one address";
const NO_NETWORK: &str = "has to be an address or a network: `10.0.0.1`, `10.0.0.0/8`, `fd00::/8`";

/// One address or one network. IPv4 that is mapped into IPv6 is that IPv4, as clients' addresses are.
pub(super) fn parse(text: &str) -> Result<IpNet, &'static str> {
    let network = match text.parse::<IpAddr>() {
        Ok(address) => IpNet::from(address),
        Err(_) => text.parse::<IpNet>().map_err(|_| NO_NETWORK)?,
    };
    let network = unmapped(network);
    match network.prefix_len() {
        0 => Err(EVERY_CLIENT),
        _ if network != network.trunc() => Err(HALF_A_NETWORK),
        _ => Ok(network),
    }
}

fn unmapped(network: IpNet) -> IpNet {
    let IpNet::V6(mapped) = network else { return network };
    let prefix = mapped.prefix_len().checked_sub(96);
    let parts = mapped.addr().to_ipv4_mapped().zip(prefix);
    let plain = parts.and_then(|(address, prefix)| Ipv4Net::new(address, prefix).ok());
    plain.map_or(network, IpNet::V4)
}

/// Finds networks that only together are every client: `0.0.0.0/1` and `128.0.0.0/1`.
pub(super) fn check(networks: &Vec<IpNet>, problems: &mut Vec<Problem>) {
    if IpNet::aggregate(networks).iter().any(|network| network.prefix_len() == 0) {
        problems.push(Problem::new(PATH, EVERY_CLIENT));
    }
}

/// Reads the list.
///
/// # Errors
/// Where an element is no network, or every client.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<IpNet>, D::Error> {
    let texts = Vec::<String>::deserialize(from)?;
    texts.iter().map(|text| parse(text).map_err(D::Error::custom)).collect()
}

pub(super) fn schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "array", "items": { "type": "string", "format": FORMAT } })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_the_network_of_that_address() {
        for (text, network) in [
            ("10.0.0.1", "10.0.0.1/32"),
            ("fd00::1", "fd00::1/128"),
            ("10.0.0.0/8", "10.0.0.0/8"),
            ("::ffff:10.0.0.1", "10.0.0.1/32"),
            ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
            ("::/1", "::/1"),
        ] {
            assert_eq!(parse(text), Ok(network.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn every_client_is_no_proxy() {
        for text in ["0.0.0.0/0", "::/0", "10.0.0.0/0", "::ffff:0:0/96"] {
            assert_eq!(parse(text), Err(EVERY_CLIENT), "{text}");
        }
        let count = |texts: &[&str]| {
            let mut problems = Vec::new();
            let networks = texts.iter().map(|text| parse(text).unwrap()).collect();
            check(&networks, &mut problems);
            problems.len()
        };
        assert_eq!(count(&["0.0.0.0/1", "128.0.0.0/1"]), 1);
        assert_eq!(count(&["::/1", "8000::/2", "c000::/2", "10.0.0.0/8"]), 1);
        assert_eq!(count(&["0.0.0.0/1", "::/1", "fd00::/8"]), 0);
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for text in ["", "nginx", "10.0.0.300", "10.0.0.0/33", "10.0.0.1:80", "10.0.0.0/8/8"] {
            assert_eq!(parse(text), Err(NO_NETWORK), "{text}");
        }
        for text in ["10.1.2.3/8", "10.0.0.1/31", "fd00::1/8", "::ffff:10.1.2.3/104"] {
            assert_eq!(parse(text), Err(HALF_A_NETWORK), "{text}");
        }
    }
}

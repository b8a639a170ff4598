//! How the addresses of clients are written: by callers, and by proxies in their headers.
//!
//! One address is read by [`read`], a line of `X-Forwarded-For` by [`x_forwarded_for`], and one of `Forwarded` by
//! [`forwarded`]. Whether a header is believed is for the server to decide.
//!
//! ```
//! use countersign_address::read;
//!
//! let client = read("[2001:db8::1]:4711").unwrap();
//! assert_eq!(client.to_string(), "2001:db8::1");
//! assert_eq!(read("64:ff9b::203.0.113.50").unwrap().to_string(), "203.0.113.50");
//! assert_eq!(read("203.0.113.7, 10.0.0.1"), None);
//! ```

mod header;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

pub use header::{forwarded, x_forwarded_for};

/// The prefixes of IPv4 addresses that a translator wrote as IPv6 ones, each with the address in the last 32 bits:
/// `64:ff9b::/96` (RFC 6052, section 2.1), and `::ffff:0:0:0/96` of SIIT (RFC 2765, section 2.1).
const TRANSLATED: [u128; 2] = [0x0064_ff9b << 96, 0xffff << 48];
/// The prefix that networks translate with as they like: `64:ff9b:1::/48` (RFC 8215). Its upper 48 bits.
const LOCALLY_TRANSLATED: u128 = 0x0064_ff9b_0001;

/// Reads an address: IPv4, or IPv6 in any form of RFC 4291, section 2.2; with a port behind it or without, in brackets
/// or not, where that can be read in one way only. An IPv6 address that stands for an IPv4 one is given back as
/// [that](canonical). Nothing for any other text, blanks around an address and zones (`fe80::1%eth0`) included.
///
/// A colon and digits behind an IPv6 address without brackets are a port only where they can't be part of the address:
/// `2001:db8:3:3:1:2:3:4:5001`, but not `2001:db8::1:5001`.
#[must_use]
pub fn read(text: &str) -> Option<IpAddr> {
    bare(text).or_else(|| {
        let (address, port) = text.rsplit_once(':')?;
        if is_port(port) { bare(address) } else { None }
    })
}

/// The address, or the IPv4 address that it stands for: `::ffff:0:0/96` (RFC 4291), `64:ff9b::/96` (RFC 6052),
/// `::ffff:0:0:0/96` (RFC 2765), and `64:ff9b:1::/48` (RFC 8215) where that says which one.
#[must_use]
pub fn canonical(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => embedded(address).map_or(IpAddr::V6(address), IpAddr::V4),
        address @ IpAddr::V4(_) => address,
    }
}

fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let bits = address.to_bits();
    let behind = |prefix: u128| u32::try_from(bits ^ prefix).ok().map(Ipv4Addr::from_bits);
    TRANSLATED.into_iter().find_map(behind).or_else(|| locally_embedded(bits))
}

/// The address that a network's own translator wrote behind a prefix of `64:ff9b:1::/48`.
///
/// How long that prefix is, only the network knows, and where the IPv4 address stands depends on it (RFC 6052, section
/// 2.2). It is read in the last 32 bits, where prefixes of 96 bits have it, if the 32 bits before are zero: behind a
/// shorter prefix these hold a part of the address and the last 32 bits are zero, or it would begin with `0.`, which no
/// host's does. The forms of shorter prefixes can't be told from one another and stay IPv6 addresses.
///
/// So do private, shared, local and loopback addresses: this prefix may hold them, and networks that use the same ones
/// behind different prefixes would be taken for each other, or for a proxy that is trusted.
fn locally_embedded(bits: u128) -> Option<Ipv4Addr> {
    if bits >> 80 != LOCALLY_TRANSLATED {
        return None;
    }
    let found = Ipv4Addr::from_bits(u32::try_from(bits & u128::from(u64::MAX)).ok()?);
    let is_of_one_network = match found.octets() {
        [0 | 127, ..] => true,
        [100, second, ..] => second & 0xc0 == 64,
        _ => found.is_private() || found.is_link_local(),
    };
    (!is_of_one_network).then_some(found)
}

/// An address without a port, in brackets or not.
fn bare(text: &str) -> Option<IpAddr> {
    let inner = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    inner.unwrap_or(text).parse().ok().map(canonical)
}

/// A port, or the name that a proxy gives in place of one (`obfport` of RFC 7239, section 6.3).
fn is_port(text: &str) -> bool {
    if let Some(name) = text.strip_prefix('_') {
        return !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    }
    (1..=5).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_digit())
        && text.parse::<u16>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_in_every_way_in_which_it_is_written() {
        for (text, address) in [
            ("203.0.113.7", "203.0.113.7"),
            ("203.0.113.7:51234", "203.0.113.7"),
            ("203.0.113.7:0", "203.0.113.7"),
            ("203.0.113.7:_gateway-1", "203.0.113.7"),
            ("[203.0.113.7]:443", "203.0.113.7"),
            ("2001:db8::1", "2001:db8::1"),
            ("2001:DB8:0:0:0:0:0:1", "2001:db8::1"),
            ("2001:0db8:0000:0000:0000:0000:0000:0001", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("[2001:db8::1]:443", "2001:db8::1"),
            ("[2001:db8::1]:_p", "2001:db8::1"),
            ("2001:db8::1:5001", "2001:db8::1:5001"),
            ("2001:db8:3:3:1:2:3:4:5001", "2001:db8:3:3:1:2:3:4"),
            ("2001:db8::1:51234", "2001:db8::1"),
            ("1:2:3:4:5:6:7:::80", "1:2:3:4:5:6:7:0"),
            ("::1", "::1"),
            ("::", "::"),
            ("::ffff:203.0.113.7", "203.0.113.7"),
            ("::ffff:cb00:7107", "203.0.113.7"),
            ("::ffff:203.0.113.7:51234", "203.0.113.7"),
            ("[::ffff:203.0.113.7]:80", "203.0.113.7"),
            ("0:0:0:0:0:ffff:203.0.113.7", "203.0.113.7"),
            ("64:ff9b::203.0.113.50", "203.0.113.50"),
            ("64:ff9b::cb00:7132", "203.0.113.50"),
            ("64:ff9b::cb00:7132:51234", "203.0.113.50"),
            ("[64:ff9b::203.0.113.50]:80", "203.0.113.50"),
            ("0064:ff9b:0:0:0:0:203.0.113.50", "203.0.113.50"),
            ("64:ff9b::1:cb00:7132", "64:ff9b::1:cb00:7132"),
            ("::ffff:0:203.0.113.50", "203.0.113.50"),
            ("::ffff:0:cb00:7133", "203.0.113.51"),
            ("[::ffff:0:203.0.113.50]:80", "203.0.113.50"),
            ("::ffff:1:203.0.113.50", "::ffff:1:cb00:7132"),
            ("64:ff9b:1::203.0.113.50", "203.0.113.50"),
            ("64:ff9b:1:fffe::cb00:7133", "203.0.113.51"),
            ("64:ff9b:2::203.0.113.50", "64:ff9b:2::cb00:7132"),
            // Behind prefixes of 48, 56 and 64 bits, and none.
            ("64:ff9b:1:cb00:71:3200::", "64:ff9b:1:cb00:71:3200::"),
            ("64:ff9b:1:cb:0:7132::", "64:ff9b:1:cb:0:7132::"),
            ("64:ff9b:1:0:cb:71:3200::", "64:ff9b:1:0:cb:71:3200:0"),
            ("64:ff9b:1:cb00::", "64:ff9b:1:cb00::"),
            ("64:ff9b:1::1:cb00:7132", "64:ff9b:1::1:cb00:7132"),
            ("64:ff9b:1::127.0.0.1", "64:ff9b:1::7f00:1"),
            ("64:ff9b:1::10.0.0.1", "64:ff9b:1::a00:1"),
            ("64:ff9b:1::169.254.0.1", "64:ff9b:1::a9fe:1"),
            ("64:ff9b:1::100.64.0.1", "64:ff9b:1::6440:1"),
            ("64:ff9b:1::100.128.0.1", "100.128.0.1"),
        ] {
            let found = read(text).map(|address| address.to_string());
            assert_eq!(found.as_deref(), Some(address), "{text}");
        }
    }

    #[test]
    fn any_other_text_is_no_address() {
        for text in [
            "",
            " ",
            ":",
            "[]",
            "localhost",
            "unknown",
            "_hidden",
            "1.2.3",
            "1.2.3.256",
            "1.2.3.4/8",
            "203.000.113.012",
            "0xcb.0.0x71.7",
            "3405803783",
            " 203.0.113.7",
            "203.0.113.7 ",
            "203.0.113.7:",
            "203.0.113.7:65536",
            "203.0.113.7:080000",
            "203.0.113.7:+80",
            "203.0.113.7:80:90",
            "203.0.113.7:_",
            "203.0.113.7:_a b",
            "203.0.113.7, 10.0.0.1",
            "203.0.113.7; 10.0.0.1",
            "\"203.0.113.7\"",
            "fe80::1%eth0",
            "[fe80::1%25eth0]:80",
            "[2001:db8::1",
            "2001:db8::1]",
            "[[2001:db8::1]]",
            "[2001:db8::1]443",
            "2001:db8:1",
            "1:2:3:4:5:6:7:8:9:10",
            "1::2::3",
            "12345::1",
            "203.0.113.7:\u{663}",
        ] {
            assert_eq!(read(text), None, "{text:?}");
        }
    }
}

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

use std::net::{IpAddr, Ipv4Addr};

pub use header::{forwarded, x_forwarded_for};

/// The prefix of IPv4 addresses that a translator wrote as IPv6 ones: `64:ff9b::/96` (RFC 6052, section 2.1).
const TRANSLATED: u128 = 0x0064_ff9b << 96;

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

/// The address, or the IPv4 address that it stands for: `::ffff:0:0/96` (RFC 4291) and `64:ff9b::/96` (RFC 6052).
#[must_use]
pub fn canonical(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => match u32::try_from(address.to_bits() ^ TRANSLATED) {
            Ok(embedded) => IpAddr::V4(Ipv4Addr::from_bits(embedded)),
            Err(_) => IpAddr::V6(address),
        },
        address @ IpAddr::V4(_) => address,
    }
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
            ("64:ff9b:1::203.0.113.50", "64:ff9b:1::cb00:7132"),
            ("64:ff9b::1:cb00:7132", "64:ff9b::1:cb00:7132"),
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

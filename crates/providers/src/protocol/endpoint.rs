//! URLs that an operator gives.
//!
//! `http::Uri` reads them, which the edge app links anyway: `url` would add 206 kB to its 2.5 MB for IDNA tables. It would
//! also mend what is refused here (`https://127.1`, a `\` for a `/`), and the operator's text would not be what is called.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use http::Uri;
use http::uri::Scheme;

const MAX_BYTES: usize = 2048;

/// Reads a URL that codes may be sent to: `https://`, or `http://` to a loopback host, where the network has no
/// part in it.
///
/// # Errors
/// What it has to be. The URL itself is not repeated: its path may hold a token.
pub(crate) fn parse(text: &str) -> Result<Uri, &'static str> {
    if text.len() > MAX_BYTES {
        return Err("has to be at most 2,048 bytes long");
    }
    if !text.bytes().all(may_stand_in_a_url) {
        return Err(
            "has to be an https URL without spaces, control characters or signs that no URL holds; in a path they are percent-encoded",
        );
    }
    // `Uri` would drop it without a word.
    if text.contains('#') {
        return Err("must not have a fragment (`#…`): it is never sent");
    }
    let uri: Uri = text.parse().map_err(|_| "has to be an https URL")?;
    let (Some(scheme), Some(authority)) = (uri.scheme(), uri.authority()) else {
        return Err("has to be an https URL");
    };
    if authority.as_str().contains('@') {
        return Err("must not hold a user name or a password");
    }
    let host = authority.host();
    if !is_host(host) {
        return Err("has no host name or address that could be called");
    }
    let port = authority.as_str().strip_prefix(host).unwrap_or_default();
    if !port.is_empty() && !is_port(port) {
        return Err("has a port that isn't 1 to 65,535");
    }
    if *scheme == Scheme::HTTPS || (*scheme == Scheme::HTTP && is_loopback(host)) {
        Ok(uri)
    } else {
        Err("has to be an https URL: http:// is for loopback hosts only")
    }
}

/// Reads the URL that a provider's paths follow: as [`parse`], without a query. What it gives ends in no slash.
///
/// # Errors
/// What it has to be.
pub(crate) fn base(text: &str) -> Result<String, &'static str> {
    if parse(text)?.query().is_some() {
        return Err("must not have a query (`?…`): the provider's own paths follow it");
    }
    Ok(text.trim_end_matches('/').to_owned())
}

/// Reads an origin: scheme and host, with a port where it isn't the scheme's. What it gives is written as [`origin`]
/// writes it.
///
/// # Errors
/// What it has to be.
pub(crate) fn parse_origin(text: &str) -> Result<String, &'static str> {
    let uri = parse(text)?;
    // Spin, which reads it too, knows no other.
    if !text.starts_with("https://") && !text.starts_with("http://") {
        return Err("has to begin with `https://`, in small letters");
    }
    if uri.path() != "/" || uri.query().is_some() {
        return Err("has to be an origin, such as `https://api.example.com`, without a path");
    }
    Ok(origin(&uri))
}

/// The origin of a URL that was read here.
pub(crate) fn origin(uri: &Uri) -> String {
    let scheme = uri.scheme_str().unwrap_or_default();
    let host = uri.host().unwrap_or_default();
    // An IPv6 address is written in many ways.
    let address = bracketed(host).and_then(|address| address.parse::<Ipv6Addr>().ok());
    let host = address.map_or_else(|| host.to_owned(), |address| format!("[{address}]"));
    let usual = if uri.scheme() == Some(&Scheme::HTTP) { 80 } else { 443 };
    let port = uri.port_u16().filter(|port| *port != usual);
    let port = port.map_or_else(String::new, |port| format!(":{port}"));
    format!("{scheme}://{host}{port}").to_ascii_lowercase()
}

/// The origin of a URL that was read here and is kept as a text.
pub(crate) fn origin_of(url: &str) -> String {
    url.parse().as_ref().map(origin).unwrap_or_default()
}

/// The characters of RFC 3986.
fn may_stand_in_a_url(byte: u8) -> bool {
    byte.is_ascii_graphic()
        && !matches!(byte, b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}')
}

fn is_host(host: &str) -> bool {
    if let Some(address) = bracketed(host) {
        return address.parse::<Ipv6Addr>().is_ok();
    }
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    // `127.1` and `0x7f000001` mean an address to some resolvers: only the full form is one here.
    let is_number = host.rsplit('.').next().is_some_and(|last| {
        last.bytes().all(|byte| byte.is_ascii_digit()) || last.starts_with("0x")
    });
    host.len() <= 253
        && host.split('.').all(is_label)
        && (!is_number || host.parse::<Ipv4Addr>().is_ok())
}

fn is_port(text: &str) -> bool {
    text.strip_prefix(':')
        .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
        .and_then(|digits| digits.parse::<u16>().ok())
        .is_some_and(|port| port > 0)
}

fn is_loopback(host: &str) -> bool {
    let address = bracketed(host).unwrap_or(host);
    host.eq_ignore_ascii_case("localhost")
        || address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn bracketed(host: &str) -> Option<&str> {
    host.strip_prefix('[')?.strip_suffix(']')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_everywhere_and_http_to_loopback() {
        for text in [
            "https://example.com",
            "HTTPS://Example.COM/codes?token=a%20b&x=1",
            "https://example.com?x=1",
            "https://203.0.113.7:8443/",
            "https://[2001:db8::1]/",
            "http://localhost:8080/codes",
            "http://127.0.0.1/",
            "http://127.9.9.9:1/",
            "http://[::1]:8080/",
        ] {
            assert!(parse(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn a_base_ends_without_a_slash_and_has_no_query() {
        assert_eq!(base("https://example.com").unwrap(), "https://example.com");
        assert_eq!(base("https://example.com/").unwrap(), "https://example.com");
        assert_eq!(base("http://[::1]:8080/api//").unwrap(), "http://[::1]:8080/api");
        assert!(base("https://example.com/?a=b").unwrap_err().contains("query"));
        assert!(base("http://example.com/").unwrap_err().contains("loopback"));
    }

    #[test]
    fn an_origin_is_written_in_one_way() {
        for (text, written) in [
            ("https://API.example.com", "https://api.example.com"),
            ("https://api.example.com:443/", "https://api.example.com"),
            ("https://[2001:DB8:0::1]", "https://[2001:db8::1]"),
            ("https://api.example.com:8443", "https://api.example.com:8443"),
            ("http://127.0.0.1:80", "http://127.0.0.1"),
            ("http://[::1]:8080/", "http://[::1]:8080"),
        ] {
            assert_eq!(parse_origin(text).as_deref(), Ok(written), "{text}");
        }
        assert_eq!(origin_of("https://api.example.com:443/v1/send?x=1"), "https://api.example.com");
        for text in [
            "https://api.example.com/v1",
            "HTTPS://api.example.com",
            "https://api.example.com/?a",
            "https://*.example.com",
            "*",
            "api.example.com",
            "http://api.example.com",
            "https://api.example.com:0",
        ] {
            assert!(parse_origin(text).is_err(), "{text}");
        }
    }

    #[test]
    fn everything_else_is_refused_with_its_reason() {
        for (text, reason) in [
            ("", "https URL"),
            ("example.com", "https URL"),
            ("/codes", "https URL"),
            ("*", "https URL"),
            ("ftp://example.com/", "https URL"),
            ("https:/example.com", "https URL"),
            ("https:///codes", "https URL"),
            ("http://example.com/", "loopback"),
            ("http://127.0.0.1.example.com/", "loopback"),
            ("http://localhost.example.com/", "loopback"),
            ("http://[2001:db8::1]/", "loopback"),
            ("http://0.0.0.0/", "loopback"),
            ("https://user@example.com/", "password"),
            ("https://user:pass@example.com/", "password"),
            ("http://localhost@example.com/", "password"),
            ("https://example.com/#a", "fragment"),
            ("https://example.com/a b", "spaces"),
            ("https://example.com/\r\nx: y", "control"),
            ("https://example.com/\0", "control"),
            ("https://example.com/ü", "percent-encoded"),
            ("https://example.com\\@localhost/", "no URL holds"),
            ("https://example.com:0/", "port"),
            ("https://example.com:65536/", "port"),
            ("https://example.com:/", "port"),
            ("https://example..com/", "host"),
            ("https://127.1/", "host"),
            ("http://0x7f000001/", "host"),
            ("https://[::1/", "https URL"),
            ("https://[nonsense]/", "host"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(reason), "{text:?}: {error}");
        }
        let long = format!("https://example.com/{}", "a".repeat(MAX_BYTES));
        assert!(parse(&long).unwrap_err().contains("2,048"));
    }
}

//! The client's address, as the runtime tells it, or a proxy before it.

use std::net::IpAddr;

use axum::http::HeaderMap;

/// The address of the client, out of the header of that name. A client may send the header as well: Spin and proxies put
/// their own after it, in a field of its own or behind a comma, which is the same (RFC 9110, section 5.3). So only
/// the last value counts.
#[must_use]
pub fn client(headers: &HeaderMap, name: &str) -> Option<IpAddr> {
    let field = headers.get_all(name).iter().next_back()?.to_str().ok()?;
    let last = field.rsplit(',').next()?;
    countersign_address::read(last.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client_of(values: &[&str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append("spin-client-addr", value.parse().unwrap());
        }
        client(&headers, "spin-client-addr").map(|address| address.to_string())
    }

    #[test]
    fn the_last_value_is_spins_own() {
        assert_eq!(client_of(&["10.0.0.1:80", "192.0.2.7:4711"]).as_deref(), Some("192.0.2.7"));
        assert_eq!(client_of(&["[2001:db8::1]:443"]).as_deref(), Some("2001:db8::1"));
        assert_eq!(client_of(&["[64:ff9b::192.0.2.7]:443"]).as_deref(), Some("192.0.2.7"));
        assert_eq!(client_of(&["192.0.2.7"]).as_deref(), Some("192.0.2.7"));
        assert_eq!(client_of(&["192.0.2.7:1, 192.0.2.8 "]).as_deref(), Some("192.0.2.8"));
    }

    #[test]
    fn what_cannot_be_read_is_no_address_and_not_the_forged_one_before_it() {
        assert_eq!(client_of(&[]), None);
        assert_eq!(client_of(&["192.0.2.7:1", "unknown"]), None);
        assert_eq!(client_of(&["192.0.2.7:1, unknown"]), None);
        assert_eq!(client_of(&["192.0.2.7:1,"]), None);
    }
}

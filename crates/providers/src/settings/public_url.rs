//! Where providers reach the HTTP surface, as the operator says.

use crate::protocol::endpoint;

/// Bytes of the longest: what is made of it stays below what providers take.
const MAX_BYTES: usize = 1_024;

/// The URL of the callbacks below a public URL: an https URL without a query, or http to a loopback host.
///
/// # Errors
/// What the URL has to be.
pub fn callbacks_url(public_url: &str) -> Result<String, &'static str> {
    if public_url.len() > MAX_BYTES {
        return Err("has to be at most 1,024 bytes long");
    }
    endpoint::parse(public_url)?;
    if public_url.contains('?') {
        return Err("must not have a query");
    }
    Ok(format!("{}/v1/callbacks", public_url.trim_end_matches('/')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callbacks_are_below_the_public_url() {
        for (url, expected) in [
            ("https://otp.example", "https://otp.example/v1/callbacks"),
            ("https://otp.example/", "https://otp.example/v1/callbacks"),
            ("https://example.com/otp/", "https://example.com/otp/v1/callbacks"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080/v1/callbacks"),
        ] {
            assert_eq!(callbacks_url(url).as_deref(), Ok(expected));
        }
        for (url, reason) in [
            ("http://otp.example", "https URL"),
            ("https://otp.example/?a=b", "query"),
            ("otp.example", "https URL"),
        ] {
            assert!(callbacks_url(url).unwrap_err().contains(reason), "{url}");
        }
        let long = format!("https://otp.example/{}", "a".repeat(MAX_BYTES));
        assert!(callbacks_url(&long).unwrap_err().contains("1,024"));
    }
}

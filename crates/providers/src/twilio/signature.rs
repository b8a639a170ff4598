//! `X-Twilio-Signature`: HMAC-SHA1 by the account's auth token over the URL and the parameters.
//!
//! As the [security page](https://www.twilio.com/docs/usage/security#validating-requests) has it: the URL as Twilio was
//! given it, its query included, then the name and the value of each parameter of the body, decoded, sorted by name,
//! with nothing between; in base64. From the helper libraries, not from the page: several values of a name are sorted
//! and each counts once, and either form of the URL may have been signed, with its port or without ("signature
//! generation on the back end is inconsistent"). There is no time in it: a report that was intercepted could be sent again.

use countersign_contract::Secret;
use data_encoding::BASE64;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

/// The header of Twilio's signatures.
pub const SIGNATURE_HEADER: &str = "x-twilio-signature";

/// Parameters of a body, decoded.
pub(super) type Parameters = Vec<(String, String)>;

/// Whether `signature` is one of `auth_token` over a `POST` of `parameters` to the URL.
pub(super) fn is_good(
    auth_token: &Secret<String>,
    signature: &[u8],
    url: &str,
    query: Option<&str>,
    parameters: &Parameters,
) -> bool {
    let Ok(signature) = BASE64.decode(signature) else { return false };
    let mut parameters: Vec<_> = parameters.iter().collect();
    parameters.sort_unstable();
    parameters.dedup();
    let Ok(key) = Hmac::<Sha1>::new_from_slice(auth_token.expose().as_bytes()) else {
        return false;
    };
    let is_of = |url: &String| {
        let mut mac = key.clone();
        mac.update(url.as_bytes());
        if let Some(query) = query {
            mac.update(b"?");
            mac.update(query.as_bytes());
        }
        for (name, value) in &parameters {
            mac.update(name.as_bytes());
            mac.update(value.as_bytes());
        }
        mac.verify_slice(&signature).is_ok()
    };
    forms(url).iter().any(is_of)
}

/// The URL with its port and without.
fn forms(url: &str) -> Vec<String> {
    let Some((scheme, rest)) = url.split_once("://") else { return vec![url.to_owned()] };
    let end = rest.find('/').unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => (host, port),
        _ => (authority, if scheme == "http" { "80" } else { "443" }),
    };
    vec![format!("{scheme}://{host}{path}"), format!("{scheme}://{host}:{port}{path}")]
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "https://mycompany.com/myapp.php";
    const QUERY: Option<&str> = Some("foo=1&bar=2");
    const SIGNATURE: &str = "RSOYDt4T1cUTdK1PDd93/VVr8B8=";

    fn token() -> Secret<String> {
        Secret::new("12345".into())
    }

    fn parameters(pairs: &[(&str, &str)]) -> Parameters {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    /// Those of the tests of twilio-python and twilio-node.
    fn theirs() -> Parameters {
        parameters(&[
            ("To", "+18005551212"),
            ("CallSid", "CA1234567890ABCDE"),
            ("Digits", "1234"),
            ("From", "+14158675309"),
            ("Caller", "+14158675309"),
        ])
    }

    #[test]
    fn the_libraries_own_vectors_are_good_with_and_without_a_port() {
        for (url, signature) in [
            (URL, SIGNATURE),
            // Signed without the port, though Twilio was given one.
            ("https://mycompany.com:1234/myapp.php", SIGNATURE),
            // Signed with the port.
            (URL, "kvajT1Ptam85bY51eRf/AJRuM3w="),
            ("http://mycompany.com/myapp.php", "0ZXoZLH/DfblKGATFgpif+LLRf4="),
            ("http://mycompany.com:1234/myapp.php", "Zmvh+3yNM1Phv2jhDCwEM3q5ebU="),
        ] {
            assert!(is_good(&token(), signature.as_bytes(), url, QUERY, &theirs()), "{url}");
        }
    }

    #[test]
    fn several_values_of_a_name_are_sorted_and_each_counts_once() {
        let parameters = parameters(&[
            ("Sid", "CA123"),
            ("SidAccount", "AC123"),
            ("Digits", "5678"),
            ("Digits", "1234"),
            ("Digits", "1234"),
        ]);
        assert!(is_good(&token(), b"IK+Dwps556ElfBT0I3Rgjkr1wJU=", URL, QUERY, &parameters));
    }

    #[test]
    fn whatever_was_changed_is_not_good() {
        let mut other = theirs();
        other[2].1 = "1235".into();
        let mut more = theirs();
        more.push(("Digits".into(), "9".into()));
        let fewer = theirs()[1..].to_vec();
        for parameters in [other, more, fewer, Parameters::new()] {
            assert!(!is_good(&token(), SIGNATURE.as_bytes(), URL, QUERY, &parameters));
        }
        let is_good = |token: &str, signature: &str, url, query| {
            is_good(&Secret::new(token.into()), signature.as_bytes(), url, query, &theirs())
        };
        assert!(is_good("12345", SIGNATURE, URL, QUERY));
        assert!(!is_good("12346", SIGNATURE, URL, QUERY));
        assert!(!is_good("12345", SIGNATURE, URL, Some("foo=1&bar=3")));
        assert!(!is_good("12345", SIGNATURE, URL, None));
        assert!(!is_good("12345", SIGNATURE, "https://mycompany.org/myapp.php", QUERY));
        assert!(!is_good("12345", SIGNATURE, "http://mycompany.com/myapp.php", QUERY));
        for signature in ["", "RSOYDt4T1cUTdK1PDd93/VVr8B8", "RSOYDt4T1cUTdK1PDd93/VVr", "?"] {
            assert!(!is_good("12345", signature, URL, QUERY), "{signature}");
        }
    }
}

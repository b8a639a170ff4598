//! Where the server is and who we are to it.

use countersign_contract::Secret;
use redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo, ProtocolVersion};

use crate::stores::error::OpenError;

/// The address in a setting. Nothing of the URL is ever in an error: it may hold a password.
pub(super) fn from(url: Option<&Secret<String>>) -> Result<ConnectionInfo, OpenError> {
    match url {
        Some(url) => parse(url.expose()),
        None => Err(refused("missing: give `url` or `url_file`")),
    }
}

fn parse(url: &str) -> Result<ConnectionInfo, OpenError> {
    let (scheme, _) = url.split_once(':').unwrap_or((url, ""));
    if matches!(scheme.to_ascii_lowercase().as_str(), "rediss" | "valkeys") {
        let reason = "TLS is not supported yet, and it is not silently left out: use redis:// over a trusted network";
        return Err(refused(reason));
    }
    let malformed = || refused("not of the form redis://user:password@host:port/database");
    let info = url.into_connection_info().map_err(|_| malformed())?;
    if !matches!(info.addr(), ConnectionAddr::Tcp(..) | ConnectionAddr::Unix(_)) {
        return Err(malformed());
    }
    let login = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP2);
    let login = login.set_lib_name("countersign", env!("CARGO_PKG_VERSION"));
    Ok(info.set_redis_settings(login))
}

fn refused(reason: &str) -> OpenError {
    OpenError::Setting { name: "url", reason: reason.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(url: Option<&Secret<String>>) -> String {
        let error = from(url).unwrap_err();
        let text = format!("{error} {error:?} {url:?}");
        assert!(!text.contains("hunter2"), "{text}");
        text
    }

    fn secret(url: &str) -> Secret<String> {
        Secret::new(url.into())
    }

    #[test]
    fn user_password_and_database_are_taken_from_the_url() {
        let info = from(Some(&secret("redis://ann:hunter2@example.org:7000/5"))).unwrap();
        assert!(matches!(info.addr(), ConnectionAddr::Tcp(host, 7000) if host == "example.org"));
        assert_eq!(info.redis_settings().username(), Some("ann"));
        assert_eq!(info.redis_settings().password(), Some("hunter2"));
        assert_eq!(info.redis_settings().db(), 5);
    }

    #[test]
    fn tls_is_refused_rather_than_left_out() {
        for url in [
            "rediss://ann:hunter2@localhost",
            "REDISS://:hunter2@localhost#insecure",
            "valkeys://:hunter2@x",
        ] {
            assert!(refusal(Some(&secret(url))).contains("TLS"), "{url}");
        }
    }

    #[test]
    fn a_bad_url_is_refused_without_showing_its_password() {
        for url in [
            "",
            "localhost",
            "http://ann:hunter2@host",
            "redis://:hunter2@host/five",
            "redis://:hunter2@",
        ] {
            assert!(refusal(Some(&secret(url))).contains("store.url"), "{url}");
        }
    }

    #[test]
    fn without_a_url_both_ways_to_give_one_are_named() {
        assert!(refusal(None).contains("`url_file`"));
    }
}

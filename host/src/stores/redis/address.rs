//! Where the server is and who we are to it.

use countersign_contract::Secret;
use redis::{ConnectionAddr, IntoConnectionInfo, ProtocolVersion, RedisConnectionInfo};

use crate::stores::error::OpenError;
use crate::stores::tls::{Encryption, TlsSettings};

/// A server, and how it is talked to.
#[derive(Clone)]
pub(super) struct Address {
    pub(super) server: ConnectionAddr,
    pub(super) access: Access,
}

/// Who we are, and what encrypts.
#[derive(Clone)]
pub(super) struct Access {
    pub(super) login: RedisConnectionInfo,
    /// Nothing where connections are in plain text.
    pub(super) encryption: Option<Encryption>,
}

/// The address in a setting. Nothing of the URL is ever in an error: it may hold a password.
pub(super) fn from(url: Option<&Secret<String>>, tls: &TlsSettings) -> Result<Address, OpenError> {
    match url {
        Some(url) => parse(url.expose(), tls),
        None => Err(refused("missing: give `url` or `url_file`")),
    }
}

fn parse(url: &str, tls: &TlsSettings) -> Result<Address, OpenError> {
    let (scheme, rest) = url.split_once(':').unwrap_or((url, ""));
    let is_encrypted = matches!(&*scheme.to_ascii_lowercase(), "rediss" | "valkeys");
    let encryption = if is_encrypted {
        if rest.contains('#') {
            let reason = "what follows `#` is not supported: certificates are always verified; `tls.ca_file` names an \
                          authority of your own, and `tls.server_name` another name";
            return Err(refused(reason));
        }
        Some(tls.read()?)
    } else if tls.is_given() {
        return Err(refused("`tls` is given: it needs rediss:// or valkeys://"));
    } else {
        None
    };
    let malformed = || refused("not of the form redis://user:password@host:port/database");
    // The client library is built without TLS, which is ours.
    let plain = if is_encrypted { format!("redis:{rest}") } else { url.to_owned() };
    let info = plain.into_connection_info().map_err(|_| malformed())?;
    if !matches!(info.addr(), ConnectionAddr::Tcp(..) | ConnectionAddr::Unix(_)) {
        return Err(malformed());
    }
    let login = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP2);
    let login = login.set_lib_name("countersign", env!("CARGO_PKG_VERSION"));
    Ok(Address { server: info.addr().clone(), access: Access { login, encryption } })
}

/// A server given as `host:port`, or as `[address]:port` where the address is IPv6.
pub(super) fn host_and_port(text: &str) -> Option<ConnectionAddr> {
    let (host, port) = text.rsplit_once(':')?;
    let host = match host.strip_prefix('[') {
        Some(host) => host.strip_suffix(']')?,
        None if host.contains(':') => return None,
        None => host,
    };
    let port: u16 = port.parse().ok().filter(|port| *port > 0)?;
    let is_host = !host.is_empty() && !host.contains(['/', '@', ' ']);
    is_host.then(|| ConnectionAddr::Tcp(host.to_owned(), port))
}

fn refused(reason: &str) -> OpenError {
    OpenError::Setting { name: "url", reason: reason.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from_url(url: &str) -> Result<Address, OpenError> {
        from(Some(&Secret::new(url.into())), &TlsSettings::default())
    }

    fn refusal(url: &str) -> String {
        let error = from_url(url).err().unwrap();
        let text = format!("{error} {error:?}");
        assert!(!text.contains("hunter2"), "{text}");
        text
    }

    #[test]
    fn user_password_and_database_are_taken_from_the_url() {
        for (url, is_encrypted) in [
            ("redis://ann:hunter2@example.org:7000/5", false),
            ("rediss://ann:hunter2@example.org:7000/5", true),
            ("VALKEYS://ann:hunter2@example.org:7000/5", true),
        ] {
            let Address { server, access } = from_url(url).unwrap();
            assert!(matches!(server, ConnectionAddr::Tcp(host, 7000) if host == "example.org"));
            assert_eq!(access.login.username(), Some("ann"));
            assert_eq!(access.login.password(), Some("hunter2"));
            assert_eq!(access.login.db(), 5);
            assert_eq!(access.encryption.is_some(), is_encrypted, "{url}");
        }
    }

    #[test]
    fn verification_cannot_be_left_out() {
        for url in ["rediss://:hunter2@localhost#insecure", "REDISS://:hunter2@localhost/0#x"] {
            assert!(refusal(url).contains("always verified"), "{url}");
        }
    }

    #[test]
    fn tls_settings_without_tls_are_refused() {
        let tls = TlsSettings { server_name: Some("x".into()), ..TlsSettings::default() };
        let error = from(Some(&Secret::new("redis://localhost".into())), &tls).err().unwrap();
        assert!(error.to_string().contains("needs rediss://"), "{error}");
    }

    #[test]
    fn a_bad_url_is_refused_without_showing_its_password() {
        for url in [
            "",
            "localhost",
            "http://ann:hunter2@host",
            "redis://:hunter2@host/five",
            "redis://:hunter2@",
            "rediss:",
            "rediss://:hunter2@host/five",
        ] {
            assert!(refusal(url).contains("store.url"), "{url}");
        }
    }

    #[test]
    fn without_a_url_both_ways_to_give_one_are_named() {
        let error = from(None, &TlsSettings::default()).err().unwrap();
        assert!(error.to_string().contains("`url_file`"));
    }

    #[test]
    fn a_server_is_a_host_and_a_port() {
        let addr = |host: &str, port| Some(ConnectionAddr::Tcp(host.into(), port));
        assert_eq!(host_and_port("redis-1.internal:26379"), addr("redis-1.internal", 26_379));
        assert_eq!(host_and_port("[::1]:6379"), addr("::1", 6_379));
        for bad in [
            "",
            "host",
            "host:",
            ":6379",
            "host:0",
            "host:65536",
            "[::1:6379",
            "fe80::1",
            "a b:1",
            "x@y:1",
        ] {
            assert_eq!(host_and_port(bad), None, "{bad}");
        }
    }
}

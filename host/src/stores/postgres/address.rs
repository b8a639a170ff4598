//! Where the server is, who we are to it, and whether the way there is encrypted.

use std::time::Duration;

use countersign_contract::Secret;
use tokio_postgres::Config;
use tokio_postgres::config::{SslMode, TargetSessionAttrs};

use super::hosts::{Host, Hosts, Place};
use crate::stores::error::OpenError;

/// How long a peer may leave our bytes unacknowledged, and how long silence lasts before it is probed.
const PEER_TIMEOUT: Duration = Duration::from_secs(10);

/// A server, and how to log in there.
pub(super) struct Address {
    /// All of it, the password included: never shown.
    pub(super) hosts: Hosts,
    /// Whether the way there is encrypted.
    pub(super) is_encrypted: bool,
    /// Its hosts and ports, and nothing else of its URL.
    pub(super) shown: String,
}

/// The address in a setting. Nothing of the URL but the names of its options is ever in an error: it may hold a password.
pub(super) fn from(url: Option<&Secret<String>>) -> Result<Address, OpenError> {
    match url {
        Some(url) => parse(url.expose()),
        None => Err(refused("missing: give `url` or `url_file`")),
    }
}

fn parse(url: &str) -> Result<Address, OpenError> {
    let malformed = || refused("not of the form postgresql://user:password@host:port/database");
    let (scheme, _) = url.split_once("://").ok_or_else(malformed)?;
    if !matches!(scheme, "postgres" | "postgresql") {
        return Err(malformed());
    }
    let (rest, options) = url.split_once('?').unwrap_or((url, ""));
    let mut mode = None;
    let mut kept = Vec::new();
    for option in options.split('&').filter(|option| !option.is_empty()) {
        let (name, value) = option.split_once('=').unwrap_or((option, ""));
        if name == "sslmode" {
            mode = Some(encryption(value)?);
        } else {
            check_option(name, value)?;
            kept.push(option);
        }
    }
    let mut config: Config =
        format!("{rest}?{}", kept.join("&")).parse().map_err(|_| malformed())?;
    if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
        return Err(malformed());
    }
    if config.get_user().is_none_or(str::is_empty) {
        return Err(refused("names no user: postgresql://user:password@host:port/database"));
    }
    let is_local = |host: &Host| host.is_on_this_machine();
    let named = Hosts::of(&config).map_err(refused)?;
    let is_encrypted = mode.unwrap_or_else(|| !named.all().iter().all(is_local));
    #[cfg(unix)]
    if is_encrypted && named.all().iter().any(|host| matches!(host.at(), Place::Socket(_))) {
        return Err(refused("PostgreSQL has no TLS over a Unix socket: leave out `sslmode`"));
    }
    config.ssl_mode(if is_encrypted { SslMode::Require } else { SslMode::Disable });
    config.target_session_attrs(TargetSessionAttrs::ReadWrite);
    if config.get_application_name().is_none() {
        config.application_name("countersign");
    }
    config.tcp_user_timeout(PEER_TIMEOUT);
    config.keepalives_idle(PEER_TIMEOUT).keepalives_interval(PEER_TIMEOUT / 5);
    let hosts = Hosts::of(&config).map_err(refused)?;
    let shown = hosts.all().iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    Ok(Address { hosts, is_encrypted, shown })
}

/// Whether this `sslmode` encrypts.
fn encryption(mode: &str) -> Result<bool, OpenError> {
    match mode {
        "disable" => Ok(false),
        "require" | "verify-ca" | "verify-full" => Ok(true),
        "allow" | "prefer" => Err(refused(
            "sslmode=prefer and sslmode=allow would go on in plain text where the server, or someone in between, has no \
             TLS: say `sslmode=require`, or `sslmode=disable` over a trusted network",
        )),
        _ => Err(refused("sslmode is none of `require`, `verify-full` and `disable`")),
    }
}

/// Refuses what would be left out, or mean something else.
fn check_option(name: &str, value: &str) -> Result<(), OpenError> {
    match name {
        "sslrootcert" => Err(refused("sslrootcert is not read: set `store.tls.ca_file`")),
        "sslcert" => Err(refused("sslcert is not read: set `store.tls.client_certificate_file`")),
        "sslkey" => Err(refused("sslkey is not read: set `store.tls.client_key_file`")),
        "target_session_attrs" if value != "read-write" => {
            Err(refused("target_session_attrs can only be `read-write`: the store writes"))
        }
        "channel_binding" if value == "require" => Err(refused(
            "channel_binding=require is not supported: leave it out. With TLS the server's certificate and name are always \
             verified, which keeps out a server that only poses as this one",
        )),
        "connect_timeout" => {
            Err(refused("connect_timeout is not read: set `store.connect_timeout_seconds`"))
        }
        "application_name"
        | "channel_binding"
        | "dbname"
        | "host"
        | "hostaddr"
        | "keepalives"
        | "keepalives_idle"
        | "keepalives_interval"
        | "keepalives_retries"
        | "load_balance_hosts"
        | "options"
        | "password"
        | "port"
        | "target_session_attrs"
        | "tcp_user_timeout"
        | "user" => Ok(()),
        // Its name is not repeated: a password with a question mark in it looks like one.
        _ => {
            Err(refused("has an option that is unknown, or a password with `?` in it: write `%3F`"))
        }
    }
}

fn refused(reason: &str) -> OpenError {
    OpenError::Setting { name: "url", reason: reason.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(url: &str) -> String {
        let url = Secret::new(url.to_owned());
        let Err(error) = from(Some(&url)) else { panic!("{} is accepted", url.expose()) };
        let text = format!("{error} {error:?} {url:?}");
        assert!(!text.contains("hunter2"), "{text}");
        text
    }

    #[test]
    fn user_password_hosts_and_database_are_taken_from_the_url() {
        let url = "postgresql://ann:hunter2@one.example:7000,two.example/otp?application_name=x";
        let address = parse(url).unwrap();
        for host in address.hosts.all() {
            let config = host.config(None);
            assert_eq!(config.get_user(), Some("ann"));
            assert_eq!(config.get_password(), Some(b"hunter2".as_slice()));
            assert_eq!(config.get_dbname(), Some("otp"));
            assert_eq!(config.get_target_session_attrs(), TargetSessionAttrs::ReadWrite);
        }
        assert_eq!(address.shown, "one.example:7000,two.example:5432");
    }

    #[test]
    fn all_is_encrypted_but_what_stays_on_this_machine_or_is_meant_to_be_plain() {
        for (url, is_encrypted) in [
            ("postgresql://ann@db.example", true),
            ("postgresql://ann@10.0.0.1/otp", true),
            ("postgresql://ann@localhost,db.example/otp", true),
            ("postgresql://ann@localhost/otp?hostaddr=10.0.0.1", true),
            ("postgresql:///otp?user=ann&hostaddr=10.0.0.1", true),
            ("postgresql:///otp?user=ann&hostaddr=127.0.0.1", false),
            ("postgresql:///otp?user=ann&hostaddr=127.0.0.1&channel_binding=prefer", false),
            ("postgresql://ann@localhost/otp", false),
            ("postgresql://ann@127.0.0.1/otp", false),
            ("postgresql://ann@[::1]/otp", false),
            ("postgresql:///otp?host=/run/postgresql&user=ann", false),
            ("postgresql://ann@localhost/otp?sslmode=require", true),
            ("postgresql://ann@db.example/otp?sslmode=verify-full&application_name=x", true),
            ("postgresql://ann@db.example/otp?sslmode=disable", false),
        ] {
            let address = parse(url).unwrap();
            assert_eq!(address.is_encrypted, is_encrypted, "{url}");
            let mode = if is_encrypted { SslMode::Require } else { SslMode::Disable };
            assert_eq!(address.hosts.all()[0].config(None).get_ssl_mode(), mode, "{url}");
        }
    }

    #[test]
    fn what_would_fall_back_to_plain_text_is_refused() {
        for mode in ["prefer", "allow"] {
            let text = refusal(&format!("postgresql://ann:hunter2@db.example/otp?sslmode={mode}"));
            assert!(text.contains("plain text"), "{text}");
        }
    }

    #[test]
    fn tls_over_a_socket_is_refused() {
        let text = refusal("postgresql:///otp?host=/run/postgresql&user=ann&sslmode=require");
        assert!(text.contains("leave out `sslmode`"), "{text}");
    }

    #[test]
    fn options_that_would_be_left_out_are_refused() {
        for (option, told) in [
            ("sslrootcert=/ca.pem", "store.tls.ca_file"),
            ("sslkey=/key.pem", "store.tls.client_key_file"),
            ("target_session_attrs=any", "read-write"),
            ("channel_binding=require", "channel_binding=require is not supported: leave it out"),
            ("passfile=x", "an option that is unknown"),
            ("sslmode=hunter2", "none of"),
            ("%70=hunter2", "an option that is unknown"),
        ] {
            let text = refusal(&format!("postgresql://ann:hunter2@db.example/otp?{option}"));
            assert!(text.contains(told), "{text}");
        }
    }

    #[test]
    fn a_bad_url_is_refused_without_showing_its_password() {
        for url in [
            "",
            "localhost",
            "host=localhost user=ann password=hunter2",
            "mysql://ann:hunter2@host/otp",
            "postgresql://ann:hunter2@host:port/otp",
            "postgresql://:hunter2@host/otp",
            "postgresql:///otp?user=ann&password=hunter2",
        ] {
            assert!(refusal(url).contains("store.url"), "{url}");
        }
        assert!(from(None).err().unwrap().to_string().contains("`url_file`"));
    }
}

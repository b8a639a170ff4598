//! `type = "smtp"`: what an operator says of a mail server, and all that can be wrong with it.

use std::net::IpAddr;
use std::sync::Arc;

use countersign_contract::Secret;
use countersign_providers::{Problem, Problems, SmtpSettings, Tls};
use lettre::message::Mailbox;
use rustls::RootCertStore;
use rustls::pki_types::{DnsName, ServerName};

use super::stream::Encryption;
use crate::tls;

/// Longest user name and password that are taken.
const MAX_CREDENTIAL_BYTES: usize = 1024;
/// Most connections to one server.
const MAX_CONNECTIONS: u16 = 100;

/// Settings that hold.
pub(super) struct Account {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) tls: Tls,
    /// What encrypts, with any `tls` but none.
    pub(super) encryption: Option<Encryption>,
    pub(super) credentials: Option<Credentials>,
    pub(super) from: Mailbox,
    pub(super) reply_to: Option<Mailbox>,
    /// The name that the server is greeted with: a host's, or an address in brackets.
    pub(super) client: String,
    pub(super) max_connections: u16,
}

/// Whom to sign in as.
pub(super) struct Credentials {
    pub(super) user: String,
    pub(super) password: Secret<String>,
}

impl Account {
    /// Finds all that is wrong with the settings that stand at `path`.
    pub(super) fn try_new(settings: &SmtpSettings, path: &str) -> Result<Self, Problems> {
        let mut found = Found { path, problems: Vec::new() };
        let is_name = found.host(settings);
        if settings.port == Some(0) {
            found.add("port", "has to be from 1 to 65535");
        }
        if !(1..=MAX_CONNECTIONS).contains(&settings.max_connections) {
            found.add("max_connections", "has to be from 1 to 100");
        }
        let credentials = found.credentials(settings);
        let from = found.mailbox("from", &settings.from);
        let reply_to = settings.reply_to.as_ref().and_then(|text| found.mailbox("reply_to", text));
        let authorities = found.authorities(settings);
        let name = settings.helo_name.as_deref();
        let name = name.or_else(|| from.as_ref().map(|from| from.email.domain()));
        let client = name.and_then(|name| found.client(name));
        let encryption = if settings.tls == Tls::None || !is_name {
            None
        } else {
            authorities.and_then(|authorities| found.encryption(&settings.host, authorities))
        };
        if !found.problems.is_empty() {
            return Err(Problems(found.problems));
        }
        // A mailbox or name that is missing has left a problem.
        let (Some(from), Some(client)) = (from, client) else {
            return Err(Problem::new(path, "can't be used").into());
        };
        Ok(Self {
            host: settings.host.clone(),
            port: settings.port.unwrap_or(if settings.tls == Tls::Tls { 465 } else { 587 }),
            tls: settings.tls,
            encryption,
            credentials,
            from,
            reply_to,
            client,
            max_connections: settings.max_connections,
        })
    }
}

/// What was found so far.
struct Found<'a> {
    path: &'a str,
    problems: Vec<Problem>,
}

impl Found<'_> {
    fn add(&mut self, name: &str, text: impl Into<String>) {
        self.problems.push(Problem::new(format!("{}.{name}", self.path), text));
    }

    /// Whether the host is one.
    fn host(&mut self, settings: &SmtpSettings) -> bool {
        let is_name = ServerName::try_from(settings.host.as_str()).is_ok();
        if !is_name {
            self.add("host", "has to be the name or address of a server");
        } else if settings.tls == Tls::None && !is_loopback(&settings.host) {
            let text = "\"none\" is for servers on this machine only: localhost, 127.0.0.1, ::1";
            self.add("tls", text);
        }
        is_name
    }

    fn credentials(&mut self, settings: &SmtpSettings) -> Option<Credentials> {
        let (user, password) = match (&settings.user, &settings.password) {
            (None, None) => return None,
            (Some(user), Some(password)) => (user, password),
            (Some(_), None) => {
                self.add("password", "is missing: `user` and `password` go together");
                return None;
            }
            (None, Some(_)) => {
                self.add("user", "is missing: `user` and `password` go together");
                return None;
            }
        };
        for (name, text) in [("user", user), ("password", password.expose())] {
            if !(1..=MAX_CREDENTIAL_BYTES).contains(&text.len()) || text.contains('\0') {
                self.add(name, "has to be 1 to 1024 bytes, none of them zero");
            }
        }
        Some(Credentials { user: user.clone(), password: password.clone() })
    }

    fn mailbox(&mut self, name: &str, text: &str) -> Option<Mailbox> {
        let mailbox: Option<Mailbox> = text.parse().ok();
        let is_plain = |mailbox: &Mailbox| {
            let email: &str = mailbox.email.as_ref();
            email.is_ascii() && !text.contains(|character: char| character.is_control())
        };
        let mailbox = mailbox.filter(is_plain);
        if mailbox.is_none() {
            let text = "has to be a mailbox, such as `Example <codes@example.com>`";
            self.add(name, format!("{text}, its address in ASCII"));
        }
        mailbox
    }

    /// The name that we greet with: a host's, or an address in brackets.
    fn client(&mut self, name: &str) -> Option<String> {
        let literal = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        let address = literal.and_then(|text| text.trim_start_matches("IPv6:").parse().ok());
        let client = match address {
            Some(IpAddr::V4(address)) => Some(format!("[{address}]")),
            Some(IpAddr::V6(address)) => Some(format!("[IPv6:{address}]")),
            None => DnsName::try_from(name).ok().map(|_| name.to_owned()),
        };
        if client.is_none() {
            self.add("helo_name", "has to be the name of a host, or an address in brackets");
        }
        client
    }

    fn authorities(&mut self, settings: &SmtpSettings) -> Option<RootCertStore> {
        let Some(file) = settings.ca_file.as_deref() else {
            return Some(tls::public_authorities());
        };
        if settings.tls == Tls::None {
            self.add("ca_file", "is of no use with `tls = \"none\"`");
            return None;
        }
        let mut roots = RootCertStore::empty();
        let read = tls::add_authorities(&mut roots, file);
        read.map_err(|text| self.add("ca_file", text)).ok().map(|()| roots)
    }

    fn encryption(&mut self, host: &str, authorities: RootCertStore) -> Option<Encryption> {
        let config = tls::client_config(authorities, None);
        let config = config.map_err(|_| self.add("tls", "can't be set up")).ok()?;
        // What isn't a name has left a problem.
        let name = ServerName::try_from(host.to_owned()).ok()?;
        Some(Encryption { connector: Arc::new(config).into(), name })
    }
}

fn is_loopback(host: &str) -> bool {
    let address: Result<IpAddr, _> = host.parse();
    address.map_or_else(|_| host.eq_ignore_ascii_case("localhost"), |address| address.is_loopback())
}

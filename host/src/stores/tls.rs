//! `tls` of a store: how connections to its servers are encrypted. Certificates and names are always verified.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use schemars::JsonSchema;
use serde::Deserialize;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::error::OpenError;
use crate::tls::{self, Identity, Secured, Unusable};

/// Whom the store's servers have to be certified by, and who we are to them.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct TlsSettings {
    /// Certificate authorities (PEM) that are trusted instead of the public ones.
    pub ca_file: Option<PathBuf>,
    /// Our certificate (PEM, with those between it and the server's authority), where the server asks for one.
    pub client_certificate_file: Option<PathBuf>,
    /// The private key (PEM) of that certificate.
    pub client_key_file: Option<PathBuf>,
    /// The name that the servers' certificates have to be for, where it is not the host in the address: servers that
    /// are found by asking others (Sentinel, Cluster) are often named by their IP addresses.
    pub server_name: Option<String>,
}

impl TlsSettings {
    /// Reads the files.
    ///
    /// # Errors
    ///
    /// [`OpenError::Setting`], naming the first one that can't be used.
    pub(super) fn read(&self) -> Result<Encryption, OpenError> {
        let server_name = match &self.server_name {
            None => None,
            Some(name) => Some(ServerName::try_from(name.clone()).map_err(|_| {
                refused("tls.server_name", "has to be the name or address of a server")
            })?),
        };
        let identity = self.identity()?;
        let config = tls::client_config(self.authorities()?, identity);
        let config = config.map_err(|_| {
            refused("tls.client_key_file", "is not the key of the certificate that is given")
        })?;
        Ok(Encryption { config: Arc::new(config), server_name, latest: Arc::default() })
    }

    /// Whether anything is set.
    pub(super) fn is_given(&self) -> bool {
        *self != Self::default()
    }

    fn authorities(&self) -> Result<RootCertStore, OpenError> {
        let Some(file) = &self.ca_file else { return Ok(tls::public_authorities()) };
        let mut roots = RootCertStore::empty();
        tls::add_authorities(&mut roots, file)
            .map_err(|reason| refused("tls.ca_file", &format!("{} {reason}", file.display())))?;
        Ok(roots)
    }

    fn identity(&self) -> Result<Option<Identity>, OpenError> {
        let together = "is missing: a client's certificate and its key go together";
        match (&self.client_certificate_file, &self.client_key_file) {
            (None, None) => Ok(None),
            (None, Some(_)) => Err(refused("tls.client_certificate_file", together)),
            (Some(_), None) => Err(refused("tls.client_key_file", together)),
            (Some(certificate), Some(key)) => {
                Identity::read(certificate, key).map(Some).map_err(|unusable| match unusable {
                    Unusable::Certificate(reason) => refused(
                        "tls.client_certificate_file",
                        &format!("{} {reason}", certificate.display()),
                    ),
                    Unusable::Key(reason) => {
                        refused("tls.client_key_file", &format!("{} {reason}", key.display()))
                    }
                })
            }
        }
    }
}

fn refused(name: &'static str, reason: &str) -> OpenError {
    OpenError::Setting { name, reason: reason.to_owned() }
}

/// What encrypts connections to a store's servers.
#[derive(Clone)]
pub(super) struct Encryption {
    config: Arc<ClientConfig>,
    server_name: Option<ServerName<'static>>,
    /// What the latest handshake settled.
    latest: Arc<Mutex<Option<Secured>>>,
}

impl Encryption {
    /// The same, which knows of no handshake yet.
    pub(super) fn anew(&self) -> Self {
        Self { latest: Arc::default(), ..self.clone() }
    }

    /// What the latest handshake settled, where one succeeded.
    pub(super) fn secured(&self) -> Option<Secured> {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The TLS library's settings.
    pub(super) fn config(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.config)
    }

    /// Encrypts a new connection to `host`, which has to be certified.
    pub(super) async fn encrypt<S>(&self, stream: S, host: &str) -> Result<TlsStream<S>, Handshake>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let name = match &self.server_name {
            Some(name) => name.clone(),
            None => ServerName::try_from(host.to_owned())
                .map_err(|_| Handshake::Untrusted("has no name that could be verified"))?,
        };
        let connector = TlsConnector::from(self.config());
        let stream =
            connector.connect(name, stream).await.map_err(|error| Handshake::read(&error))?;
        let secured = Secured::of(stream.get_ref().1);
        *self.latest.lock().unwrap_or_else(PoisonError::into_inner) = Some(secured);
        Ok(stream)
    }
}

/// Why a connection could not be encrypted. The text is for an operator.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Handshake {
    /// The connection broke.
    Broken(String),
    /// The server refuses us, or what we offer.
    Refused(String),
    /// It isn't TLS that the server speaks.
    NotTls,
    /// The server's certificate isn't good.
    Untrusted(&'static str),
}

impl Handshake {
    /// Reads what the TLS library said.
    pub(super) fn read(error: &std::io::Error) -> Self {
        match tls::within(error) {
            None => Self::Broken(error.to_string()),
            Some(rustls::Error::InvalidCertificate(error)) => {
                Self::Untrusted(tls::complaint(error))
            }
            Some(rustls::Error::AlertReceived(alert)) => Self::Refused(format!("{alert:?}")),
            Some(rustls::Error::InvalidMessage(_)) => Self::NotTls,
            Some(error) => Self::Refused(error.to_string()),
        }
    }
}

impl std::error::Error for Handshake {}

impl fmt::Display for Handshake {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Broken(reason) => write!(formatter, "the TLS handshake was cut off: {reason}"),
            Self::NotTls => formatter.write_str("the server doesn't speak TLS on this port"),
            Self::Refused(reason) => write!(formatter, "the server refuses TLS with us: {reason}"),
            Self::Untrusted(complaint) => {
                write!(formatter, "the server's certificate {complaint}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(settings: &TlsSettings) -> String {
        settings.read().err().unwrap().to_string()
    }

    #[test]
    fn a_certificate_and_its_key_go_together() {
        let path = || Some(PathBuf::from("/nowhere.pem"));
        let certificate = TlsSettings { client_certificate_file: path(), ..TlsSettings::default() };
        assert!(refusal(&certificate).starts_with("store.tls.client_key_file: is missing"));
        let key = TlsSettings { client_key_file: path(), ..TlsSettings::default() };
        assert!(refusal(&key).starts_with("store.tls.client_certificate_file: is missing"));
    }

    #[test]
    fn a_file_that_cannot_be_used_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let empty = directory.path().join("empty.pem");
        std::fs::write(&empty, "nothing").unwrap();
        for (file, reason) in [
            (directory.path().join("none.pem"), "can't be read: entity not found"),
            (empty, "has to hold certificates in PEM"),
        ] {
            let settings = TlsSettings { ca_file: Some(file.clone()), ..TlsSettings::default() };
            assert_eq!(
                refusal(&settings),
                format!("store.tls.ca_file: {} {reason}", file.display())
            );
        }
    }

    #[test]
    fn a_server_name_has_to_be_one() {
        let settings = TlsSettings { server_name: Some("not a name".into()), ..Default::default() };
        assert!(refusal(&settings).contains("tls.server_name"));
    }
}

//! What all encrypted connections to other servers share: certificates and names are always verified, by authorities that
//! are built in or that an operator names.

mod expiry;
mod secured;

use std::io;
use std::path::Path;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{CertificateError, ClientConfig, RootCertStore};

pub(crate) use self::secured::Secured;

/// Proves to a server who we are.
pub(crate) struct Identity {
    /// Our certificate, and those between it and the server's authority.
    certificates: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

/// The public authorities.
pub(crate) fn public_authorities() -> RootCertStore {
    RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() }
}

/// Adds the authorities in `file` (PEM).
///
/// # Errors
///
/// What is wrong with the file, to follow its name.
pub(crate) fn add_authorities(roots: &mut RootCertStore, file: &Path) -> Result<(), String> {
    for certificate in read_certificates(file)? {
        roots.add(certificate).map_err(|_| "holds a certificate that can't be used".to_owned())?;
    }
    Ok(())
}

impl Identity {
    /// Reads our certificate and its key (PEM).
    ///
    /// # Errors
    ///
    /// Whether it is the `certificate` or the `key`, and what is wrong with that file, to follow its name.
    pub(crate) fn read(certificate: &Path, key: &Path) -> Result<Self, Unusable> {
        let certificates = read_certificates(certificate).map_err(Unusable::Certificate)?;
        let pem = read(key).map_err(Unusable::Key)?;
        let key = PrivateKeyDer::from_pem_slice(&pem)
            .map_err(|_| Unusable::Key("has to hold a private key in PEM".to_owned()))?;
        Ok(Self { certificates, key })
    }
}

/// Which file of an [`Identity`] can't be used, and why.
pub(crate) enum Unusable {
    Certificate(String),
    Key(String),
}

/// What connections are encrypted with.
///
/// # Errors
///
/// Where the certificate and the key of `identity` don't belong together.
pub(crate) fn client_config(
    roots: RootCertStore,
    identity: Option<Identity>,
) -> Result<ClientConfig, rustls::Error> {
    let provider = rustls::crypto::ring::default_provider();
    let config = ClientConfig::builder_with_provider(provider.into())
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots);
    match identity {
        None => Ok(config.with_no_client_auth()),
        Some(Identity { certificates, key }) => config.with_client_auth_cert(certificates, key),
    }
}

/// The TLS library's error within `error`, where it is one.
pub(crate) fn within(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref()
}

/// What is wrong with a server's certificate, to follow the words "the server's certificate".
pub(crate) fn complaint(error: &CertificateError) -> &'static str {
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "has expired",
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "is not valid yet"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "is for another name than the server's"
        }
        CertificateError::UnknownIssuer => {
            "comes from an authority that isn't trusted: see ca_file"
        }
        _ => "is not good",
    }
}

/// The end of the certificate in `file` (PEM) that ends first, in seconds since 1970; nothing where it can't be read.
///
/// # Errors
///
/// What is wrong with the file, to follow its name.
pub(crate) fn first_end(file: &Path) -> Result<Option<u64>, String> {
    let certificates = read_certificates(file)?;
    Ok(certificates.iter().filter_map(|certificate| expiry::not_after(certificate)).min())
}

fn read_certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let pem = read(file)?;
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    match read {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        _ => Err("has to hold certificates in PEM".to_owned()),
    }
}

fn read(file: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(file).map_err(|error| format!("can't be read: {}", error.kind()))
}

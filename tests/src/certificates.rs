//! Certificates, good and bad, from authorities of a test's own.

use std::fs;
use std::io::{Error, Result};
use std::path::PathBuf;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};
use tempfile::TempDir;

/// A certificate authority.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    directory: TempDir,
}

/// A server's certificate and key, as PEM.
pub struct Certified {
    /// The certificate.
    pub certificate: String,
    /// Its key.
    pub key: String,
}

impl Authority {
    /// One that isn't trusted yet.
    ///
    /// # Errors
    ///
    /// Where no directory or key can be made.
    pub fn new() -> Result<Self> {
        let directory = TempDir::new()?;
        let mut params = CertificateParams::default();
        // A name of its own: of two authorities with one name, one would be a forger of the other's signatures.
        let name = directory.path().display().to_string();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().map_err(Error::other)?;
        let issuer = CertifiedIssuer::self_signed(params, key).map_err(Error::other)?;
        Ok(Self { issuer, directory })
    }

    /// A file with the authority's own certificate.
    ///
    /// # Errors
    ///
    /// Where it can't be written.
    pub fn file(&self) -> Result<PathBuf> {
        let path = self.directory.path().join("ca.pem");
        fs::write(&path, self.issuer.pem())?;
        Ok(path)
    }

    /// A good certificate for `name`.
    ///
    /// # Errors
    ///
    /// Where `name` is none.
    pub fn certify(&self, name: &str) -> Result<Certified> {
        self.sign(&params(name)?)
    }

    /// One for `name` that was good once.
    ///
    /// # Errors
    ///
    /// As [`certify`](Self::certify).
    pub fn certify_expired(&self, name: &str) -> Result<Certified> {
        let mut params = params(name)?;
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2021, 1, 1);
        self.sign(&params)
    }

    fn sign(&self, params: &CertificateParams) -> Result<Certified> {
        let key = KeyPair::generate().map_err(Error::other)?;
        let certificate = params.signed_by(&key, &self.issuer).map_err(Error::other)?;
        Ok(Certified { certificate: certificate.pem(), key: key.serialize_pem() })
    }
}

/// One for `name` that no authority signed.
///
/// # Errors
///
/// As [`Authority::certify`].
pub fn self_signed(name: &str) -> Result<Certified> {
    let key = KeyPair::generate().map_err(Error::other)?;
    let certificate = params(name)?.self_signed(&key).map_err(Error::other)?;
    Ok(Certified { certificate: certificate.pem(), key: key.serialize_pem() })
}

fn params(name: &str) -> Result<CertificateParams> {
    CertificateParams::new([name.to_owned()]).map_err(Error::other)
}

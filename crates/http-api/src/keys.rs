//! API keys: who may call, and for which tenant.
//!
//! Only the SHA-256 of a key is configured. A key holds 32 random bytes, so that a plain hash is enough: there
//! is nothing to guess. The hash of what a caller presents is compared with every configured one, each in
//! constant time and without stopping at a match, so that the time taken tells neither which key it was nor how
//! near a guess came.

use std::collections::HashSet;
use std::sync::Arc;

use axum::http::{HeaderMap, header};
use countersign_contract::Secret;
use countersign_contract::names::{MAX_NAME, is_name};
use data_encoding::BASE64URL_NOPAD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::problem::{Problem, ProblemCode};

/// What a key begins with, so that scanners for leaked secrets can tell it.
pub const KEY_PREFIX: &str = "countersign_";

/// The longest bearer token that is hashed, in bytes; a key of ours has 55.
const MAX_PRESENTED_BYTES: usize = 256;

/// One key that is configured.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ApiKey {
    /// Whose it is: what the log calls the caller. Unique, 1 to 64 characters of `a-z`, `0-9`, `_` and `-`.
    pub name: String,
    /// The tenant for whom it speaks: 1 to 64 characters of `a-z`, `0-9`, `_` and `-`.
    pub tenant: String,
    /// The SHA-256 of the key as it is presented.
    pub sha256: [u8; 32],
    /// Whether it may unlock recipients.
    pub operator: bool,
}

/// Why a list of keys can't be used.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum InvalidKeys {
    /// Two keys have the same hash: one caller would pass for the other.
    #[error("API keys `{0}` and `{1}` are the same key")]
    DuplicateKey(String, String),
    /// Two keys have the same name.
    #[error("two API keys are named `{0}`")]
    DuplicateName(String),
    /// There is none: no caller could be let in. [`ApiKeys::open`] lets every caller in.
    #[error("no API key is given")]
    Empty,
    /// A name is out of bounds.
    #[error("the API key name `{0}` is not 1 to 64 characters of a-z, 0-9, _ and -")]
    Name(String),
    /// A tenant is out of bounds.
    #[error("the tenant of API key `{0}` is not 1 to 64 characters of a-z, 0-9, _ and -")]
    Tenant(String),
}

/// The keys that are let in. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ApiKeys(Access);

#[derive(Clone, Debug)]
enum Access {
    Keys(Arc<[(Caller, [u8; 32])]>),
    Open(Caller),
}

/// Who calls: what a key stands for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Caller(Arc<Identity>);

#[derive(Debug, Eq, PartialEq)]
struct Identity {
    name: String,
    tenant: String,
    operator: bool,
}

impl Caller {
    /// The name of the key.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The tenant for whom the key speaks.
    #[must_use]
    pub fn tenant(&self) -> &str {
        &self.0.tenant
    }

    /// Whether the key may unlock recipients.
    #[must_use]
    pub fn is_operator(&self) -> bool {
        self.0.operator
    }
}

impl ApiKeys {
    /// Lets in callers that present one of `keys`.
    ///
    /// # Errors
    /// [`InvalidKeys`] where there is none, two are alike, or a name or tenant is out of bounds.
    pub fn new(keys: Vec<ApiKey>) -> Result<Self, InvalidKeys> {
        if keys.is_empty() {
            return Err(InvalidKeys::Empty);
        }
        let mut names = HashSet::new();
        for (index, key) in keys.iter().enumerate() {
            if !is_name(&key.name, MAX_NAME) {
                return Err(InvalidKeys::Name(key.name.clone()));
            }
            if !is_name(&key.tenant, MAX_NAME) {
                return Err(InvalidKeys::Tenant(key.name.clone()));
            }
            if !names.insert(&key.name) {
                return Err(InvalidKeys::DuplicateName(key.name.clone()));
            }
            if let Some(earlier) =
                keys.iter().take(index).find(|earlier| earlier.sha256 == key.sha256)
            {
                return Err(InvalidKeys::DuplicateKey(earlier.name.clone(), key.name.clone()));
            }
        }
        let entries = keys.into_iter().map(|key| {
            let identity = Identity { name: key.name, tenant: key.tenant, operator: key.operator };
            (Caller(Arc::new(identity)), key.sha256)
        });
        Ok(Self(Access::Keys(entries.collect())))
    }

    /// Lets every caller in, as operator of the tenant `default`. The server must listen on loopback only.
    #[must_use]
    pub fn open() -> Self {
        Self::open_as(true)
    }

    /// Lets every caller in, for the tenant `default` and not as operator: every program on the same
    /// machine may ask for codes, and none may unlock a recipient. To be served on loopback only.
    #[must_use]
    pub fn open_without_operator() -> Self {
        Self::open_as(false)
    }

    fn open_as(operator: bool) -> Self {
        let (name, tenant) = ("open".to_owned(), "default".to_owned());
        Self(Access::Open(Caller(Arc::new(Identity { name, tenant, operator }))))
    }

    /// Whether every caller is let in.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(self.0, Access::Open(_))
    }

    /// Finds out who calls.
    pub(crate) fn caller(&self, headers: &HeaderMap) -> Result<&Caller, Problem> {
        let keys = match &self.0 {
            Access::Keys(keys) => keys,
            Access::Open(caller) => return Ok(caller),
        };
        let presented: [u8; 32] = bearer(headers)
            .map(|key| Sha256::digest(key).into())
            .ok_or_else(|| Problem::new(ProblemCode::Unauthorized))?;
        let mut found = None;
        for (caller, sha256) in keys.iter() {
            if bool::from(sha256.ct_eq(&presented)) {
                found = Some(caller);
            }
        }
        found.ok_or_else(|| Problem::new(ProblemCode::Unauthorized))
    }
}

/// Makes an API key of 32 random bytes: the key to hand out, and its SHA-256 to configure.
#[must_use]
pub fn new_key(random: &[u8; 32]) -> (Secret, [u8; 32]) {
    let mut key = String::with_capacity(KEY_PREFIX.len() + BASE64URL_NOPAD.encode_len(32));
    key.push_str(KEY_PREFIX);
    BASE64URL_NOPAD.encode_append(random, &mut key);
    let sha256 = Sha256::digest(key.as_bytes()).into();
    (Secret::new(key), sha256)
}

fn bearer(headers: &HeaderMap) -> Option<&[u8]> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = values.next()?.as_bytes();
    // Two headers: a proxy and we might each believe another one.
    if values.next().is_some() {
        return None;
    }
    let (scheme, key) = value.split_at_checked(7)?;
    let key = key.trim_ascii();
    let usable = scheme.eq_ignore_ascii_case(b"bearer ")
        && !key.is_empty()
        && key.len() <= MAX_PRESENTED_BYTES;
    usable.then_some(key)
}

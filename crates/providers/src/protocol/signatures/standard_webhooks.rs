//! The signatures of [Standard Webhooks]: `v1`, HMAC-SHA256 over id, time and body.
//!
//! [Standard Webhooks]: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md

use countersign_contract::callbacks::CallbackError;
use countersign_contract::{Secret, Timestamp};
use data_encoding::BASE64;
use hmac::{Hmac, KeyInit, Mac};
use http::HeaderMap;
use sha2::Sha256;

use crate::protocol::callback::Callback;

const PREFIX: &str = "whsec_";
const MIN_BYTES: usize = 24;
const MAX_BYTES: usize = 64;
const MAX_KEYS: usize = 4;
const MAX_ID_BYTES: usize = 256;
/// Of what a sender says: a signature for each secret that it has.
const MAX_SIGNATURES: usize = 16;
/// How far its clock and ours may be apart. Later, a report counts as a replay.
const TOLERANCE_SECONDS: u64 = 300;

/// The headers that carry a signature.
pub(crate) struct Headers {
    /// The message's id.
    pub(crate) id: &'static str,
    /// The attempt's time.
    pub(crate) timestamp: &'static str,
    /// The signatures.
    pub(crate) signature: &'static str,
}

/// The specification's own.
pub(crate) const HEADERS: Headers =
    Headers { id: "webhook-id", timestamp: "webhook-timestamp", signature: "webhook-signature" };

/// Svix's, which are older than the specification and otherwise the same.
pub(crate) const SVIX_HEADERS: Headers =
    Headers { id: "svix-id", timestamp: "svix-timestamp", signature: "svix-signature" };

/// The keys that sign and verify, in the order in which they were given.
pub(crate) struct Keys(Vec<Secret<Vec<u8>>>);

impl Keys {
    /// Reads secrets with spaces between.
    ///
    /// # Errors
    /// What they have to be.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        let keys: Vec<_> = text.split_ascii_whitespace().map(parse).collect::<Result<_, _>>()?;
        match keys.len() {
            0 => Err(FORM),
            1..=MAX_KEYS => Ok(Self(keys)),
            _ => Err("holds more than 4 secrets: keep those that receivers still verify with"),
        }
    }

    /// The value of `webhook-signature`: a signature by each key.
    pub(crate) fn sign(&self, id: &str, now: Timestamp, body: &[u8]) -> Option<String> {
        let signatures = self.0.iter().map(|key| {
            let mac = mac(key, id, now, body)?;
            Some(format!("v1,{}", BASE64.encode(&mac.finalize().into_bytes())))
        });
        Some(signatures.collect::<Option<Vec<_>>>()?.join(" "))
    }

    /// Whether a call was signed with one of the keys, and not long ago.
    ///
    /// # Errors
    /// [`CallbackError::Unauthenticated`], whatever is wrong.
    pub(crate) fn verify(
        &self,
        headers: &Headers,
        callback: &Callback<'_>,
        now: Timestamp,
    ) -> Result<(), CallbackError> {
        self.is_signed(headers, callback, now).then_some(()).ok_or(CallbackError::Unauthenticated)
    }

    fn is_signed(&self, headers: &Headers, callback: &Callback<'_>, now: Timestamp) -> bool {
        let header = |name| only(callback.headers, name);
        let (Some(id), Some(timestamp), Some(signatures)) =
            (header(headers.id), header(headers.timestamp), header(headers.signature))
        else {
            return false;
        };
        // As it is written, or a sign and leading zeros would be signed otherwise than read.
        let Some(at) = timestamp.parse().ok().filter(|at: &u64| at.to_string() == timestamp) else {
            return false;
        };
        if id.is_empty() || id.len() > MAX_ID_BYTES || at.abs_diff(now.0) > TOLERANCE_SECONDS {
            return false;
        }
        let signatures: Vec<_> = signatures
            .split(' ')
            .take(MAX_SIGNATURES)
            .filter_map(|signature| BASE64.decode(signature.strip_prefix("v1,")?.as_bytes()).ok())
            .collect();
        self.0.iter().any(|key| {
            mac(key, id, Timestamp(at), callback.body).is_some_and(|mac| {
                signatures.iter().any(|signature| mac.clone().verify_slice(signature).is_ok())
            })
        })
    }
}

fn mac(key: &Secret<Vec<u8>>, id: &str, at: Timestamp, body: &[u8]) -> Option<Hmac<Sha256>> {
    let mac = Hmac::<Sha256>::new_from_slice(key.expose()).ok()?;
    Some(mac.chain_update(format!("{id}.{}.", at.0)).chain_update(body))
}

/// The value of a header that is there once.
fn only<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    values.next().is_none().then(|| value.to_str().ok()).flatten()
}

const FORM: &str = "has to be `whsec_` and 24 to 64 random bytes in base64";

fn parse(text: &str) -> Result<Secret<Vec<u8>>, &'static str> {
    let encoded = text.strip_prefix(PREFIX).ok_or(FORM)?;
    let key = BASE64.decode(encoded.as_bytes()).map(Secret::new).map_err(|_| FORM)?;
    if (MIN_BYTES..=MAX_BYTES).contains(&key.expose().len()) { Ok(key) } else { Err(FORM) }
}

#[cfg(test)]
mod tests;

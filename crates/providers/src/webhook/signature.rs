//! The signatures of Standard Webhooks: `v1`, HMAC-SHA256 over id, time and body.

use countersign_settings::secret::Secret;
use data_encoding::BASE64;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::message::Timestamp;

const PREFIX: &str = "whsec_";
const MIN_BYTES: usize = 24;
const MAX_BYTES: usize = 64;
const MAX_KEYS: usize = 4;

/// The keys that sign, in the order in which they were given.
pub(super) struct Keys(Vec<Secret<Vec<u8>>>);

impl Keys {
    /// Reads secrets with spaces between.
    ///
    /// # Errors
    /// What they have to be.
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        let keys: Vec<_> = text.split_ascii_whitespace().map(parse).collect::<Result<_, _>>()?;
        match keys.len() {
            0 => Err(FORM),
            1..=MAX_KEYS => Ok(Self(keys)),
            _ => Err("holds more than 4 secrets: keep those that receivers still verify with"),
        }
    }

    /// The value of `webhook-signature`: a signature by each key.
    pub(super) fn sign(&self, id: &str, now: Timestamp, body: &[u8]) -> Option<String> {
        let head = format!("{id}.{}.", now.0);
        let signatures = self.0.iter().map(|key| {
            let mut mac = Hmac::<Sha256>::new_from_slice(key.expose()).ok()?;
            mac.update(head.as_bytes());
            mac.update(body);
            Some(format!("v1,{}", BASE64.encode(&mac.finalize().into_bytes())))
        });
        Some(signatures.collect::<Option<Vec<_>>>()?.join(" "))
    }
}

const FORM: &str = "has to be `whsec_` and 24 to 64 random bytes in base64";

fn parse(text: &str) -> Result<Secret<Vec<u8>>, &'static str> {
    let encoded = text.strip_prefix(PREFIX).ok_or(FORM)?;
    let key = BASE64.decode(encoded.as_bytes()).map(Secret::new).map_err(|_| FORM)?;
    if (MIN_BYTES..=MAX_BYTES).contains(&key.expose().len()) { Ok(key) } else { Err(FORM) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(bytes: usize) -> String {
        format!("{PREFIX}{}", BASE64.encode(&vec![7; bytes]))
    }

    #[test]
    fn the_reference_implementation_s_own_vector() {
        let keys = Keys::parse("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD").unwrap();
        let body = br#"{"email":"test@example.com","username":"test_user"}"#;
        let signatures =
            keys.sign("msg_27UH4WbU6Z5A5EzD8u03UvzRbpk", Timestamp(1_649_367_553), body).unwrap();
        assert_eq!(signatures, "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=");
    }

    #[test]
    fn secrets_of_24_to_64_bytes_and_no_others() {
        assert!(Keys::parse(&secret(24)).is_ok());
        assert!(Keys::parse(&format!(" {}\n{} ", secret(25), secret(64))).is_ok());
        for text in [
            String::new(),
            " ".to_owned(),
            PREFIX.to_owned(),
            secret(23),
            secret(65),
            secret(25).trim_end_matches('=').to_owned(),
            secret(24).trim_start_matches(PREFIX).to_owned(),
            secret(24).replace("whsec_", "whsk_"),
            format!("{}-", secret(24)),
            format!("{} nonsense", secret(24)),
        ] {
            assert_eq!(Keys::parse(&text).err(), Some(FORM), "{text}");
        }
        let five = vec![secret(24); 5].join(" ");
        assert!(Keys::parse(&five).err().unwrap().contains("more than 4"));
    }
}

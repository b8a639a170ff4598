//! What Meta reports later.
//!
//! Meta signs the bytes of the body: `X-Hub-Signature-256: sha256=<HMAC-SHA256 by the app's secret, in hexadecimal>`. No time is
//! signed: what a replay could say was said before. All messages of all numbers of an account go to one URL, with those
//! that other software sent; ours are told by `biz_opaque_callback_data`, which Meta gives back.
//!
//! Registering the URL Meta asks for a word back: `GET ?hub.mode=subscribe&hub.verify_token=…&hub.challenge=…`.

use countersign_contract::callbacks::{CallbackError, MAX_REPORTS};
use countersign_contract::types::DeliveryOutcome;
use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, Method};
use serde_json::Value;
use sha2::Sha256;

use super::settings::Proof;
use crate::protocol::callback::{Callback, CallbackContent, MessageReport};
use crate::protocol::signatures::query;
use crate::protocol::tag::Tag;

const SIGNATURE_HEADER: &str = "x-hub-signature-256";
const MAX_CHALLENGE_BYTES: usize = 128;

impl Proof {
    /// Reads a call of Meta's.
    ///
    /// # Errors
    /// Where it isn't Meta's, or can't be read.
    pub(super) fn read(&self, callback: &Callback<'_>) -> Result<CallbackContent, CallbackError> {
        if *callback.method == Method::GET {
            return self.handshake(callback.query);
        }
        if !self.is_signed(callback.headers, callback.body) {
            return Err(CallbackError::Unauthenticated);
        }
        let body: Value = callback.json()?;
        body.get("entry").and_then(Value::as_array).ok_or(CallbackError::Unreadable)?;
        Ok(statuses(&body).filter_map(report).take(MAX_REPORTS).collect())
    }

    fn handshake(&self, query: Option<&str>) -> Result<CallbackContent, CallbackError> {
        if !self.verify_token.is_shown(query, "hub.verify_token") {
            return Err(CallbackError::Unauthenticated);
        }
        let is_subscription =
            query::value(query, "hub.mode").is_some_and(|mode| mode == "subscribe");
        // It is answered as it came: nothing that a browser could take for more than text.
        query::value(query, "hub.challenge")
            .filter(|challenge| is_subscription && is_challenge(challenge))
            .map(|challenge| CallbackContent {
                reports: Vec::new(),
                answer: challenge.into_owned(),
            })
            .ok_or(CallbackError::Unreadable)
    }

    fn is_signed(&self, headers: &HeaderMap, body: &[u8]) -> bool {
        let signature = headers
            .get(SIGNATURE_HEADER)
            .and_then(|value| value.to_str().ok()?.strip_prefix("sha256="))
            .and_then(|digits| HEXLOWER.decode(digits.as_bytes()).ok());
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.app_secret.expose().as_bytes())
        else {
            return false;
        };
        mac.update(body);
        signature.is_some_and(|signature| mac.verify_slice(&signature).is_ok())
    }
}

/// Every status of every entry.
fn statuses(body: &Value) -> impl Iterator<Item = &Value> {
    members(body, "entry")
        .flat_map(|entry| members(entry, "changes"))
        .filter_map(|change| change.get("value"))
        .flat_map(|value| members(value, "statuses"))
}

fn members<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    value.get(name).and_then(Value::as_array).into_iter().flatten()
}

/// What a status reports; nothing where it isn't final or the message isn't ours.
fn report(status: &Value) -> Option<MessageReport> {
    let outcome = match status.get("status")?.as_str()? {
        // A message that is read at once is never reported as delivered.
        "delivered" | "read" => DeliveryOutcome::Delivered,
        "failed" => DeliveryOutcome::Failed,
        _ => return None,
    };
    let tag = Tag::parse(status.get("biz_opaque_callback_data")?.as_str()?)?;
    Some(MessageReport { tag, outcome })
}

fn is_challenge(text: &str) -> bool {
    (1..=MAX_CHALLENGE_BYTES).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
}

#[cfg(test)]
mod tests {
    use countersign_contract::Secret;

    use super::*;
    use crate::protocol::signatures::query::Token;

    #[test]
    fn the_published_vector_of_this_way_to_sign() {
        // GitHub signs alike, under the same header, and publishes one.
        let reports = Proof {
            app_secret: Secret::new("It's a Secret to Everybody".into()),
            verify_token: Token::parse(&Secret::new("t".repeat(32))).ok().unwrap(),
        };
        let mut headers = HeaderMap::new();
        let signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        headers.insert(SIGNATURE_HEADER, signature.parse().unwrap());
        assert!(reports.is_signed(&headers, b"Hello, World!"));
        assert!(!reports.is_signed(&headers, b"Hello, World?"));
    }
}

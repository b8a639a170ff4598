//! Twilio's status callbacks: form-encoded, signed, one message or call each.

use countersign_contract::callbacks::{CallbackError, MAX_CALLBACK_BYTES};
use countersign_contract::types::DeliveryOutcome;
use form_urlencoded::parse;
use http::Method;

use crate::protocol::callback::{Callback, CallbackContent, MessageReport};
use crate::protocol::tag::Tag;

use super::account::Account;
use super::signature::{self, Parameters, SIGNATURE_HEADER};

/// Twilio sends some thirty; "new parameters may be added without notice".
const MAX_PARAMETERS: usize = 256;

/// What is reported on.
#[derive(Clone, Copy)]
pub(super) enum Of {
    /// A call.
    Call,
    /// A message.
    Message,
}

/// Reads a callback.
///
/// # Errors
/// Where it isn't Twilio's, or can't be read.
pub(super) fn receive(
    account: &Account,
    callback: &Callback<'_>,
    of: Of,
) -> Result<CallbackContent, CallbackError> {
    let auth_token = account.auth_token().ok_or(CallbackError::Unsupported)?;
    let parameters = parameters(callback).ok_or(CallbackError::Unauthenticated)?;
    let mut signatures = callback.headers.get_all(SIGNATURE_HEADER).iter();
    let (Some(signature), None) = (signatures.next(), signatures.next()) else {
        return Err(CallbackError::Unauthenticated);
    };
    let signature = signature.as_bytes();
    if !signature::is_good(auth_token, signature, callback.url, callback.query, &parameters) {
        return Err(CallbackError::Unauthenticated);
    }
    let tag = tag(callback.query).ok_or(CallbackError::Unreadable)?;
    // `SmsStatus` is the older name, with the same values.
    let names: &[&str] = match of {
        Of::Call => &["CallStatus"],
        Of::Message => &["MessageStatus", "SmsStatus"],
    };
    let status = names.iter().find_map(|name| one(&parameters, name));
    let status = status.ok_or(CallbackError::Unreadable)?;
    let reports = outcome(of, status).map(|outcome| MessageReport { tag, outcome });
    Ok(reports.into_iter().collect())
}

/// What the body holds, where it is one that Twilio would send.
fn parameters(callback: &Callback<'_>) -> Option<Parameters> {
    if *callback.method != Method::POST || callback.body.len() > MAX_CALLBACK_BYTES {
        return None;
    }
    let parameters: Parameters = parse(callback.body)
        .take(MAX_PARAMETERS + 1)
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    (parameters.len() <= MAX_PARAMETERS).then_some(parameters)
}

/// The tag that the URL was given.
fn tag(query: Option<&str>) -> Option<Tag> {
    let mut tags = parse(query?.as_bytes()).filter(|(name, _)| name == "tag");
    match (tags.next(), tags.next()) {
        (Some((_, tag)), None) => Tag::parse(&tag),
        _ => None,
    }
}

/// The value of a name that stands once.
fn one<'a>(parameters: &'a Parameters, name: &str) -> Option<&'a str> {
    let mut values = parameters.iter().filter(|(known, _)| known == name);
    match (values.next(), values.next()) {
        (Some((_, value)), None) => Some(value),
        _ => None,
    }
}

/// What becomes of it in the end; nothing where the end isn't reached.
fn outcome(of: Of, status: &str) -> Option<DeliveryOutcome> {
    match (of, status) {
        (Of::Message, "delivered" | "read") | (Of::Call, "completed") => {
            Some(DeliveryOutcome::Delivered)
        }
        (Of::Message, "canceled" | "failed" | "undelivered")
        | (Of::Call, "busy" | "canceled" | "failed" | "no-answer") => Some(DeliveryOutcome::Failed),
        _ => None,
    }
}

//! What Eskiz reports of a message.

use http::Method;
use serde::Deserialize;

use crate::callback::{Callback, CallbackError, Outcome, Received, Report};
use crate::signed_url::{self, Key};

/// Reads a report.
///
/// # Errors
/// Where its URL isn't one that Eskiz was given, or it holds no status.
pub(super) fn read(callback: &Callback<'_>, key: &Key) -> Result<Received, CallbackError> {
    let query = callback.query.ok_or(CallbackError::Unauthenticated)?;
    let tag = signed_url::verify(key, query).ok_or(CallbackError::Unauthenticated)?;
    if callback.method != Method::POST {
        return Err(CallbackError::Unreadable);
    }
    let status = status(callback.body).ok_or(CallbackError::Unreadable)?;
    let report = outcome(&status).map(|outcome| Report { tag, outcome });
    Ok(Received { reports: report.into_iter().collect(), ..Received::default() })
}

/// The `status` of a body: the documentation shows JSON, and asks for forms everywhere else.
fn status(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Body {
        status: String,
    }
    if body.trim_ascii_start().starts_with(b"{") {
        return Some(serde_json::from_slice::<Body>(body).ok()?.status);
    }
    let mut fields = form_urlencoded::parse(body);
    fields.find(|(name, _)| name == "status").map(|(_, value)| value.into_owned())
}

fn outcome(status: &str) -> Option<Outcome> {
    match status.to_ascii_uppercase().as_str() {
        "DELIVRD" | "DELIVERED" => Some(Outcome::Delivered),
        "UNDELIV" | "UNDELIVERABLE" | "EXPIRED" | "REJECTD" | "REJECTED" | "DELETED" | "FAILED" => {
            Some(Outcome::Failed)
        }
        _ => None,
    }
}

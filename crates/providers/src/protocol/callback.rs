//! What a provider reports later of a message that it took.

use countersign_contract::callbacks::{CallbackError, DeliveryReport};
use countersign_contract::types::DeliveryOutcome;
use http::{HeaderMap, Method};
use serde::de::DeserializeOwned;

use crate::json;
use crate::protocol::tag::Tag;

/// A call of a provider's to us. It proves nothing until its signature was compared.
pub struct Callback<'a> {
    /// `POST`, or `GET` for a handshake.
    pub method: &'a Method,
    /// The URL that the provider was given for its callbacks, without a query: `https://…/v1/callbacks/…`.
    pub url: &'a str,
    /// What follows the question mark, as it came.
    pub query: Option<&'a str>,
    /// The headers.
    pub headers: &'a HeaderMap,
    /// The body: at most [`MAX_CALLBACK_BYTES`](countersign_contract::callbacks::MAX_CALLBACK_BYTES).
    pub body: &'a [u8],
}

impl Callback<'_> {
    /// The JSON that was posted.
    ///
    /// # Errors
    /// Where it wasn't posted, or isn't JSON of that form.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, CallbackError> {
        self.require_post()?;
        json::read(self.body).ok_or(CallbackError::Unreadable)
    }

    /// Refuses what wasn't posted.
    ///
    /// # Errors
    /// Where it wasn't.
    pub(crate) fn require_post(&self) -> Result<(), CallbackError> {
        if *self.method == Method::POST { Ok(()) } else { Err(CallbackError::Unreadable) }
    }
}

/// What was read out of a callback.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct CallbackContent {
    /// What it reports: at most [`MAX_REPORTS`](countersign_contract::callbacks::MAX_REPORTS). What is neither delivered nor failed isn't among them.
    pub reports: Vec<MessageReport>,
    /// What the provider wants to be answered, as plain text: a handshake's word. Empty otherwise.
    pub answer: String,
}

impl FromIterator<MessageReport> for CallbackContent {
    fn from_iter<I: IntoIterator<Item = MessageReport>>(reports: I) -> Self {
        Self { reports: reports.into_iter().collect(), answer: String::new() }
    }
}

/// What became of one message.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MessageReport {
    /// Which.
    pub tag: Tag,
    /// What became of it.
    pub outcome: DeliveryOutcome,
}

impl From<MessageReport> for DeliveryReport {
    fn from(report: MessageReport) -> Self {
        let Tag { tenant, challenge_id: id, send_number } = report.tag;
        Self { tenant, id, send_number, outcome: report.outcome }
    }
}

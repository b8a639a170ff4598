//! What a provider reports later of a message that it took.

use http::{HeaderMap, Method};

use crate::tag::Tag;

/// Bytes of a callback's body that are read at most.
pub const MAX_CALLBACK_BYTES: usize = 256 * 1024;

/// Reports that are read out of one callback at most.
pub const MAX_REPORTS: usize = 1_000;

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
    /// The body: at most [`MAX_CALLBACK_BYTES`].
    pub body: &'a [u8],
}

/// What was read out of a callback.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Received {
    /// What it reports: at most [`MAX_REPORTS`]. What is neither delivered nor failed isn't among them.
    pub reports: Vec<Report>,
    /// What the provider wants to be answered, as plain text: a handshake's word. Empty otherwise.
    pub answer: String,
}

/// What became of one message.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Report {
    /// Which.
    pub tag: Tag,
    /// What became of it.
    pub outcome: Outcome,
}

/// What becomes of a message in the end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// It arrived.
    Delivered,
    /// It didn't and won't.
    Failed,
}

/// Why a callback can't be used. Nothing of it is repeated.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CallbackError {
    /// Its signature is missing, wrong or too old.
    Unauthenticated,
    /// The signature is good, and the rest holds nothing that we know: [`Senders`](crate::Senders)
    /// ignores it.
    Unreadable,
    /// The provider reports nothing, or the operator configured nothing to authenticate its reports with.
    Unsupported,
}

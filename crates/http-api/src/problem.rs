//! A refusal that becomes a response.
//!
//! Problems follow RFC 9457. `type` is the relative reference `/problems/<code>`, a name and not a page: it
//! claims no host, and clients should go by `code`. Private texts (what a store, a provider or the settings said)
//! never stand in a problem: [`crate::trace`] logs them.

mod code;
mod engine;

use std::borrow::Cow;

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use countersign_contract::types::{RecipientFault, Scope};
use serde::Serialize;

use crate::log_line::LogLine;
use crate::response;
#[cfg(test)]
use crate::tests::document::words;

pub(crate) use self::code::ProblemCode;

/// Why a message did not go out, without the text for operators.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub(crate) enum DeliveryKind {
    NotConfigured,
    Other,
    RecipientRefused,
    TemplateUnknown,
    Throttled,
    Timeout,
    Unauthorised,
    Unavailable,
    Unreadable,
}

/// A refusal that becomes a response.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(crate) code: ProblemCode,
    detail: Option<Cow<'static, str>>,
    field: Option<Cow<'static, str>>,
    reason: Option<RecipientFault>,
    retry_after: Option<u32>,
    attempts_left: Option<u32>,
    scope: Option<Scope>,
    kind: Option<DeliveryKind>,
    /// For the log, not for the caller.
    pub(crate) log_line: Option<Box<LogLine>>,
}

impl Problem {
    /// The problem with its text from the table.
    pub(crate) const fn new(code: ProblemCode) -> Self {
        Self {
            code,
            detail: None,
            field: None,
            reason: None,
            retry_after: None,
            attempts_left: None,
            scope: None,
            kind: None,
            log_line: None,
        }
    }

    /// A request that can't be read, and why.
    pub(crate) fn request(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ProblemCode::InvalidRequest).detail(detail)
    }

    /// Names the field of the request at fault.
    pub(crate) fn field(mut self, field: impl Into<Cow<'static, str>>) -> Self {
        self.field = Some(field.into());
        self
    }

    /// Says more than the table does. The text must be safe to show.
    pub(crate) fn detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Says what is wrong where the challenge was named by its id.
    pub(crate) fn by_id(self) -> Self {
        match self.code {
            ProblemCode::ChallengeNotFound => self.field("id"),
            ProblemCode::VerifyByNotAllowed => {
                self.detail("This purpose accepts challenges by recipient only.")
            }
            _ => self,
        }
    }

    /// Warns where the store failed while a message was sent.
    pub(crate) fn of_a_send(self) -> Self {
        match self.code {
            ProblemCode::StoreUnavailable => {
                self.detail("The store is unavailable. A message may have been sent.")
            }
            _ => self,
        }
    }

    /// Drops `retry_after` where the store failed during a verification: the attempt may have been counted, and the
    /// code accepted.
    pub(crate) fn of_an_attempt(mut self) -> Self {
        if self.code != ProblemCode::StoreUnavailable {
            return self;
        }
        self.retry_after = None;
        self.detail(
            "The store is unavailable. The attempt may have been counted, and the code accepted.",
        )
    }

    const fn retry_after(mut self, seconds: u32) -> Self {
        // 0 would mean "at once", which no refusal means.
        self.retry_after = Some(if seconds == 0 { 1 } else { seconds });
        self
    }

    const fn attempts_left(mut self, attempts: u32) -> Self {
        self.attempts_left = Some(attempts);
        self
    }
}

/// What went wrong, as RFC 9457 has it.
#[derive(Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[cfg_attr(test, schema(as = Problem))]
pub(crate) struct ProblemBody<'a> {
    /// `/problems/<code>`: a name, not a page.
    #[serde(rename = "type")]
    type_: &'static str,
    /// The same for every problem of this code.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What clients go by. It stays; texts may change.
    code: &'static str,
    /// What is wrong, in English.
    detail: &'a str,
    /// The field of the request at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schema(nullable = false))]
    field: Option<&'a str>,
    /// Why the recipient can't be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schema(nullable = false, value_type = Option<words::RecipientFault>))]
    reason: Option<RecipientFault>,
    /// Seconds until it is worth trying again. Also in the Retry-After header.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schema(nullable = false))]
    retry_after: Option<u32>,
    /// Attempts that are left; 0 if the challenge is now exhausted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schema(nullable = false))]
    attempts_left: Option<u32>,
    /// Which limit was hit.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schema(nullable = false, value_type = Option<words::Scope>))]
    scope: Option<Scope>,
    /// Why the message did not go out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schema(nullable = false))]
    kind: Option<DeliveryKind>,
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let row = self.code.row();
        let body = ProblemBody {
            type_: row.type_,
            title: row.title,
            status: row.status.as_u16(),
            code: row.code,
            detail: self.detail.as_deref().unwrap_or(row.detail),
            field: self.field.as_deref(),
            reason: self.reason,
            retry_after: self.retry_after,
            attempts_left: self.attempts_left,
            scope: self.scope,
            kind: self.kind,
        };
        let mut response = response::problem(row.status, &body);
        let headers = response.headers_mut();
        response::guard(headers);
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.code == ProblemCode::Unauthorized {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

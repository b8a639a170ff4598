//! Every way to fail: the one table of problems, and what each error of the engine becomes.
//!
//! Problems follow RFC 9457. `type` is the relative reference `/problems/<code>`, a name and not a page: it
//! claims no host, and clients should go by `code`. Private texts (what a store, a provider or the settings said)
//! never stand in a problem: [`crate::trace`] logs them.

use std::borrow::Cow;

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use countersign_contract::otp::Error;
use countersign_contract::types::{ArgumentFault, RecipientFault, Scope, SendError};
use serde::Serialize;

use crate::otp::Failure;
#[cfg(test)]
use crate::tests::document::words;
use crate::trace::Told;

/// One row per problem: the variant, its status, its stable code, its title and its public text.
macro_rules! problems {
    ($($variant:ident: $status:ident, $code:literal, $title:literal, $detail:literal;)+) => {
        /// What went wrong, as callers know it.
        #[derive(Clone, Copy, Debug, Eq, PartialEq)]
        pub(crate) enum Fault { $(#[doc = $detail] $variant,)+ }

        impl Fault {
            /// All of them.
            #[cfg(test)]
            pub(crate) const ALL: &[Self] = &[$(Self::$variant,)+];

            const fn row(self) -> &'static Row {
                match self {
                    $(Self::$variant => &Row {
                        status: StatusCode::$status,
                        code: $code,
                        type_: concat!("/problems/", $code),
                        title: $title,
                        detail: $detail,
                    },)+
                }
            }
        }
    };
}

problems! {
    BodyTooLarge: PAYLOAD_TOO_LARGE, "body_too_large", "Body too large", "The request body is longer than 16384 bytes.";
    CallbackUnauthenticated: UNAUTHORIZED, "callback_unauthenticated", "Callback not authenticated", "The callback's signature is missing, expired or invalid.";
    CallbackUnsupported: NOT_FOUND, "callback_unsupported", "Callback not supported", "This provider has no callbacks, or they are not set up.";
    ChallengeExpired: GONE, "challenge_expired", "Challenge expired", "The code has expired. Issue a new challenge.";
    ChallengeNotFound: NOT_FOUND, "challenge_not_found", "Challenge not found",
        "There is no such challenge. It never existed, was already answered, was followed by three newer ones, or is too old.";
    ChallengeRevoked: GONE, "challenge_revoked", "Challenge revoked", "The challenge was revoked. Issue a new one.";
    ChannelNotAllowed: FORBIDDEN, "channel_not_allowed", "Channel not allowed", "This purpose does not allow this channel.";
    CodeMismatch: UNPROCESSABLE_ENTITY, "code_mismatch", "Wrong code", "The code is wrong.";
    DeliveryFailed: BAD_GATEWAY, "delivery_failed", "Delivery failed", "No provider accepted the message: kind says why. No challenge was created or changed.";
    Disabled: FORBIDDEN, "disabled", "Recipient disabled", "Too many wrong codes in a row. An operator must unlock the recipient.";
    Exhausted: TOO_MANY_REQUESTS, "exhausted", "Attempts exhausted", "All attempts are used up. Issue a new challenge after retry_after seconds.";
    Forbidden: FORBIDDEN, "forbidden", "Forbidden", "This call needs an operator's API key.";
    HeadTooLarge: REQUEST_HEADER_FIELDS_TOO_LARGE, "head_too_large", "Head too large", "The request line and headers are longer than 16384 bytes.";
    Internal: INTERNAL_SERVER_ERROR, "internal", "Internal error", "Something broke on the server. Its log says what.";
    InvalidChannel: BAD_REQUEST, "invalid_channel", "Invalid channel", "The channel must be one of email, sms, voice, webhook and whatsapp.";
    InvalidClientIp: BAD_REQUEST, "invalid_client_ip", "Invalid client address", "This is not a valid client address.";
    InvalidCode: BAD_REQUEST, "invalid_code", "Invalid code", "This is not a valid code.";
    InvalidLocale: BAD_REQUEST, "invalid_locale", "Invalid locale", "This is not a valid locale.";
    InvalidPurpose: BAD_REQUEST, "invalid_purpose", "Invalid purpose", "This is not a valid purpose.";
    InvalidRecipient: BAD_REQUEST, "invalid_recipient", "Invalid recipient", "This is not a valid recipient: reason says why.";
    InvalidReference: BAD_REQUEST, "invalid_reference", "Invalid reference", "This is not a valid reference.";
    InvalidRequest: BAD_REQUEST, "invalid_request", "Invalid request", "The request cannot be read.";
    Locked: TOO_MANY_REQUESTS, "locked", "Recipient locked", "Too many wrong codes in a row. The recipient is locked for retry_after seconds.";
    MethodNotAllowed: METHOD_NOT_ALLOWED, "method_not_allowed", "Method not allowed", "This path does not support this method. The Allow header lists those that it supports.";
    Misconfigured: INTERNAL_SERVER_ERROR, "misconfigured", "Misconfigured", "The service's configuration cannot be used. Its log says why.";
    Overloaded: SERVICE_UNAVAILABLE, "overloaded", "Overloaded", "The service is overloaded. Nothing was done: try again.";
    ReferenceMismatch: UNPROCESSABLE_ENTITY, "reference_mismatch", "Wrong reference", "The challenge is bound to another reference.";
    ReferenceRequired: BAD_REQUEST, "reference_required", "Reference required", "This purpose requires a reference.";
    RouteNotFound: NOT_FOUND, "route_not_found", "Route not found", "There is no such path.";
    SlowBody: REQUEST_TIMEOUT, "slow_body", "Slow body", "The request body did not arrive in time. Nothing was done.";
    SlowHead: REQUEST_TIMEOUT, "slow_head", "Slow head", "The request line and headers did not arrive in time. Nothing was done.";
    StoreUnavailable: SERVICE_UNAVAILABLE, "store_unavailable", "Store unavailable", "The store is unavailable. Try again.";
    Throttled: TOO_MANY_REQUESTS, "throttled", "Throttled", "Too many requests: scope says which limit was reached. Try again after retry_after seconds.";
    Timeout: GATEWAY_TIMEOUT, "timeout", "Time-out", "The request took too long. A message may have been sent, or an attempt counted.";
    Unauthorized: UNAUTHORIZED, "unauthorized", "Unauthorized", "A valid API key is required: Authorization: Bearer <key>.";
    UnknownProvider: NOT_FOUND, "unknown_provider", "Unknown provider", "There is no provider of this name.";
    UnknownPurpose: NOT_FOUND, "unknown_purpose", "Unknown purpose", "There is no such purpose.";
    UnsupportedMediaType: UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", "Unsupported media type", "The request body must be application/json.";
    VerifyByNotAllowed: FORBIDDEN, "verify_by_not_allowed", "Not verifiable this way", "This purpose accepts challenges by id only.";
}

struct Row {
    status: StatusCode,
    code: &'static str,
    type_: &'static str,
    title: &'static str,
    detail: &'static str,
}

impl Fault {
    /// The stable name, in the problem and in the log.
    pub(crate) const fn as_str(self) -> &'static str {
        self.row().code
    }

    /// The status that goes with it.
    pub(crate) const fn status(self) -> StatusCode {
        self.row().status
    }

    /// The default public text.
    #[cfg(test)]
    pub(crate) const fn detail(self) -> &'static str {
        self.row().detail
    }
}

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
    pub(crate) code: Fault,
    detail: Option<Cow<'static, str>>,
    field: Option<Cow<'static, str>>,
    reason: Option<RecipientFault>,
    retry_after: Option<u32>,
    attempts_left: Option<u32>,
    scope: Option<Scope>,
    kind: Option<DeliveryKind>,
    /// For the log, not for the caller.
    pub(crate) told: Option<Box<Told>>,
}

impl Problem {
    /// The problem with its text from the table.
    pub(crate) const fn new(code: Fault) -> Self {
        Self {
            code,
            detail: None,
            field: None,
            reason: None,
            retry_after: None,
            attempts_left: None,
            scope: None,
            kind: None,
            told: None,
        }
    }

    /// A request that can't be read, and why.
    pub(crate) fn request(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Fault::InvalidRequest).detail(detail)
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
            Fault::ChallengeNotFound => self.field("id"),
            Fault::VerifyByNotAllowed => {
                self.detail("This purpose accepts challenges by recipient only.")
            }
            _ => self,
        }
    }

    /// Warns where the store failed while a message was sent.
    pub(crate) fn of_a_send(self) -> Self {
        match self.code {
            Fault::StoreUnavailable => {
                self.detail("The store is unavailable. A message may have been sent.")
            }
            _ => self,
        }
    }

    /// Drops `retry_after` where the store failed during a verification: the attempt may have been counted, and the
    /// code accepted.
    pub(crate) fn of_an_attempt(self) -> Self {
        match self.code {
            Fault::StoreUnavailable => Self::new(Fault::StoreUnavailable).detail(
                "The store is unavailable. The attempt may have been counted, and the code accepted.",
            ),
            _ => self,
        }
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

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Internal => Self::new(Fault::Internal),
            Failure::Overloaded => Self::new(Fault::Overloaded).retry_after(1),
            Failure::Refused(error) => error.into(),
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::ChannelNotAllowed => Self::new(Fault::ChannelNotAllowed).field("channel"),
            Error::DeliveryFailed(cause) => delivery(&cause),
            Error::Disabled => Self::new(Fault::Disabled),
            Error::Exhausted(seconds) => Self::new(Fault::Exhausted).retry_after(seconds),
            Error::Expired => Self::new(Fault::ChallengeExpired),
            Error::InvalidArgument(fault) => argument(fault),
            Error::InvalidRecipient(fault) => recipient(fault),
            Error::Locked(seconds) => Self::new(Fault::Locked).retry_after(seconds),
            Error::Misconfigured(_) => Self::new(Fault::Misconfigured),
            Error::Mismatch(left) => Self::new(Fault::CodeMismatch).attempts_left(left),
            Error::NotFound => Self::new(Fault::ChallengeNotFound),
            Error::ReferenceMismatch(left) => {
                Self::new(Fault::ReferenceMismatch).attempts_left(left)
            }
            Error::ReferenceRequired => Self::new(Fault::ReferenceRequired).field("reference"),
            Error::Revoked => Self::new(Fault::ChallengeRevoked),
            Error::StoreUnavailable(_) => Self::new(Fault::StoreUnavailable).retry_after(1),
            Error::Throttled(throttle) => {
                let mut problem =
                    Self::new(Fault::Throttled).retry_after(throttle.retry_after_seconds);
                problem.scope = Some(throttle.scope);
                problem
            }
            Error::UnknownPurpose => Self::new(Fault::UnknownPurpose).field("purpose"),
            Error::VerifyByNotAllowed => Self::new(Fault::VerifyByNotAllowed),
        }
    }
}

fn delivery(cause: &SendError) -> Problem {
    let mut problem = Problem::new(Fault::DeliveryFailed);
    problem.kind = Some(match cause {
        SendError::NotConfigured(_) => DeliveryKind::NotConfigured,
        SendError::Other(_) => DeliveryKind::Other,
        SendError::RecipientRefused => DeliveryKind::RecipientRefused,
        SendError::TemplateUnknown => DeliveryKind::TemplateUnknown,
        SendError::Throttled(_) => DeliveryKind::Throttled,
        SendError::Timeout => DeliveryKind::Timeout,
        SendError::Unauthorised => DeliveryKind::Unauthorised,
        SendError::Unavailable => DeliveryKind::Unavailable,
        SendError::Unreadable => DeliveryKind::Unreadable,
    });
    match cause {
        SendError::Throttled(Some(seconds)) => problem.retry_after(*seconds),
        _ => problem,
    }
}

/// The engine names arguments as WIT does; a caller knows them as JSON fields.
fn argument(fault: ArgumentFault) -> Problem {
    let (code, field, name) = match &*fault.field {
        "client-ip" => (Fault::InvalidClientIp, "client_ip", "client address"),
        "code" => (Fault::InvalidCode, "code", "code"),
        "locale" => (Fault::InvalidLocale, "locale", "locale"),
        "purpose" => (Fault::InvalidPurpose, "purpose", "purpose"),
        "reference" => (Fault::InvalidReference, "reference", "reference"),
        // The tenant comes from the configured key: no caller can mend it.
        "tenant" => return Problem::new(Fault::Misconfigured),
        _ => {
            let field = fault.field.replace('-', "_");
            return Problem::request(format!("This field {}.", fault.reason)).field(field);
        }
    };
    Problem::new(code).detail(format!("The {name} {}.", fault.reason)).field(field)
}

fn recipient(fault: RecipientFault) -> Problem {
    let detail = match fault {
        RecipientFault::Ambiguous => {
            "This is a national number. Give it with + and the code of its country."
        }
        RecipientFault::Empty => "The recipient is empty.",
        RecipientFault::MalformedAddress => "This is not a mail address.",
        RecipientFault::MalformedNumber => "This is not a phone number.",
        RecipientFault::NumberNotAllowed => {
            "This purpose does not send to numbers of this type or country."
        }
        RecipientFault::TooLong => "The recipient is longer than 254 bytes.",
        RecipientFault::UnassignableNumber => "This number cannot exist in its country.",
        RecipientFault::WrongKind => {
            "This channel needs the other kind of recipient: a phone number or a mail address. A WhatsApp id is neither."
        }
    };
    let mut problem = Problem::new(Fault::InvalidRecipient).detail(detail).field("to");
    problem.reason = Some(fault);
    problem
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
        let mut response = Response::new(Body::from(crate::body::json(&body)));
        *response.status_mut() = row.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        crate::routes::guard(headers);
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.code == Fault::Unauthorized {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

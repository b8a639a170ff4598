//! Every way to fail: the one table of problems, and what each error of the engine becomes.
//!
//! Problems follow RFC 9457. `type` is the relative reference `/problems/<code>`, a name and not a page: it
//! claims no host, and clients should go by `code`. Private texts (what a store, a provider or the settings said)
//! never stand in a problem: [`crate::trace`] logs them.

use std::borrow::Cow;

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::otp::{ArgumentFault, Error, Failure, RecipientFault, Scope, SendError};
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
    BodyTooLarge: PAYLOAD_TOO_LARGE, "body_too_large", "Body too large", "A body has at most 16384 bytes.";
    CallbackUnauthenticated: UNAUTHORIZED, "callback_unauthenticated", "Callback not authenticated", "What vouches for the provider is missing, old or wrong.";
    CallbackUnsupported: NOT_FOUND, "callback_unsupported", "Callback not supported", "The provider has no such callback.";
    ChallengeExpired: GONE, "challenge_expired", "Challenge expired", "The challenge's time is over: issue a new one.";
    ChallengeNotFound: NOT_FOUND, "challenge_not_found", "Challenge not found",
        "There is no such challenge: it never existed, was answered already, was followed by three newer ones, or is forgotten.";
    ChallengeRevoked: GONE, "challenge_revoked", "Challenge revoked", "The challenge was taken back.";
    ChannelNotAllowed: FORBIDDEN, "channel_not_allowed", "Channel not allowed", "The purpose does not allow this channel.";
    CodeMismatch: UNPROCESSABLE_ENTITY, "code_mismatch", "Wrong code", "The code is wrong.";
    DeliveryFailed: BAD_GATEWAY, "delivery_failed", "Delivery failed", "The message could not be handed to a provider; no challenge was made or changed.";
    Disabled: FORBIDDEN, "disabled", "Recipient disabled", "Too many wrong codes in a row: an operator has to unlock the recipient.";
    Exhausted: TOO_MANY_REQUESTS, "exhausted", "Attempts exhausted", "All attempts of the challenge are spent.";
    Forbidden: FORBIDDEN, "forbidden", "Forbidden", "This needs the key of an operator.";
    HeadTooLarge: REQUEST_HEADER_FIELDS_TOO_LARGE, "head_too_large", "Head too large", "A request's head has at most 16384 bytes.";
    Internal: INTERNAL_SERVER_ERROR, "internal", "Internal error", "Something broke. The log says what.";
    InvalidChannel: BAD_REQUEST, "invalid_channel", "Invalid channel", "A channel is one of email, sms, voice, webhook and whatsapp.";
    InvalidClientIp: BAD_REQUEST, "invalid_client_ip", "Invalid client address", "The client's address can't be used.";
    InvalidCode: BAD_REQUEST, "invalid_code", "Invalid code", "The code can't be one.";
    InvalidLocale: BAD_REQUEST, "invalid_locale", "Invalid locale", "The locale can't be used.";
    InvalidPurpose: BAD_REQUEST, "invalid_purpose", "Invalid purpose", "The purpose can't be one.";
    InvalidRecipient: BAD_REQUEST, "invalid_recipient", "Invalid recipient", "The recipient can't be used.";
    InvalidReference: BAD_REQUEST, "invalid_reference", "Invalid reference", "The reference can't be used.";
    InvalidRequest: BAD_REQUEST, "invalid_request", "Invalid request", "The request can't be read.";
    Locked: TOO_MANY_REQUESTS, "locked", "Recipient locked", "Too many wrong codes in a row: the recipient is locked for a while.";
    MethodNotAllowed: METHOD_NOT_ALLOWED, "method_not_allowed", "Method not allowed", "This path has no such method; the Allow header lists those it has.";
    Misconfigured: INTERNAL_SERVER_ERROR, "misconfigured", "Misconfigured", "The service's settings can't be used. The log says which.";
    Overloaded: SERVICE_UNAVAILABLE, "overloaded", "Overloaded", "Too much at once: nothing was done, try again.";
    ReferenceMismatch: UNPROCESSABLE_ENTITY, "reference_mismatch", "Wrong reference", "The challenge is bound to another reference.";
    ReferenceRequired: BAD_REQUEST, "reference_required", "Reference required", "The purpose wants a reference.";
    RouteNotFound: NOT_FOUND, "route_not_found", "Route not found", "There is no such path.";
    SlowBody: REQUEST_TIMEOUT, "slow_body", "Slow body", "The request's body did not arrive in time: nothing was done.";
    StoreUnavailable: SERVICE_UNAVAILABLE, "store_unavailable", "Store unavailable", "The store did not answer as it should; a message may be on its way.";
    Throttled: TOO_MANY_REQUESTS, "throttled", "Throttled", "A limit was hit.";
    Timeout: GATEWAY_TIMEOUT, "timeout", "Time-out", "The request took too long; a message may be on its way, or an attempt counted.";
    Unauthorized: UNAUTHORIZED, "unauthorized", "Unauthorized", "A known API key is needed: Authorization: Bearer <key>.";
    UnknownProvider: NOT_FOUND, "unknown_provider", "Unknown provider", "There is no provider of this name.";
    UnknownPurpose: NOT_FOUND, "unknown_purpose", "Unknown purpose", "There is no such purpose.";
    UnsupportedMediaType: UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", "Unsupported media type", "A body has to be application/json.";
    VerifyByNotAllowed: FORBIDDEN, "verify_by_not_allowed", "Not verifiable this way", "This purpose accepts challenges in the other way only: by id, or by recipient.";
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

    /// Names the id as the field at fault, where the challenge was looked for by id and not found.
    pub(crate) fn by_id(self) -> Self {
        match self.code {
            Fault::ChallengeNotFound => self.field("id"),
            _ => self,
        }
    }

    /// Says nothing of trying again where a verification's store failed: the attempt may have been counted, and the
    /// code accepted.
    pub(crate) fn of_an_attempt(self) -> Self {
        match self.code {
            Fault::StoreUnavailable => Self::new(Fault::StoreUnavailable).detail(
                "The store did not answer as it should; the attempt may have been counted.",
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
    let (code, field) = match fault.field.as_str() {
        "client-ip" => (Fault::InvalidClientIp, "client_ip"),
        "code" => (Fault::InvalidCode, "code"),
        "locale" => (Fault::InvalidLocale, "locale"),
        "purpose" => (Fault::InvalidPurpose, "purpose"),
        "reference" => (Fault::InvalidReference, "reference"),
        // The tenant comes from the configured key: no caller can mend it.
        "tenant" => return Problem::new(Fault::Misconfigured),
        _ => {
            return Problem::request(fault.reason).field(fault.field.replace('-', "_"));
        }
    };
    Problem::new(code).detail(fault.reason).field(field)
}

fn recipient(fault: RecipientFault) -> Problem {
    let detail = match fault {
        RecipientFault::Ambiguous => {
            "A national number: give it with + and the code of its country."
        }
        RecipientFault::Empty => "No recipient was given.",
        RecipientFault::MalformedAddress => "Not a mail address.",
        RecipientFault::MalformedNumber => "Not a phone number.",
        RecipientFault::NumberNotAllowed => {
            "A number that the purpose sends nothing to: premium rate, or of another country."
        }
        RecipientFault::TooLong => "A recipient has at most 254 bytes.",
        RecipientFault::UnassignableNumber => "No number that its country assigns.",
        RecipientFault::WrongKind => {
            "The channel takes the other kind of recipient, a phone number or a mail address; a WhatsApp id is neither."
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
    #[cfg_attr(test, schema(nullable = false))]
    reason: Option<RecipientFault>,
    /// Seconds until it is worth trying again; also in the Retry-After header.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schema(nullable = false))]
    retry_after: Option<u32>,
    /// Codes that may still be tried; 0 where the challenge is now exhausted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schema(nullable = false))]
    attempts_left: Option<u32>,
    /// Which limit was hit.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schema(nullable = false))]
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

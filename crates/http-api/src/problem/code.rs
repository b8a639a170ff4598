//! The one table of problems: the code, status, title and public text of every way to fail.

use axum::http::StatusCode;

/// One row per problem: the variant, its status, its stable code, its title and its public text.
macro_rules! problems {
    ($($variant:ident: $status:ident, $code:literal, $title:literal, $detail:literal;)+) => {
        /// What went wrong, by the name that clients go by.
        #[derive(Clone, Copy, Debug, Eq, PartialEq)]
        pub(crate) enum ProblemCode { $(#[doc = $detail] $variant,)+ }

        impl ProblemCode {
            /// All of them.
            #[cfg(test)]
            pub(crate) const ALL: &[Self] = &[$(Self::$variant,)+];

            /// Its row of the table.
            pub(super) const fn row(self) -> &'static Row {
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

/// What the table says of one problem.
pub(super) struct Row {
    /// The HTTP status.
    pub(super) status: StatusCode,
    /// The code.
    pub(super) code: &'static str,
    /// `/problems/<code>`.
    pub(super) type_: &'static str,
    /// The title.
    pub(super) title: &'static str,
    /// The public text, where a problem has none of its own.
    pub(super) detail: &'static str,
}

impl ProblemCode {
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

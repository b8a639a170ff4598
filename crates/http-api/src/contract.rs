//! Between the contract's types, as some bindings generator made them, and those of [`otp`](crate::otp): field by field,
//! nothing decided. A macro, because each program that embeds or imports the contract has types of its own; their names
//! are the contract's.

/// Enumerations of equal cases.
#[doc(hidden)]
#[macro_export]
macro_rules! same_cases {
    ($from:path => $to:path { $($case:ident),+ $(,)? }) => {
        impl From<$from> for $to {
            fn from(value: $from) -> Self {
                match value {
                    $(<$from>::$case => Self::$case,)+
                }
            }
        }
    };
}

/// Implements the conversions for bindings of `countersign:otp/types` and `countersign:otp/otp`, whose modules are given.
///
/// ```ignore
/// countersign_http_api::contract!(
///     crate::bindings::countersign::otp::types,
///     crate::bindings::countersign::otp::otp,
/// );
/// ```
#[macro_export]
macro_rules! contract {
    ($types:path, $otp:path $(,)?) => {
        mod contract {
            use $crate::otp as http;
            use $otp as otp;
            use $types as types;

            $crate::same_cases!(http::Channel => types::Channel { Email, Sms, Voice, Webhook, Whatsapp });
            $crate::same_cases!(types::Channel => http::Channel { Email, Sms, Voice, Webhook, Whatsapp });
            $crate::same_cases!(types::Scope => http::Scope { Challenge, Cooldown, Ip, Purpose, Subject, Tenant });
            $crate::same_cases!(otp::State => http::State { Exhausted, Expired, Pending, Revoked, Verified });
            $crate::same_cases!(http::DeliveryOutcome => types::DeliveryOutcome { Delivered, Failed });
            $crate::same_cases!(otp::DeliveryState => http::DeliveryState { Delivered, Failed, Sent });
            $crate::same_cases!(types::RecipientFault => http::RecipientFault {
                Ambiguous,
                Empty,
                MalformedAddress,
                MalformedNumber,
                NumberNotAllowed,
                TooLong,
                UnassignableNumber,
                WrongKind,
            });

            impl From<http::Addressee> for otp::Addressee {
                fn from(addressee: http::Addressee) -> Self {
                    Self {
                        purpose: addressee.purpose,
                        to: addressee.to.into_exposed(),
                        device_cookie: addressee.device_cookie.map(|cookie| cookie.into_exposed()),
                    }
                }
            }

            impl From<http::Target> for otp::Target {
                fn from(target: http::Target) -> Self {
                    match target {
                        http::Target::Id(id) => Self::Id(id),
                        http::Target::Recipient(addressee) => Self::Recipient(addressee.into()),
                    }
                }
            }

            impl From<http::IssueRequest> for otp::IssueRequest {
                fn from(request: http::IssueRequest) -> Self {
                    Self {
                        tenant: request.tenant,
                        purpose: request.purpose,
                        channel: request.channel.map(Into::into),
                        to: request.to.into_exposed(),
                        reference: request.reference,
                        locale: request.locale,
                        client_ip: request.client_ip,
                        device_cookie: request.device_cookie.map(|cookie| cookie.into_exposed()),
                    }
                }
            }

            impl From<http::VerifyRequest> for otp::VerifyRequest {
                fn from(request: http::VerifyRequest) -> Self {
                    Self {
                        tenant: request.tenant,
                        target: request.target.into(),
                        purpose: request.purpose,
                        to: request.to.map(|to| to.into_exposed()),
                        code: request.code.into_exposed(),
                        reference: request.reference,
                        client_ip: request.client_ip,
                    }
                }
            }

            impl From<http::ResendRequest> for otp::ResendRequest {
                fn from(request: http::ResendRequest) -> Self {
                    Self { tenant: request.tenant, id: request.id, client_ip: request.client_ip }
                }
            }

            impl From<otp::Challenge> for http::Challenge {
                fn from(challenge: otp::Challenge) -> Self {
                    Self {
                        id: challenge.id,
                        purpose: challenge.purpose,
                        channel: challenge.channel.into(),
                        masked_recipient: challenge.masked_recipient,
                        code_length: challenge.code_length,
                        expires_at: challenge.expires_at,
                        expires_in_seconds: challenge.expires_in_seconds,
                        resend_in_seconds: challenge.resend_in_seconds,
                        resends_left: challenge.resends_left,
                        attempts_left: challenge.attempts_left,
                        provider: challenge.provider,
                    }
                }
            }

            impl From<otp::Verified> for http::Verified {
                fn from(verified: otp::Verified) -> Self {
                    Self {
                        id: verified.id,
                        purpose: verified.purpose,
                        channel: verified.channel.into(),
                        masked_recipient: verified.masked_recipient,
                        reference: verified.reference,
                        verified_at: verified.verified_at,
                        device_cookie: verified.device_cookie.map($crate::secret::Secret::new),
                    }
                }
            }

            impl From<otp::Report> for http::Report {
                fn from(report: otp::Report) -> Self {
                    Self {
                        id: report.id,
                        purpose: report.purpose,
                        channel: report.channel.into(),
                        masked_recipient: report.masked_recipient,
                        state: report.state.into(),
                        delivery: report.delivery.into(),
                        issued_at: report.issued_at,
                        expires_at: report.expires_at,
                        expires_in_seconds: report.expires_in_seconds,
                        resend_in_seconds: report.resend_in_seconds,
                        resends_left: report.resends_left,
                        attempts_left: report.attempts_left,
                        locked_for_seconds: report.locked_for_seconds,
                        disabled: report.disabled,
                    }
                }
            }

            impl From<types::SendError> for http::SendError {
                fn from(error: types::SendError) -> Self {
                    match error {
                        types::SendError::NotConfigured(text) => Self::NotConfigured(text),
                        types::SendError::Other(text) => Self::Other(text),
                        types::SendError::RecipientRefused => Self::RecipientRefused,
                        types::SendError::TemplateUnknown => Self::TemplateUnknown,
                        types::SendError::Throttled(seconds) => Self::Throttled(seconds),
                        types::SendError::Timeout => Self::Timeout,
                        types::SendError::Unauthorised => Self::Unauthorised,
                        types::SendError::Unavailable => Self::Unavailable,
                        types::SendError::Unreadable => Self::Unreadable,
                    }
                }
            }

            impl From<types::StoreError> for http::StoreError {
                fn from(error: types::StoreError) -> Self {
                    match error {
                        types::StoreError::Denied => Self::Denied,
                        types::StoreError::InvalidArgument => Self::InvalidArgument,
                        types::StoreError::Other(text) => Self::Other(text),
                        types::StoreError::Timeout => Self::Timeout,
                        types::StoreError::Unavailable => Self::Unavailable,
                    }
                }
            }

            impl From<otp::Error> for http::Error {
                fn from(error: otp::Error) -> Self {
                    match error {
                        otp::Error::ChannelNotAllowed => Self::ChannelNotAllowed,
                        otp::Error::DeliveryFailed(error) => Self::DeliveryFailed(error.into()),
                        otp::Error::Disabled => Self::Disabled,
                        otp::Error::Exhausted(seconds) => Self::Exhausted(seconds),
                        otp::Error::Expired => Self::Expired,
                        otp::Error::InvalidArgument(fault) => Self::InvalidArgument(http::ArgumentFault {
                            field: fault.field,
                            reason: fault.reason,
                        }),
                        otp::Error::InvalidRecipient(fault) => Self::InvalidRecipient(fault.into()),
                        otp::Error::Locked(seconds) => Self::Locked(seconds),
                        otp::Error::Misconfigured(text) => Self::Misconfigured(text),
                        otp::Error::Mismatch(left) => Self::Mismatch(left),
                        otp::Error::NotFound => Self::NotFound,
                        otp::Error::ReferenceMismatch(left) => Self::ReferenceMismatch(left),
                        otp::Error::ReferenceRequired => Self::ReferenceRequired,
                        otp::Error::Revoked => Self::Revoked,
                        otp::Error::StoreUnavailable(error) => Self::StoreUnavailable(error.into()),
                        otp::Error::Throttled(throttle) => Self::Throttled(http::Throttle {
                            scope: throttle.scope.into(),
                            retry_after_seconds: throttle.retry_after_seconds,
                        }),
                        otp::Error::UnknownPurpose => Self::UnknownPurpose,
                        otp::Error::VerifyByNotAllowed => Self::VerifyByNotAllowed,
                    }
                }
            }
        }
    };
}

//! The problem that each error of the engine becomes.

use countersign_contract::otp::Error;
use countersign_contract::types::{ArgumentFault, RecipientFault, SendError, Throttle};

use super::{DeliveryKind, Problem, ProblemCode};
use crate::otp::Failure;

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Internal => Self::new(ProblemCode::Internal),
            Failure::Overloaded => Self::new(ProblemCode::Overloaded).retry_after(1),
            Failure::Refused(error) => error.into(),
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::ChannelNotAllowed => Self::new(ProblemCode::ChannelNotAllowed).field("channel"),
            Error::DeliveryFailed(cause) => delivery(&cause),
            Error::Disabled => Self::new(ProblemCode::Disabled),
            Error::Exhausted(seconds) => Self::new(ProblemCode::Exhausted).retry_after(seconds),
            Error::Expired => Self::new(ProblemCode::ChallengeExpired),
            Error::InvalidArgument(fault) => argument(fault),
            Error::InvalidRecipient(fault) => recipient(fault),
            Error::Locked(seconds) => Self::new(ProblemCode::Locked).retry_after(seconds),
            Error::Misconfigured(_) => Self::new(ProblemCode::Misconfigured),
            Error::Mismatch(left) => Self::new(ProblemCode::CodeMismatch).attempts_left(left),
            Error::NotFound => Self::new(ProblemCode::ChallengeNotFound),
            Error::ReferenceMismatch(left) => {
                Self::new(ProblemCode::ReferenceMismatch).attempts_left(left)
            }
            Error::ReferenceRequired => {
                Self::new(ProblemCode::ReferenceRequired).field("reference")
            }
            Error::Revoked => Self::new(ProblemCode::ChallengeRevoked),
            Error::StoreUnavailable(_) => Self::new(ProblemCode::StoreUnavailable).retry_after(1),
            Error::Throttled(throttle) => throttled(throttle),
            Error::UnknownPurpose => Self::new(ProblemCode::UnknownPurpose).field("purpose"),
            Error::VerifyByNotAllowed => Self::new(ProblemCode::VerifyByNotAllowed),
        }
    }
}

fn delivery(cause: &SendError) -> Problem {
    let mut problem = Problem::new(ProblemCode::DeliveryFailed);
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
        "client-ip" => (ProblemCode::InvalidClientIp, "client_ip", "client address"),
        "code" => (ProblemCode::InvalidCode, "code", "code"),
        "locale" => (ProblemCode::InvalidLocale, "locale", "locale"),
        "purpose" => (ProblemCode::InvalidPurpose, "purpose", "purpose"),
        "reference" => (ProblemCode::InvalidReference, "reference", "reference"),
        // The tenant comes from the configured key: no caller can mend it.
        "tenant" => return Problem::new(ProblemCode::Misconfigured),
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
    let mut problem = Problem::new(ProblemCode::InvalidRecipient).detail(detail).field("to");
    problem.reason = Some(fault);
    problem
}

fn throttled(throttle: Throttle) -> Problem {
    let mut problem =
        Problem::new(ProblemCode::Throttled).retry_after(throttle.retry_after_seconds);
    problem.scope = Some(throttle.scope);
    problem
}

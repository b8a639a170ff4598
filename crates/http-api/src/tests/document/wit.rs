//! What the contract says: the functions of `wit/otp.wit` with the errors that each lists, and the fields and cases of its
//! types. Reads as much of WIT as those files use.

use countersign_contract::otp::Error;
use countersign_contract::types::{
    ArgumentFault, RecipientFault, Scope, SendError, StoreError, Throttle,
};

const OTP: &str = include_str!("../../../../../wit/otp.wit");
const TYPES: &str = include_str!("../../../../../wit/types.wit");

/// The names of all functions.
pub(super) fn functions() -> Vec<&'static str> {
    OTP.lines().filter_map(|line| Some(line.trim().split_once(": func(")?.0)).collect()
}

/// The errors that a function lists, each with values as the engine gives them.
pub(super) fn errors(function: &str) -> Vec<Error> {
    let (before, _) = OTP.split_once(&format!("\n  {function}: func(")).unwrap();
    let list = before.rsplit_once("/// Errors:").unwrap().1;
    let words = list.lines().map(|line| line.trim().trim_start_matches("///").trim());
    let list = words.filter(|line| !line.starts_with('@')).collect::<Vec<_>>().join(" ");
    let mut errors = Vec::new();
    let mut rest = list.as_str();
    while let Some((_, next)) = rest.split_once('`') {
        let (name, next) = next.split_once('`').unwrap();
        let (remark, next) = match next.trim_start().strip_prefix('(') {
            Some(next) => next.split_once(')').unwrap(),
            None => ("", next),
        };
        let fields = remark.split(|sign: char| !sign.is_ascii_alphabetic() && sign != '-');
        errors.extend(error(name, fields.filter(|field| !field.is_empty())));
        rest = next;
    }
    errors
}

/// Every case of `error`, by one name each.
pub(super) fn error<'a>(name: &str, fields: impl Iterator<Item = &'a str>) -> Vec<Error> {
    vec![match name {
        "channel-not-allowed" => Error::ChannelNotAllowed,
        "delivery-failed" => Error::DeliveryFailed(SendError::Unavailable),
        "disabled" => Error::Disabled,
        "exhausted" => Error::Exhausted(840),
        "expired" => Error::Expired,
        "invalid-argument" => return fields.filter_map(invalid).collect(),
        "invalid-recipient" => Error::InvalidRecipient(RecipientFault::MalformedNumber),
        "locked" => Error::Locked(900),
        "misconfigured" => Error::Misconfigured(String::new()),
        "mismatch" => Error::Mismatch(2),
        "not-found" => Error::NotFound,
        "reference-mismatch" => Error::ReferenceMismatch(2),
        "reference-required" => Error::ReferenceRequired,
        "revoked" => Error::Revoked,
        "store-unavailable" => Error::StoreUnavailable(StoreError::Unavailable),
        "throttled" => {
            Error::Throttled(Throttle { scope: Scope::Cooldown, retry_after_seconds: 60 })
        }
        "unknown-purpose" => Error::UnknownPurpose,
        "verify-by-not-allowed" => Error::VerifyByNotAllowed,
        _ => panic!("an error that the HTTP surface doesn't know: {name}"),
    }]
}

/// The reasons are the engine's: `tests/acceptance` compares its answers with the examples made of them.
fn invalid(field: &str) -> Option<Error> {
    let reason = match field {
        "client-ip" => "has to be one IPv4 or IPv6 address, with a port or without",
        "code" => "has to be as many of the policy's signs as a code has",
        "locale" => "has to be a BCP 47 language tag, such as id or pt-BR",
        "purpose" => "has to be 1 to 64 characters of a-z, 0-9, _ and -",
        "reference" => "has to be 1 to 256 bytes without control characters",
        // A word of the remark, or one that the HTTP surface fills in itself.
        _ => return None,
    };
    Some(Error::InvalidArgument(ArgumentFault {
        field: field.to_owned().into(),
        reason: reason.into(),
    }))
}

/// The fields of a record, or the cases of an enum or a variant.
pub(super) fn members(kind: &str, name: &str) -> Vec<&'static str> {
    let head = format!("\n  {kind} {name} {{\n");
    let (_, rest) = OTP.split_once(&head).or_else(|| TYPES.split_once(&head)).unwrap();
    let (body, _) = rest.split_once("\n  }").unwrap();
    let lines = body.lines().map(str::trim).filter(|line| !line.starts_with("///"));
    lines.map(|line| line.split([':', '(', ',']).next().unwrap()).collect()
}

#[test]
fn the_contract_is_read_whole() {
    let functions = functions();
    assert_eq!(functions.first(), Some(&"issue"));
    assert_eq!(functions.len(), OTP.matches(": func(").count());
    assert_eq!(members("record", "addressee"), ["purpose", "to", "device-cookie"]);
    for case in members("variant", "error") {
        let fields = ["client-ip", "code", "locale", "purpose", "reference"].into_iter();
        assert!(!error(case, fields).is_empty(), "{case}");
    }
    let verify = errors("verify");
    assert!(verify.contains(&Error::VerifyByNotAllowed), "the last of the list");
    assert_eq!(verify.len(), 15 + 4, "16 names, one of them with four arguments");
}

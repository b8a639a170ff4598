//! What the engine refuses: every row of the table.

use std::collections::HashSet;

use countersign_contract::otp::Error;
use countersign_contract::types::{
    ArgumentFault, RecipientFault, Scope, SendError, StoreError, Throttle,
};
use serde_json::{Value, json};

use super::scripted::{Scripted, bare, every_call, post, send};
use crate::otp::Failure;
use crate::problem::ProblemCode;

fn argument(field: &str) -> Error {
    Error::InvalidArgument(ArgumentFault {
        field: field.to_owned().into(),
        reason: "has to be better".into(),
    })
}

fn throttled(scope: Scope, retry_after_seconds: u32) -> Error {
    Error::Throttled(Throttle { scope, retry_after_seconds })
}

/// What the engine says; then the status, and the members besides type, title, status and detail.
fn refusals() -> Vec<(Error, u16, Value)> {
    use Error::*;
    let mut rows = vec![
        (ChannelNotAllowed, 403, json!({"code": "channel_not_allowed", "field": "channel"})),
        (Disabled, 403, json!({"code": "disabled"})),
        (Exhausted(840), 429, json!({"code": "exhausted", "retry_after": 840})),
        (Expired, 410, json!({"code": "challenge_expired"})),
        (argument("client-ip"), 400, json!({"code": "invalid_client_ip", "field": "client_ip"})),
        (argument("code"), 400, json!({"code": "invalid_code", "field": "code"})),
        (argument("locale"), 400, json!({"code": "invalid_locale", "field": "locale"})),
        (argument("purpose"), 400, json!({"code": "invalid_purpose", "field": "purpose"})),
        (argument("reference"), 400, json!({"code": "invalid_reference", "field": "reference"})),
        (argument("some-thing"), 400, json!({"code": "invalid_request", "field": "some_thing"})),
        (argument("tenant"), 500, json!({"code": "misconfigured"})),
        (Locked(900), 429, json!({"code": "locked", "retry_after": 900})),
        (Misconfigured("PRIVATE".into()), 500, json!({"code": "misconfigured"})),
        (Mismatch(2), 422, json!({"code": "code_mismatch", "attempts_left": 2})),
        (Mismatch(0), 422, json!({"code": "code_mismatch", "attempts_left": 0})),
        (NotFound, 404, json!({"code": "challenge_not_found"})),
        (ReferenceMismatch(1), 422, json!({"code": "reference_mismatch", "attempts_left": 1})),
        (ReferenceRequired, 400, json!({"code": "reference_required", "field": "reference"})),
        (Revoked, 410, json!({"code": "challenge_revoked"})),
        (UnknownPurpose, 404, json!({"code": "unknown_purpose", "field": "purpose"})),
        (VerifyByNotAllowed, 403, json!({"code": "verify_by_not_allowed"})),
    ];
    rows.extend(recipients());
    rows.extend(throttles());
    rows.extend(deliveries());
    rows.extend(stores());
    rows
}

fn recipients() -> impl Iterator<Item = (Error, u16, Value)> {
    [
        (RecipientFault::Ambiguous, "ambiguous"),
        (RecipientFault::Empty, "empty"),
        (RecipientFault::MalformedAddress, "malformed_address"),
        (RecipientFault::MalformedNumber, "malformed_number"),
        (RecipientFault::NumberNotAllowed, "number_not_allowed"),
        (RecipientFault::TooLong, "too_long"),
        (RecipientFault::UnassignableNumber, "unassignable_number"),
        (RecipientFault::WrongKind, "wrong_kind"),
    ]
    .into_iter()
    .map(|(fault, reason)| {
        let members = json!({"code": "invalid_recipient", "field": "to", "reason": reason});
        (Error::InvalidRecipient(fault), 400, members)
    })
}

fn throttles() -> impl Iterator<Item = (Error, u16, Value)> {
    [
        (Scope::Challenge, "challenge"),
        (Scope::Cooldown, "cooldown"),
        (Scope::Ip, "ip"),
        (Scope::Purpose, "purpose"),
        (Scope::Subject, "subject"),
        (Scope::Tenant, "tenant"),
    ]
    .into_iter()
    .map(|(scope, name)| {
        let members = json!({"code": "throttled", "scope": name, "retry_after": 17});
        (throttled(scope, 17), 429, members)
    })
}

fn deliveries() -> impl Iterator<Item = (Error, u16, Value)> {
    let later = json!({"code": "delivery_failed", "kind": "throttled", "retry_after": 30});
    [
        (SendError::NotConfigured("PRIVATE".into()), "not_configured"),
        (SendError::Other("PRIVATE".into()), "other"),
        (SendError::RecipientRefused, "recipient_refused"),
        (SendError::TemplateUnknown, "template_unknown"),
        (SendError::Throttled(None), "throttled"),
        (SendError::Timeout, "timeout"),
        (SendError::Unauthorised, "unauthorised"),
        (SendError::Unavailable, "unavailable"),
    ]
    .into_iter()
    .map(|(cause, kind)| (cause, json!({"code": "delivery_failed", "kind": kind})))
    .chain([(SendError::Throttled(Some(30)), later)])
    .map(|(cause, members)| (Error::DeliveryFailed(cause), 502, members))
}

fn stores() -> impl Iterator<Item = (Error, u16, Value)> {
    [
        StoreError::Denied,
        StoreError::InvalidArgument,
        StoreError::Other("PRIVATE".into()),
        StoreError::Timeout,
        StoreError::Unavailable,
    ]
    .into_iter()
    .map(|cause| {
        // Not when to try again: a verification's attempt may have been counted.
        (Error::StoreUnavailable(cause), 503, json!({"code": "store_unavailable"}))
    })
}

#[tokio::test]
async fn every_error_becomes_its_problem() {
    let failures = refusals()
        .into_iter()
        .map(|(error, status, members)| (Failure::Refused(error), status, members))
        .chain([
            (Failure::Internal, 500, json!({"code": "internal"})),
            (Failure::Overloaded, 503, json!({"code": "overloaded", "retry_after": 1})),
        ]);
    for (failure, status, members) in failures {
        let body = r#"{"purpose":"login","to":"x","code":"483920"}"#;
        let reply = send(Scripted::failing(failure.clone()).open(), post("/v1/verify", body)).await;
        assert_eq!(reply.status.as_u16(), status, "{failure:?}");
        assert_eq!(reply.header("content-type"), "application/problem+json");
        assert_eq!(reply.header("cache-control"), "no-store");
        assert!(!reply.text.contains("PRIVATE"), "{}", reply.text);
        let retry_after =
            members["retry_after"].as_u64().map_or(String::new(), |seconds| seconds.to_string());
        assert_eq!(reply.header("retry-after"), retry_after, "{failure:?}");

        let Value::Object(mut problem) = reply.json() else {
            panic!("{}", reply.text);
        };
        let code = members["code"].as_str().unwrap();
        assert_eq!(problem.remove("type").unwrap(), format!("/problems/{code}"));
        assert_eq!(problem.remove("status").unwrap(), status);
        assert!(!problem.remove("title").unwrap().as_str().unwrap().is_empty());
        assert!(!problem.remove("detail").unwrap().as_str().unwrap().is_empty());
        assert_eq!(Value::Object(problem), members, "{failure:?}");
    }
}

#[tokio::test]
async fn a_problem_is_written_exactly() {
    let engine = Scripted::refusing(throttled(Scope::Cooldown, 60));
    let reply = send(engine.open(), post("/v1/challenges/c1.abc/resend", "")).await;
    let text = r#"{"type":"/problems/throttled","title":"Throttled","status":429,"code":"throttled","detail":"Too many requests: scope says which limit was reached. Try again after retry_after seconds.","retry_after":60,"scope":"cooldown"}"#;
    assert_eq!(reply.text, text);
}

#[tokio::test]
async fn the_engines_reason_is_the_detail_of_an_invalid_argument() {
    let reply = send(
        Scripted::refusing(argument("code")).open(),
        post("/v1/challenges/c1.abc/verify", r#"{"code":"1"}"#),
    )
    .await;
    assert_eq!(reply.json()["detail"], "The code has to be better.");
}

#[tokio::test]
async fn every_route_tells_what_the_engine_refuses() {
    for request in every_call() {
        let route = format!("{} {}", request.method(), request.uri());
        let reply = send(Scripted::refusing(Error::Locked(5)).open(), request).await;
        assert_eq!((reply.status.as_u16(), reply.code().as_str()), (429, "locked"), "{route}");
    }
}

#[tokio::test]
async fn a_challenge_not_found_by_id_names_the_id() {
    for request in every_call() {
        let by_id = request.uri().path().contains("c1.abc");
        let reply = send(Scripted::refusing(Error::NotFound).open(), request).await;
        let field = if by_id { json!("id") } else { Value::Null };
        assert_eq!(reply.json()["field"], field);
    }
}

#[tokio::test]
async fn no_refusal_says_to_come_back_after_0_seconds() {
    for error in [Error::Locked(0), Error::Exhausted(0), throttled(Scope::Ip, 0)] {
        let reply =
            send(Scripted::refusing(error).open(), bare("GET", "/v1/challenges/c1.abc")).await;
        assert_eq!(reply.header("retry-after"), "1");
    }
}

#[test]
fn codes_are_unique_and_made_of_lower_case_words() {
    let codes: HashSet<_> = ProblemCode::ALL.iter().map(|fault| fault.as_str()).collect();
    assert_eq!(codes.len(), ProblemCode::ALL.len());
    assert!(
        codes
            .iter()
            .all(|code| { code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_') })
    );
    for fault in ProblemCode::ALL {
        assert!(!fault.detail().contains("  "), "{}", fault.detail());
    }
}

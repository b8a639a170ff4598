//! The OpenAPI document: generated here, from the types and the table of problems, and held to the committed one.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::scripted::{Scripted, bare, send};
use crate::problem::{Fault, ProblemBody};
use crate::wire::{
    AddresseeBody, ChallengeView, IssueBody, Liveness, ReadinessView, ReportView, ResendBody,
    SweepBody, SweptView, VerifiedView, VerifyBody, VerifyByIdBody,
};

const COMMITTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");

/// One route, as the document tells it.
struct Operation {
    method: &'static str,
    path: &'static str,
    id: &'static str,
    summary: &'static str,
    body: Option<&'static str>,
    /// Status, description and schema of what goes right.
    success: (u16, &'static str, Option<&'static str>),
    faults: Vec<Fault>,
}

/// What any call with a key can meet.
const ANY: [Fault; 6] = [
    Fault::Internal,
    Fault::Misconfigured,
    Fault::Overloaded,
    Fault::StoreUnavailable,
    Fault::Timeout,
    Fault::Unauthorized,
];
const BODY: [Fault; 4] =
    [Fault::BodyTooLarge, Fault::InvalidRequest, Fault::SlowBody, Fault::UnsupportedMediaType];
const ADDRESSEE: [Fault; 3] =
    [Fault::InvalidPurpose, Fault::InvalidRecipient, Fault::UnknownPurpose];
const SEND: [Fault; 6] = [
    Fault::DeliveryFailed,
    Fault::Disabled,
    Fault::Exhausted,
    Fault::InvalidClientIp,
    Fault::Locked,
    Fault::Throttled,
];
const COMPARE: [Fault; 12] = [
    Fault::ChallengeExpired,
    Fault::ChallengeNotFound,
    Fault::ChallengeRevoked,
    Fault::CodeMismatch,
    Fault::Disabled,
    Fault::Exhausted,
    Fault::InvalidClientIp,
    Fault::InvalidCode,
    Fault::Locked,
    Fault::ReferenceMismatch,
    Fault::Throttled,
    Fault::VerifyByNotAllowed,
];

#[tokio::test]
async fn openapi_document_matches_the_committed_one() {
    let document = document();
    if std::env::var_os("UPDATE").is_some() {
        let text = serde_json::to_string_pretty(&document).unwrap() + "\n";
        std::fs::write(COMMITTED, text).unwrap();
        return;
    }
    let reply = send(Scripted::willing().open(), bare("GET", "/openapi.json")).await;
    assert_eq!(reply.header("content-type"), "application/json");
    assert_eq!(
        reply.json(),
        document,
        "the surface has changed: run this test with UPDATE=1 and look at the difference"
    );
}

#[tokio::test]
async fn every_operation_of_the_document_exists() {
    for operation in operations() {
        let path = operation.path.replace("{id}", "c").replace("{provider}", "p");
        let router = Scripted::willing().open();
        let reply = send(router, bare(operation.method, &path)).await;
        assert!(
            !["route_not_found", "method_not_allowed"].contains(&reply.code().as_str()),
            "{} {path}",
            operation.method
        );
    }
}

#[test]
fn every_problem_is_in_the_document() {
    let document = document();
    let listed = document["components"]["schemas"]["Problem"]["properties"]["code"]["enum"]
        .as_array()
        .unwrap();
    assert_eq!(listed.len(), Fault::ALL.len());
    let used: Vec<Fault> = operations().into_iter().flat_map(|it| it.faults).collect();
    for fault in Fault::ALL {
        let everywhere =
            [Fault::HeadTooLarge, Fault::MethodNotAllowed, Fault::RouteNotFound].contains(fault);
        assert!(everywhere || used.contains(fault), "{fault:?} is in no operation");
    }
}

#[test]
fn every_reference_of_the_document_leads_somewhere() {
    fn walk(value: &Value, document: &Value) {
        match value {
            Value::Object(members) => {
                if let Some(Value::String(target)) = members.get("$ref") {
                    let pointer = target.strip_prefix('#').unwrap();
                    assert!(document.pointer(pointer).is_some(), "{target}");
                }
                members.values().for_each(|member| walk(member, document));
            }
            Value::Array(items) => items.iter().for_each(|item| walk(item, document)),
            _ => {}
        }
    }
    let document = document();
    walk(&document, &document);
}

fn operations() -> Vec<Operation> {
    let mut operations = by_id();
    operations.extend(by_recipient());
    operations.extend(callbacks());
    operations.extend(service());
    operations
}

fn by_id() -> Vec<Operation> {
    let issue = [
        Fault::ChannelNotAllowed,
        Fault::InvalidChannel,
        Fault::InvalidLocale,
        Fault::InvalidReference,
        Fault::ReferenceRequired,
    ];
    let over = [
        Fault::ChallengeExpired,
        Fault::ChallengeNotFound,
        Fault::ChallengeRevoked,
        Fault::UnknownPurpose,
    ];
    let gone = [
        Fault::ChallengeExpired,
        Fault::ChallengeNotFound,
        Fault::Exhausted,
        Fault::UnknownPurpose,
    ];
    vec![
        Operation {
            method: "POST",
            path: "/v1/challenges",
            id: "issue",
            summary: "Makes a challenge and sends its code.",
            body: Some("IssueBody"),
            success: (201, "The challenge; Location names it.", Some("Challenge")),
            faults: [&ANY[..], &BODY, &ADDRESSEE, &SEND, &issue].concat(),
        },
        Operation {
            method: "GET",
            path: "/v1/challenges/{id}",
            id: "status",
            summary: "Tells where a challenge stands. Changes nothing.",
            body: None,
            success: (200, "Where it stands.", Some("Report")),
            faults: [&ANY[..], &[Fault::ChallengeNotFound, Fault::UnknownPurpose]].concat(),
        },
        Operation {
            method: "DELETE",
            path: "/v1/challenges/{id}",
            id: "revoke",
            summary: "Takes a living challenge back.",
            body: None,
            success: (204, "Taken back.", None),
            faults: [&ANY[..], &gone].concat(),
        },
        Operation {
            method: "POST",
            path: "/v1/challenges/{id}/verify",
            id: "verify",
            summary: "Compares a code, having counted the attempt first.",
            body: Some("VerifyByIdBody"),
            success: (200, "The code was right.", Some("Verified")),
            faults: [&ANY[..], &BODY, &COMPARE, &[Fault::UnknownPurpose]].concat(),
        },
        Operation {
            method: "POST",
            path: "/v1/challenges/{id}/resend",
            id: "resend",
            summary: "Sends the message of a living challenge once more. The body may be empty.",
            body: Some("ResendBody"),
            success: (200, "The challenge as it stands now.", Some("Challenge")),
            faults: [&ANY[..], &BODY, &SEND, &over].concat(),
        },
    ]
}

fn by_recipient() -> Vec<Operation> {
    vec![
        Operation {
            method: "POST",
            path: "/v1/verify",
            id: "verifyByRecipient",
            summary: "As verify, for the latest challenge of a recipient.",
            body: Some("VerifyBody"),
            success: (200, "The code was right.", Some("Verified")),
            faults: [&ANY[..], &BODY, &ADDRESSEE, &COMPARE].concat(),
        },
        Operation {
            method: "POST",
            path: "/v1/status",
            id: "statusByRecipient",
            summary: "As status, for the latest challenge of a recipient. Changes nothing.",
            body: Some("AddresseeBody"),
            success: (200, "Where it stands.", Some("Report")),
            faults: [&ANY[..], &BODY, &ADDRESSEE, &[Fault::ChallengeNotFound]].concat(),
        },
        Operation {
            method: "POST",
            path: "/v1/unlock",
            id: "unlock",
            summary: "Lifts the lock of a recipient and takes its challenge back. For operators' keys.",
            body: Some("AddresseeBody"),
            success: (204, "Unlocked.", None),
            faults: [&ANY[..], &BODY, &ADDRESSEE, &[Fault::Forbidden]].concat(),
        },
    ]
}

fn callbacks() -> Vec<Operation> {
    let any = [
        Fault::BodyTooLarge,
        Fault::CallbackUnauthenticated,
        Fault::CallbackUnsupported,
        Fault::Internal,
        Fault::InvalidRequest,
        Fault::Overloaded,
        Fault::SlowBody,
        Fault::Timeout,
        Fault::UnknownProvider,
        Fault::UnsupportedMediaType,
    ];
    let noting = [Fault::Misconfigured, Fault::StoreUnavailable];
    let operation = |method, id, summary, faults| Operation {
        method,
        path: "/v1/callbacks/{provider}",
        id,
        summary,
        body: None,
        success: (200, "What the provider wants to be answered.", None),
        faults,
    };
    vec![
        operation(
            "POST",
            "report",
            "Takes what a provider reports of messages that it took: its own signature vouches for it. The body is the provider's, of at most 256 KiB.",
            [&any[..], &noting].concat(),
        ),
        operation(
            "GET",
            "handshake",
            "Answers a provider that makes sure of its callbacks' address. Changes nothing.",
            any.to_vec(),
        ),
    ]
}

fn service() -> Vec<Operation> {
    let open = |path, id, summary, schema| Operation {
        method: "GET",
        path,
        id,
        summary,
        body: None,
        success: (200, "It is so.", schema),
        faults: vec![],
    };
    let sweep = Operation {
        method: "POST",
        path: "/v1/sweep",
        id: "sweep",
        summary: "Removes what has expired from a store that doesn't forget by itself, in one bounded step. For operators' keys, on the edge app only. The body may be empty.",
        body: Some("SweepBody"),
        success: (200, "What the step did.", Some("Swept")),
        faults: [&ANY[..], &BODY, &[Fault::Forbidden]].concat(),
    };
    vec![
        sweep,
        open("/healthz", "health", "The process answers.", Some("Liveness")),
        open("/readyz", "readiness", "Requests can be served; 503 where not.", Some("Readiness")),
        open("/openapi.json", "document", "This document.", None),
    ]
}

fn document() -> Value {
    let mut paths = Map::new();
    for operation in operations() {
        let item = paths.entry(operation.path).or_insert_with(|| Value::Object(Map::new()));
        item[operation.method.to_lowercase()] = described(&operation);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "countersign",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Issues and verifies one-time codes. What fails is a problem (RFC 9457): go by its `code`, which stays; its `type` is a name, not a page. A path that is none answers 404 `route_not_found`, a method that is none 405 `method_not_allowed`. What is no HTTP/1.1 answers 400 `invalid_request`, a head of more than 16 KiB 431 `head_too_large`. Bodies have at most 16 KiB.",
            "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
        },
        "security": [{"key": []}],
        "paths": paths,
        "components": {
            "schemas": schemas(),
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "description": "An API key."}},
        },
    })
}

fn described(operation: &Operation) -> Value {
    let (status, description, schema) = operation.success;
    let mut responses = Map::new();
    let mut success = json!({"description": description});
    if let Some(schema) = schema {
        success["content"] = content("application/json", schema);
    }
    if operation.path == "/openapi.json" {
        success["content"] = json!({"application/json": {"schema": {"type": "object"}}});
    }
    if status == 201 {
        success["headers"] = json!({"Location": {"schema": {"type": "string"}}});
    }
    if operation.path == "/readyz" {
        let mut failed = success.clone();
        failed["description"] = json!("It is not.");
        responses.insert("503".into(), failed);
    }
    responses.insert(status.to_string(), success);
    responses.extend(refusals(&operation.faults));

    let mut described = json!({
        "operationId": operation.id,
        "summary": operation.summary,
        "responses": responses,
    });
    if operation.path.contains("{id}") {
        described["parameters"] = json!([{
            "name": "id", "in": "path", "required": true,
            "schema": {"type": "string", "maxLength": 136, "pattern": "^[A-Za-z0-9_.-]+$"},
        }]);
    }
    if operation.path.contains("{provider}") {
        described["parameters"] = json!([{
            "name": "provider", "in": "path", "required": true,
            "schema": {"type": "string", "maxLength": 64, "pattern": "^[a-z0-9_-]+$"},
        }]);
        if operation.method == "POST" {
            described["requestBody"] = json!({"content": {"*/*": {}}});
        }
    }
    if let Some(body) = operation.body {
        described["requestBody"] = json!({
            "required": !["ResendBody", "SweepBody"].contains(&body),
            "content": content("application/json", body),
        });
    }
    if !operation.path.starts_with("/v1/") || operation.path.contains("{provider}") {
        described["security"] = json!([]);
    }
    described
}

/// One response per status, that lists its codes.
fn refusals(faults: &[Fault]) -> Map<String, Value> {
    let mut by_status = BTreeMap::<u16, Vec<Fault>>::new();
    for fault in faults {
        let listed = by_status.entry(fault.status().as_u16()).or_default();
        if !listed.contains(fault) {
            listed.push(*fault);
        }
    }
    let refusal = |(status, mut faults): (u16, Vec<Fault>)| {
        faults.sort_by_key(|fault| fault.as_str());
        let lines: Vec<String> = faults
            .iter()
            .map(|fault| format!("- `{}`: {}", fault.as_str(), fault.detail()))
            .collect();
        let mut response = json!({
            "description": lines.join("\n"),
            "content": content("application/problem+json", "Problem"),
        });
        if [429, 502, 503].contains(&status) {
            response["headers"] = json!({"Retry-After": {"schema": {"type": "integer"}}});
        }
        (status.to_string(), response)
    };
    by_status.into_iter().map(refusal).collect()
}

fn content(media_type: &str, schema: &str) -> Value {
    json!({media_type: {"schema": {"$ref": format!("#/components/schemas/{schema}")}}})
}

fn schemas() -> Map<String, Value> {
    fn add<T: ToSchema>(schemas: &mut Map<String, Value>) {
        let mut all = vec![(T::name().into_owned(), T::schema())];
        T::schemas(&mut all);
        for (name, schema) in all {
            schemas.insert(name, serde_json::to_value(schema).unwrap());
        }
    }
    let mut schemas = Map::new();
    add::<AddresseeBody>(&mut schemas);
    add::<ChallengeView<'_>>(&mut schemas);
    add::<IssueBody>(&mut schemas);
    add::<Liveness>(&mut schemas);
    add::<ProblemBody<'_>>(&mut schemas);
    add::<ReadinessView<'_>>(&mut schemas);
    add::<ReportView<'_>>(&mut schemas);
    add::<ResendBody>(&mut schemas);
    add::<SweepBody>(&mut schemas);
    add::<SweptView>(&mut schemas);
    add::<VerifiedView<'_>>(&mut schemas);
    add::<VerifyBody>(&mut schemas);
    add::<VerifyByIdBody>(&mut schemas);
    let codes: Vec<&str> = Fault::ALL.iter().map(|fault| fault.as_str()).collect();
    schemas["Problem"]["properties"]["code"]["enum"] = json!(codes);
    schemas
}

//! A document, put together.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::operations::{Access, Operation, TAGS, operations};
use super::{Edition, callbacks, enumerations, examples, limits};
use crate::problem::{ProblemBody, ProblemCode};
use crate::tests::scripted::Reply;
use crate::wire::answers::{
    ChallengeView, Liveness, ReadinessView, ReportView, SweptView, VerifiedView,
};
use crate::wire::operators::{CountView, ListView, SubjectView};
use crate::wire::requests::{
    AddresseeBody, CountBody, IssueBody, ListBody, ResendBody, SweepBody, VerifyBody,
    VerifyByIdBody,
};

const ABOUT: &str = "Issues and verifies one-time codes.

What fails is a problem (RFC 9457): go by its `code`, which stays; its `type` is a name, not a page. A path that does not exist answers 404 `route_not_found`, a method that a path does not have 405 `method_not_allowed` with `Allow`.

Request bodies have at most 16 KiB, those of callbacks 256 KiB. Unknown fields in requests are refused; answers may gain fields, and extensible enums values. Every answer says `Cache-Control: no-store` and `X-Content-Type-Options: nosniff`.

Formats of this API: `phone-or-email` is a phone number or a mail address in any usual spelling, of at most 254 bytes; `client-address` an IPv4 or IPv6 address, with a port or without; `typed-code` a code as a person typed or pasted it.";

/// What a document consists of that operations refer to.
#[derive(Default)]
struct Shared {
    examples: Map<String, Value>,
}

pub(super) async fn document(edition: Edition) -> Value {
    let mut shared = Shared::default();
    let mut paths = Map::new();
    for operation in operations(edition) {
        let described = described(edition, &operation, &mut shared).await;
        let item = paths.entry(operation.path).or_insert_with(|| parameters(operation.path));
        item[operation.method.to_lowercase()] = described;
    }
    let tags: Vec<Value> = TAGS
        .iter()
        .map(|(name, description)| json!({"name": name, "description": description}))
        .collect();
    let defaults = match edition {
        Edition::Edge => {
            json!({"url": "http://127.0.0.1:3000", "description": "Spin with its defaults."})
        }
        Edition::Host => {
            json!({"url": "http://127.0.0.1:8080", "description": "A native host with its defaults."})
        }
    };
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "countersign",
            "version": env!("CARGO_PKG_VERSION"),
            "description": ABOUT,
            "contact": {"name": "The operator of this service"},
            "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
        },
        "servers": [
            {"url": "/", "description": "The service that serves this document."},
            defaults,
        ],
        "tags": tags,
        "security": [{"key": []}],
        "paths": paths,
        "components": {
            "examples": shared.examples,
            "headers": {
                "RetryAfter": {
                    "description": "Seconds until it is worth trying again.",
                    "schema": integer(limits::retry_after()),
                    "example": 60,
                },
            },
            "links": links(),
            "parameters": {
                "id": parameter("id", "The id of a challenge.", limits::id(), examples::ID),
                "provider": parameter(
                    "provider",
                    "The name of a provider: its channel, its type and, from the second of that type on, a number.",
                    limits::provider(),
                    "sms-twilio_sms",
                ),
            },
            "schemas": schemas(edition),
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "description": "An API key."},
            },
        },
    })
}

fn parameters(path: &str) -> Value {
    let names = ["id", "provider"].into_iter().filter(|name| path.contains(&format!("{{{name}}}")));
    let parameters: Vec<Value> =
        names.map(|name| json!({"$ref": format!("#/components/parameters/{name}")})).collect();
    if parameters.is_empty() { json!({}) } else { json!({"parameters": parameters}) }
}

fn parameter(name: &str, description: &str, mut schema: Value, example: &str) -> Value {
    schema["type"] = json!("string");
    json!({
        "name": name,
        "in": "path",
        "required": true,
        "description": description,
        "schema": schema,
        "example": example,
    })
}

/// What can be done with the challenge of an answer.
const LINKS: [(&str, &str); 4] = [
    ("resend", "Sends the code again."),
    ("revoke", "Takes the challenge back."),
    ("status", "Tells where the challenge stands."),
    ("verify", "Verifies the code that the person typed."),
];

fn links() -> Value {
    LINKS
        .iter()
        .map(|(id, description)| {
            let link = json!({
                "operationId": id,
                "description": description,
                "parameters": {"id": "$response.body#/id"},
            });
            ((*id).to_owned(), link)
        })
        .collect()
}

async fn described(edition: Edition, operation: &Operation, shared: &mut Shared) -> Value {
    let mut responses = refusals(edition, operation, shared).await;
    let (status, good) = good(edition, operation).await;
    responses.insert(status, good);
    if operation.path == "/readyz" {
        let example = examples::unready(edition).await.json();
        let content = content("application/json", "Readiness", [("failed", example)]);
        // Of the server's own making there is none: it answers `/readyz` whatever is going on.
        let unready = json!({"description": "Requests can't be served.", "content": content});
        responses.insert("503".into(), unready);
    }
    if edition == Edition::Edge {
        for (status, what) in [("400", "no HTTP/1.1"), ("431", "too long in its head")] {
            let text =
                format!("The runtime's own answer, without a body, to a request that is {what}.");
            responses.entry(status).or_insert_with(|| json!({"description": text}));
        }
    }
    let mut described = json!({
        "operationId": operation.id,
        "tags": [operation.tag],
        "summary": operation.summary,
        "description": operation.description,
        "responses": responses,
    });
    if let Some((schema, required)) = operation.body {
        let content = content("application/json", schema, examples::requests(operation));
        described["requestBody"] = json!({"required": required, "content": content});
    }
    if operation.id == "report" {
        described["requestBody"] = callbacks::body();
    }
    match operation.access {
        Access::Key | Access::Operator => {}
        Access::Open | Access::Provider => described["security"] = json!([]),
        Access::OptionalKey => described["security"] = json!([{}, {"key": []}]),
    }
    described
}

/// What goes right, with its status.
async fn good(edition: Edition, operation: &Operation) -> (String, Value) {
    let (status, description, schema) = operation.success;
    let mut good = json!({"description": description});
    let reply = examples::success(edition, operation).await;
    assert_eq!(reply.status.as_u16(), status, "{}", operation.id);
    if let Some(schema) = schema {
        let example = match operation.id {
            "document" => {
                json!({"openapi": "3.1.0", "info": {"title": "countersign"}, "paths": {}})
            }
            _ => renamed(&reply),
        };
        good["content"] = content("application/json", schema, [("usual", example)]);
    }
    if operation.id == "handshake" {
        let schema = json!({"type": "string", "minLength": 1, "maxLength": 128, "pattern": "^[A-Za-z0-9._~-]+$"});
        let examples = json!({"meta_whatsapp": {"value": "1158201444"}});
        good["content"] = json!({"text/plain": {"schema": schema, "examples": examples}});
    }
    if status == 201 {
        let path = format!("/v1/challenges/{}", examples::ID);
        let mut schema = limits::id();
        schema["pattern"] = json!("^/v1/challenges/[A-Za-z0-9_.-]+$");
        schema["maxLength"] =
            json!("/v1/challenges/".len() as u64 + schema["maxLength"].as_u64().unwrap());
        schema["type"] = json!("string");
        good["headers"] = json!({"Location": {
            "description": "Where the challenge is.",
            "required": true,
            "schema": schema,
            "example": path,
        }});
    }
    if matches!(schema, Some("Challenge" | "Report")) {
        let link = |(id, _): &(&str, &str)| {
            ((*id).to_owned(), json!({"$ref": format!("#/components/links/{id}")}))
        };
        good["links"] = LINKS.iter().map(link).collect();
    }
    (status.to_string(), good)
}

/// The answer with an id as the engine makes them.
fn renamed(reply: &Reply) -> Value {
    serde_json::from_str(&reply.text.replace("c1.abc", examples::ID)).unwrap()
}

/// One response per status, that lists its codes with an example of each.
async fn refusals(
    edition: Edition,
    operation: &Operation,
    shared: &mut Shared,
) -> Map<String, Value> {
    let mut by_status = BTreeMap::<u16, Vec<(ProblemCode, String)>>::new();
    for fault in operation.faults(edition) {
        let reply = examples::problem(edition, operation, fault).await;
        let (id, code) = (operation.id, fault.as_str());
        assert_eq!(
            (reply.status, reply.code().as_str()),
            (fault.status(), code),
            "{id}: {code} is described and not answered"
        );
        let example = shared.example(id, code, reply.json());
        by_status.entry(fault.status().as_u16()).or_default().push((fault, example));
    }
    let refusal = |(status, faults): (u16, Vec<(ProblemCode, String)>)| {
        let lines: Vec<String> = faults
            .iter()
            .map(|(fault, _)| format!("- `{}`: {}", fault.as_str(), fault.detail()))
            .collect();
        let example = |(fault, name): &(ProblemCode, String)| {
            let reference = json!({"$ref": format!("#/components/examples/{name}")});
            (fault.as_str().to_owned(), reference)
        };
        let examples: Map<String, Value> = faults.iter().map(example).collect();
        let schema = json!({"$ref": "#/components/schemas/Problem"});
        let mut response = json!({
            "description": lines.join("\n"),
            "content": {"application/problem+json": {"schema": schema, "examples": examples}},
        });
        if [429, 502, 503].contains(&status) {
            response["headers"] =
                json!({"Retry-After": {"$ref": "#/components/headers/RetryAfter"}});
        }
        if faults.iter().any(|(fault, _)| *fault == ProblemCode::Unauthorized) {
            let schema = json!({"type": "string", "const": "Bearer"});
            response["headers"] = json!({"WWW-Authenticate": {
                "description": "How to authenticate.", "required": true, "schema": schema,
            }});
        }
        (status.to_string(), response)
    };
    by_status.into_iter().map(refusal).collect()
}

impl Shared {
    /// Keeps an example once, and tells its name: that of the code, unless an operation words it in its own way.
    fn example(&mut self, operation: &str, code: &str, value: Value) -> String {
        let kept = json!({"value": value});
        let own = format!("{code}_of_{operation}");
        let known = self.examples.iter().find(|(name, known)| {
            **known == kept && (*name == code || name.starts_with(&format!("{code}_of_")))
        });
        if let Some((name, _)) = known {
            return name.clone();
        }
        let name = if self.examples.contains_key(code) { own } else { code.to_owned() };
        self.examples.insert(name.clone(), kept);
        name
    }
}

fn content(
    media_type: &str,
    schema: &str,
    examples: impl IntoIterator<Item = (&'static str, Value)>,
) -> Value {
    let schema = json!({"$ref": format!("#/components/schemas/{schema}")});
    let examples: Map<String, Value> = examples
        .into_iter()
        .map(|(name, value)| (name.to_owned(), json!({"value": value})))
        .collect();
    json!({media_type: {"schema": schema, "examples": examples}})
}

fn integer(mut schema: Value) -> Value {
    schema["type"] = json!("integer");
    schema
}

/// The schemas of an edition.
pub(super) fn schemas(edition: Edition) -> Map<String, Value> {
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
    add::<VerifiedView<'_>>(&mut schemas);
    add::<VerifyBody>(&mut schemas);
    add::<VerifyByIdBody>(&mut schemas);
    add::<ListBody>(&mut schemas);
    add::<ListView<'_>>(&mut schemas);
    add::<SubjectView<'_>>(&mut schemas);
    match edition {
        Edition::Edge => {
            add::<SweepBody>(&mut schemas);
            add::<SweptView>(&mut schemas);
        }
        Edition::Host => {
            add::<CountBody>(&mut schemas);
            add::<CountView<'_>>(&mut schemas);
        }
    }
    enumerations::open(&mut schemas);
    let about = schemas["Problem"]["properties"]["code"]["description"].take();
    schemas["Problem"]["properties"]["code"] =
        json!({"$ref": "#/components/schemas/ProblemCode", "description": about});
    let about = schemas["IssueBody"]["properties"]["channel"]["oneOf"][0]["description"].take();
    schemas["IssueBody"]["properties"]["channel"] = enumerations::chosen_channel(&about);
    schemas["Liveness"]["properties"]["status"]["const"] = json!("ok");
    schemas["Verified"]["properties"]["verified"]["const"] = json!(true);
    schemas["Readiness"]["properties"]["dependencies"]["minItems"] = json!(1);
    limits::apply(&mut schemas);
    schemas.insert(
        "Document".into(),
        json!({
            "type": "object",
            "description": "An OpenAPI document.",
            "properties": {"openapi": {"type": "string", "const": "3.1.0"}, "info": {"type": "object"}, "paths": {"type": "object"}},
            "required": ["openapi", "info", "paths"],
        }),
    );
    schemas.extend(callbacks::schemas());
    schemas
}

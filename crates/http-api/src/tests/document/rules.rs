//! What a good document has, whichever linter reads it; and that every example is one.

use std::collections::BTreeSet;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use serde_json::{Map, Value};

use super::operations::{TAGS, operations};
use super::schema::misfits;
use super::{Edition, callbacks, limits};
use crate::keys::ApiKeys;
use crate::problem::ProblemCode;
use crate::routes::PATHS;
use crate::tests::scripted::{Scripted, bare, post, send};

/// Every operation of a document, with its method and path.
fn described(document: &Value) -> Vec<(String, String, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    let of_path = |(path, item): (&String, &'_ Value)| {
        let methods = item.as_object().unwrap().keys().filter(|key| *key != "parameters");
        methods.map(|method| (method.to_uppercase(), path.clone())).collect::<Vec<_>>()
    };
    let all: Vec<(String, String)> = paths.iter().flat_map(of_path).collect();
    all.into_iter()
        .map(|(method, path)| {
            let operation = &paths[&path][&method.to_lowercase()];
            (method, path, operation)
        })
        .collect()
}

/// Calls `visit` with every object of the document and where it stands.
fn walk<'a>(value: &'a Value, at: &str, visit: &mut impl FnMut(&str, &'a Map<String, Value>)) {
    match value {
        Value::Object(members) => {
            visit(at, members);
            for (name, member) in members {
                // What stands there is no part of the description.
                if !matches!(name.as_str(), "example" | "examples" | "value" | "default") {
                    walk(member, &format!("{at}/{name}"), visit);
                }
            }
        }
        Value::Array(items) => {
            for (place, item) in items.iter().enumerate() {
                walk(item, &format!("{at}/{place}"), visit);
            }
        }
        _ => {}
    }
}

/// Where every reference of the document leads.
fn references(document: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    fn collect(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(members) => {
                if let Some(Value::String(target)) = members.get("$ref") {
                    found.insert(target.strip_prefix('#').unwrap().to_owned());
                }
                members.values().for_each(|member| collect(member, found));
            }
            Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
            _ => {}
        }
    }
    collect(document, &mut found);
    found
}

#[tokio::test]
async fn every_operation_is_named_described_and_may_fail() {
    for edition in Edition::ALL {
        let document = edition.document().await;
        let (mut ids, mut tags) = (BTreeSet::new(), BTreeSet::new());
        for (method, path, operation) in described(&document) {
            let text = |name: &str| operation[name].as_str().unwrap_or_default();
            assert!(ids.insert(text("operationId").to_owned()), "{method} {path}");
            assert!(!text("summary").is_empty() && !text("summary").ends_with('.'), "{path}");
            assert!(text("description").ends_with('.'), "{method} {path}");
            let of = operation["tags"].as_array().unwrap();
            assert_eq!(of.len(), 1, "{method} {path}");
            tags.extend(of.iter().map(|tag| tag.as_str().unwrap().to_owned()));
            let statuses: Vec<&String> =
                operation["responses"].as_object().unwrap().keys().collect();
            for class in ['2', '4'] {
                let has = statuses.iter().any(|status| status.starts_with(class));
                assert!(has, "{method} {path}: no {class}xx");
            }
        }
        let declared: BTreeSet<String> = TAGS.iter().map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!(tags, declared);
    }
}

/// Every method and path that a router serves.
async fn served(router: &Router) -> BTreeSet<(String, String)> {
    let mut served = BTreeSet::new();
    for (path, _) in PATHS {
        // A method that no route has: the refusal names those that there are.
        let reply = send(router.clone(), bare("UNHEARD-OF", path)).await;
        if reply.code() == "route_not_found" {
            continue;
        }
        assert_eq!(reply.code(), "method_not_allowed", "{path}");
        // HEAD comes with GET.
        let methods = reply.header("allow").split(',').filter(|method| *method != "HEAD");
        served.extend(methods.map(|method| (method.to_owned(), path.to_owned())));
    }
    served
}

#[tokio::test]
async fn every_route_is_described_and_everything_described_is_a_route() {
    for edition in Edition::ALL {
        let document = edition.document().await;
        let described: BTreeSet<(String, String)> =
            described(&document).into_iter().map(|(method, path, _)| (method, path)).collect();
        let served = served(&edition.router(&Scripted::willing(), ApiKeys::open())).await;
        let undescribed: Vec<_> = served.difference(&described).collect();
        assert!(
            undescribed.is_empty(),
            "{edition:?}: served without a description: {undescribed:?}"
        );
        let unserved: Vec<_> = described.difference(&served).collect();
        assert!(unserved.is_empty(), "{edition:?}: described and not served: {unserved:?}");
    }
}

#[test]
fn every_problem_is_somewhere() {
    // What no operation answers: there is none.
    let mut used = vec![ProblemCode::MethodNotAllowed, ProblemCode::RouteNotFound];
    for edition in Edition::ALL {
        used.extend(operations(edition).iter().flat_map(|operation| operation.faults(edition)));
    }
    for fault in ProblemCode::ALL {
        assert!(used.contains(fault), "{fault:?} is in no operation");
    }
}

#[tokio::test]
async fn every_reference_leads_somewhere_and_every_component_is_used() {
    for edition in Edition::ALL {
        let document = edition.document().await;
        let used = references(&document);
        for target in &used {
            assert!(document.pointer(target).is_some(), "{target}");
        }
        for (kind, components) in document["components"].as_object().unwrap() {
            for name in components.as_object().unwrap().keys() {
                let place = format!("/components/{kind}/{name}");
                let is_used = used.contains(&place) || kind == "securitySchemes";
                assert!(is_used, "{place} is of no use");
            }
        }
    }
}

#[tokio::test]
async fn every_text_and_number_has_its_limits() {
    for edition in Edition::ALL {
        let document = edition.document().await;
        let theirs: Vec<String> = callbacks::schemas()
            .keys()
            .map(|name| format!("/components/schemas/{name}/"))
            .collect();
        let mut seen = 0;
        walk(&document, "", &mut |at, schema| {
            let is = |name: &str| match &schema.get("type") {
                Some(Value::Array(names)) => names.iter().any(|one| one == name),
                Some(one) => *one == name,
                None => false,
            };
            let has = |keyword| schema.contains_key(keyword);
            if theirs.iter().any(|place| at.starts_with(place.as_str())) {
                return;
            }
            let bounded = if is("string") {
                has("enum") || has("const") || has("minLength") && has("maxLength")
            } else if is("integer") || is("number") {
                has("minimum") && has("maximum")
            } else {
                return;
            };
            seen += 1;
            assert!(bounded, "{at}: {schema:?}");
        });
        assert!(seen > 50, "only {seen}");
    }
}

#[tokio::test]
async fn no_answer_has_an_enumeration_that_cannot_grow() {
    for edition in Edition::ALL {
        let document = edition.document().await;
        let mut open = 0;
        for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
            if limits::REQUESTS.contains(&name.as_str()) {
                continue;
            }
            walk(schema, name, &mut |at, schema| {
                assert!(!schema.contains_key("enum"), "{at}");
                if let Some(values) = schema.get("x-extensible-enum") {
                    let description = schema["description"].as_str().unwrap();
                    assert!(description.starts_with("Extensible enum. "), "{at}");
                    assert_eq!(schema.get("examples"), Some(values), "{at}");
                    open += 1;
                }
            });
        }
        assert_eq!(open, 11);
    }
}

/// Calls `visit` with every media type, header and parameter that has examples, and with these.
fn exampled<'a>(
    document: &'a Value,
    visit: &mut impl FnMut(&str, &'a Map<String, Value>, Vec<&'a Value>),
) {
    walk(document, "", &mut |at, members| {
        if !members.contains_key("schema") {
            return;
        }
        let mut examples: Vec<&Value> = members.get("example").into_iter().collect();
        for example in members.get("examples").and_then(Value::as_object).into_iter().flatten() {
            let example = match example.1.get("$ref").and_then(Value::as_str) {
                Some(target) => document.pointer(target.strip_prefix('#').unwrap()).unwrap(),
                None => example.1,
            };
            examples.push(&example["value"]);
        }
        visit(at, members, examples);
    });
}

#[tokio::test]
async fn everything_has_examples_and_every_example_fits() {
    for edition in Edition::ALL {
        let document = edition.document().await;
        let mut seen = 0;
        exampled(&document, &mut |at, members, examples| {
            let schema = &members["schema"];
            assert!(!examples.is_empty() || schema.get("const").is_some(), "{at}: no example");
            for example in examples {
                assert_eq!(misfits(example, schema, &document), Vec::<String>::new(), "{at}");
                seen += 1;
            }
        });
        assert!(seen > 150, "only {seen}");
    }
}

/// And reaches the engine: the surface finds nothing wrong with it.
#[tokio::test]
async fn every_example_of_a_request_is_accepted() {
    for edition in Edition::ALL {
        let document = edition.document().await;
        for operation in operations(edition).iter().filter(|operation| operation.body.is_some()) {
            let (method, path) = (operation.method.to_lowercase(), operation.path);
            let content = &document["paths"][path][method]["requestBody"]["content"];
            for (name, example) in content["application/json"]["examples"].as_object().unwrap() {
                let engine = Scripted::willing();
                let body = example["value"].to_string();
                let request: Request<Body> = post(&operation.example_path(), body);
                let reply = send(edition.router(&engine, ApiKeys::open()), request).await;
                assert_eq!(reply.status.as_u16(), operation.success.0, "{path} {name}: {reply:?}");
                assert!(!engine.calls().is_empty(), "{path} {name}");
            }
        }
    }
}

//! The examples: requests as callers send them, and what the surface answers to them.

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, Request, StatusCode, header};
use countersign_contract::callbacks::CallbackError;
use countersign_contract::otp::Error;
use countersign_contract::types::StoreError;
use http_body_util::{BodyExt, Full, Limited};
use serde_json::{Value, json};

use super::operations::Operation;
use super::{Edition, wit};
use crate::callbacks::{CallbackAnswer, Received};
use crate::health::{Condition, Dependency, Readiness};
use crate::keys::{ApiKey, ApiKeys, new_key};
use crate::otp::Failure;
use crate::problem::{Problem, ProblemCode};
use crate::refusal;
use crate::tests::scripted::{Reply, Scripted, bare, post, read, send};

/// An id as the engine makes them, in place of the scripted one.
pub(super) const ID: &str =
    "login.ADuaygBtdrKyuS5wwMrDzES03vXy-VZJSeRI1HfLp7cDG3WpKCGolpTpqnIlZ8lP";

/// The bodies that an operation takes, by names.
pub(super) fn requests(operation: &Operation) -> Vec<(&'static str, Value)> {
    let addressee = json!({"purpose": "login", "to": "+4915112345678"});
    match operation.id {
        "issue" => vec![
            ("text_message", json!({"purpose": "login", "channel": "sms", "to": "+4915112345678"})),
            ("any_channel", addressee),
            (
                "transaction",
                json!({
                    "purpose": "login",
                    "channel": "email",
                    "to": "ann@example.com",
                    "reference": "order 4711: 99.00 EUR to Example Shop",
                    "locale": "de-DE",
                    "client_ip": "203.0.113.7",
                    "device_cookie": "AGpqNwA5iXb4q0mTzvK1c2VuZGVy",
                }),
            ),
        ],
        "verify" => vec![
            (
                "purpose_and_recipient",
                json!({"purpose": "login", "to": "+4915112345678", "code": "483920"}),
            ),
            ("pasted", json!({"code": "483 920"})),
            (
                "transaction",
                json!({
                    "purpose": "login",
                    "to": "ann@example.com",
                    "code": "483920",
                    "reference": "order 4711: 99.00 EUR to Example Shop",
                    "client_ip": "2001:db8::1",
                }),
            ),
        ],
        "verifyByRecipient" => vec![(
            "recipient",
            json!({"purpose": "login", "to": "+4915112345678", "code": "483920"}),
        )],
        "resend" => vec![("nothing", json!({})), ("client", json!({"client_ip": "203.0.113.7"}))],
        "statusByRecipient" | "showSubject" | "unlock" => vec![("recipient", addressee)],
        "listChallenges" => {
            vec![("purpose", addressee), ("every_purpose", json!({"to": "+4915112345678"}))]
        }
        "countChallenges" => {
            vec![("beginning", json!({})), ("next_step", json!({"after": "0.512.0."}))]
        }
        "sweep" => vec![("nothing", json!({})), ("few", json!({"limit": 100}))],
        _ => vec![],
    }
}

/// The first of them as a request, or one without a body.
fn request(operation: &Operation) -> Request<Body> {
    let path = operation.example_path();
    match requests(operation).first() {
        Some((_, body)) => post(&path, body.to_string()),
        None => bare(operation.method, &path),
    }
}

/// What goes right, as the surface answers it.
pub(super) async fn success(edition: Edition, operation: &Operation) -> Reply {
    let answer = CallbackAnswer { status: StatusCode::OK, content_type: None, body: Bytes::new() };
    let heard = Ok(Received { reports: vec![], answer });
    let engine =
        if operation.is_callback() { Scripted::hearing(heard, None) } else { Scripted::willing() };
    send(edition.router(&engine, ApiKeys::open()), request(operation)).await
}

/// What `/readyz` says of a service that isn't.
pub(super) async fn unready(edition: Edition) -> Reply {
    let failed = Dependency::new("store", Condition::Failed);
    let engine =
        Scripted::with_readiness(Readiness { degraded: false, dependencies: vec![failed] });
    send(edition.router(&engine, ApiKeys::open()), bare("GET", "/readyz")).await
}

/// What an operation answers where `fault` is the matter: each comes out of the code that answers it.
pub(super) async fn problem(edition: Edition, operation: &Operation, fault: ProblemCode) -> Reply {
    let asked = || request(operation);
    let by = async |engine: Scripted, request| {
        send(edition.router(&engine, ApiKeys::open()), request).await
    };
    match fault {
        ProblemCode::BodyTooLarge => {
            let mut request = asked();
            request.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(1 << 20));
            by(Scripted::willing(), request).await
        }
        ProblemCode::CallbackUnauthenticated => {
            by(Scripted::hearing(Err(CallbackError::Unauthenticated), None), asked()).await
        }
        ProblemCode::CallbackUnsupported => {
            by(Scripted::hearing(Err(CallbackError::Unsupported), None), asked()).await
        }
        ProblemCode::Forbidden => keyed(edition, asked()).await,
        ProblemCode::HeadTooLarge => {
            read(refusal::malformed(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE)).await
        }
        ProblemCode::Internal => read(refusal::internal()).await,
        ProblemCode::InvalidChannel => {
            let body = json!({"purpose": "login", "channel": "pigeon", "to": "+4915112345678"});
            by(Scripted::willing(), post(operation.path, body.to_string())).await
        }
        ProblemCode::InvalidRequest => match operation.body {
            Some((_, true)) => by(Scripted::willing(), post(&operation.example_path(), "{}")).await,
            Some((_, false)) => {
                let body = r#"{"colour":"blue"}"#;
                by(Scripted::willing(), post(&operation.example_path(), body)).await
            }
            None if operation.is_callback() => {
                let body = Limited::new(Full::<Bytes>::from("status=delivered"), 1)
                    .map_err(|_| std::io::Error::other("gone"));
                by(Scripted::willing(), asked().map(|_| Body::new(body))).await
            }
            None => read(refusal::malformed(StatusCode::BAD_REQUEST)).await,
        },
        ProblemCode::Misconfigured => read(refusal::misconfigured()).await,
        ProblemCode::Overloaded => read(refusal::overloaded()).await,
        ProblemCode::SlowBody => read(refusal::slow_body()).await,
        ProblemCode::SlowHead => read(refusal::slow_head()).await,
        ProblemCode::Timeout => read(refusal::timeout()).await,
        ProblemCode::Unauthorized => {
            let engine = Scripted::willing();
            send(edition.router(&engine, keys()), asked()).await
        }
        ProblemCode::UnknownProvider => {
            by(Scripted::hearing(Err(CallbackError::UnknownProvider), None), asked()).await
        }
        ProblemCode::UnsupportedMediaType => {
            let mut request = asked();
            let headers = request.headers_mut();
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            if operation.body.is_some() {
                headers.remove(header::CONTENT_ENCODING);
                headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
            }
            by(Scripted::willing(), request).await
        }
        _ => refused(edition, operation, fault).await,
    }
}

/// What the engine refuses.
async fn refused(edition: Edition, operation: &Operation, fault: ProblemCode) -> Reply {
    let store = || Error::StoreUnavailable(StoreError::Unavailable);
    let errors = operation.wit.map_or_else(|| vec![store()], wit::errors);
    let is_it = |error: &Error| Problem::from(error.clone()).code == fault;
    let error = errors.into_iter().find(is_it).unwrap();
    let engine = if operation.is_callback() {
        let report = countersign_contract::callbacks::DeliveryReport {
            tenant: "default".into(),
            id: "c1.abc".into(),
            send_number: 1,
            outcome: countersign_contract::types::DeliveryOutcome::Delivered,
        };
        let answer =
            CallbackAnswer { status: StatusCode::OK, content_type: None, body: Bytes::new() };
        let heard = Received { reports: vec![report], answer };
        Scripted::hearing(Ok(heard), Some(Failure::Refused(error)))
    } else {
        Scripted::refusing(error)
    };
    send(edition.router(&engine, ApiKeys::open()), request(operation)).await
}

/// Asks with the key of a caller that is no operator.
async fn keyed(edition: Edition, mut request: Request<Body>) -> Reply {
    let authorization = format!("Bearer {}", new_key(&[1; 32]).0.expose());
    request.headers_mut().insert(header::AUTHORIZATION, authorization.parse().unwrap());
    send(edition.router(&Scripted::willing(), keys()), request).await
}

fn keys() -> ApiKeys {
    let sha256 = new_key(&[1; 32]).1;
    let key = ApiKey { name: "shop".into(), tenant: "default".into(), sha256, operator: false };
    ApiKeys::new(vec![key]).unwrap()
}

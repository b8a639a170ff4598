//! Nothing secret leaves: not through Debug, not through spans and events, not through problems.

use axum::http::header;
use countersign_contract::otp::Error;
use countersign_contract::types::{RecipientFault, SendError, StoreError};

use super::scripted::{Call, Scripted, bare, every_call, post, send};
use super::traced;
use crate::keys::{ApiKey, ApiKeys, new_key};
use crate::otp::Failure;
use crate::wire::requests::{AddresseeBody, IssueBody, VerifyBody, VerifyByIdBody};

const CODE: &str = "483920";
const PHONE: &str = "4915112345678";
const MAIL: &str = "ann@example.com";

fn assert_clean(text: &str) {
    let key = new_key(&[1; 32]).0.into_exposed();
    for secret in [CODE, PHONE, MAIL, "12345678", &key] {
        assert!(!text.contains(secret), "{secret} stands in: {text}");
    }
}

fn keys() -> ApiKeys {
    ApiKeys::new(vec![ApiKey {
        name: "shop".into(),
        tenant: "shop".into(),
        sha256: new_key(&[1; 32]).1,
        operator: true,
    }])
    .unwrap()
}

#[tokio::test(flavor = "current_thread")]
async fn nothing_secret_is_traced_whatever_the_engine_says() {
    let failures = [
        None,
        Some(Failure::Internal),
        Some(Failure::Overloaded),
        Some(Error::Mismatch(2).into()),
        Some(Error::NotFound.into()),
        Some(Error::InvalidRecipient(RecipientFault::Ambiguous).into()),
        Some(Error::StoreUnavailable(StoreError::Timeout).into()),
    ];
    let bearer = format!("Bearer {}", new_key(&[1; 32]).0.expose());
    for failure in failures {
        let engine = failure.map_or_else(Scripted::willing, Scripted::failing);
        for mut request in every_call() {
            let headers = request.headers_mut();
            headers.insert(header::AUTHORIZATION, bearer.parse().unwrap());
            let reply = send(engine.behind(keys()), request).await;
            assert_clean(&reply.text);
        }
    }
    let text = traced::taken();
    assert_clean(&text);
    for told in [
        "http.request",
        "method=\"POST\"",
        "route=\"/v1/challenges/{id}/verify\"",
        "caller=\"shop\"",
        "status=201",
        "challenge=\"c1.abc\"",
        "to=\"49****5678\"",
        "outcome=\"code_mismatch\"",
        "outcome=\"ok\"",
    ] {
        assert!(text.contains(told), "{told} is missing from: {text}");
    }
}

#[tokio::test(flavor = "current_thread")]
async fn nothing_secret_is_traced_where_callers_put_it_in_the_wrong_place() {
    let paths = [
        format!("/v1/challenges/{PHONE}"),
        format!("/v1/challenges/{CODE}"),
        format!("/v1/challenges/{MAIL}"),
        format!("/v1/challenges/c1.abc?code={CODE}"),
        format!("/v1/verify/{PHONE}/{CODE}"),
        format!("/{PHONE}"),
    ];
    for path in &paths {
        for method in ["GET", "DELETE", "PATCH", CODE] {
            send(Scripted::refusing(Error::NotFound).open(), bare(method, path)).await;
        }
    }
    for body in [
        format!(r#"{{"code":{CODE}}}"#),
        format!(r#"{{"{CODE}":"{PHONE}"}}"#),
        format!(r#"{{"code":"{CODE}"#),
        CODE.to_owned(),
    ] {
        send(Scripted::willing().open(), post("/v1/verify", body)).await;
    }
    let authorization = bare("GET", "/v1/challenges/c");
    let (mut parts, body) = authorization.into_parts();
    parts.headers.insert(header::AUTHORIZATION, CODE.parse().unwrap());
    let request = axum::http::Request::from_parts(parts, body);
    send(Scripted::willing().behind(keys()), request).await;
    let text = traced::taken();
    assert!(text.contains("route_not_found"), "{text}");
    assert_clean(&text);
}

#[tokio::test(flavor = "current_thread")]
async fn private_texts_go_to_the_log_and_only_there() {
    for error in [
        Error::Misconfigured("the ttl of x".into()),
        Error::DeliveryFailed(SendError::NotConfigured("the ttl of x".into())),
        Error::DeliveryFailed(SendError::Other("the ttl of x".into())),
        Error::StoreUnavailable(StoreError::Other("the ttl of x".into())),
    ] {
        for request in every_call() {
            let route = format!("{} {}", request.method(), request.uri());
            let reply = send(Scripted::refusing(error.clone()).open(), request).await;
            assert!(!reply.text.contains("the ttl of x"), "{}", reply.text);
            let text = traced::taken();
            assert!(text.contains("the ttl of x"), "{route}: {text}");
        }
    }
}

#[tokio::test]
async fn debug_of_what_the_engine_is_asked_shows_nothing_secret() {
    let engine = Scripted::willing();
    for request in every_call() {
        send(engine.open(), request).await;
    }
    let calls = engine.calls();
    assert_eq!(calls.len(), every_call().len());
    assert_clean(&format!("{calls:?} {calls:#?}"));
    assert!(matches!(&calls[0], Call::Issue(request) if request.to.expose().contains(PHONE)));
}

#[test]
fn debug_of_every_body_shows_nothing_secret() {
    let full = format!(r#"{{"purpose":"p","channel":"email","to":"{MAIL}"}}"#);
    let issue: IssueBody = serde_json::from_str(&full).unwrap();
    let by_id: VerifyByIdBody = serde_json::from_str(&format!(r#"{{"code":"{CODE}"}}"#)).unwrap();
    let verify = format!(r#"{{"purpose":"p","to":"{PHONE}","code":"{CODE}"}}"#);
    let verify: VerifyBody = serde_json::from_str(&verify).unwrap();
    let addressee = format!(r#"{{"purpose":"p","to":"{MAIL}"}}"#);
    let addressee: AddresseeBody = serde_json::from_str(&addressee).unwrap();
    assert_clean(&format!("{issue:?} {by_id:?} {verify:?} {addressee:?}"));
}

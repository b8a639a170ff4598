//! API keys: who is let in, and as whom.

use axum::http::{Request, header};

use super::scripted::{Call, Scripted, bare, every_call, post, send};
use crate::keys::{ApiKey, ApiKeys, InvalidKeys, new_key};

fn key(name: &str, tenant: &str, seed: u8, operator: bool) -> ApiKey {
    ApiKey { name: name.into(), tenant: tenant.into(), sha256: new_key(&[seed; 32]).1, operator }
}

fn keys() -> ApiKeys {
    ApiKeys::new(vec![
        key("shop", "shop", 1, false),
        key("bank", "bank", 2, false),
        key("desk", "bank", 3, true),
    ])
    .unwrap()
}

fn with<B>(mut request: Request<B>, authorization: &str) -> Request<B> {
    let headers = request.headers_mut();
    headers.append(header::AUTHORIZATION, authorization.parse().unwrap());
    request
}

fn bearer(seed: u8) -> String {
    format!("Bearer {}", new_key(&[seed; 32]).0.expose())
}

#[tokio::test]
async fn without_a_known_key_nothing_reaches_the_engine() {
    let known = new_key(&[1; 32]).0.into_exposed();
    let wrong = [
        String::new(),
        known.clone(),
        "Bearer".into(),
        "Bearer ".into(),
        format!("Bearer{known}"),
        format!("Basic {known}"),
        format!("Bearer {known}x"),
        format!("Bearer {}", &known[..known.len() - 1]),
        format!("Bearer {}", known.to_uppercase()),
        format!("Bearer {known} {known}"),
        format!("Bearer {}", "x".repeat(20_000)),
        bearer(4),
        "Bearer \u{e9}\u{e9}".into(),
    ];
    let engine = Scripted::willing();
    for authorization in &wrong {
        for request in every_call() {
            let reply = send(engine.behind(keys()), with(request, authorization)).await;
            assert_eq!(reply.status.as_u16(), 401, "{authorization}");
            assert_eq!(reply.code(), "unauthorized");
            assert_eq!(reply.header("www-authenticate"), "Bearer");
            assert!(!reply.text.contains("countersign_"), "{}", reply.text);
        }
    }
    for request in every_call() {
        let reply = send(engine.behind(keys()), request).await;
        assert_eq!(reply.status.as_u16(), 401);
        let twice = with(with(bare("GET", "/v1/challenges/c"), &bearer(1)), &bearer(1));
        let reply = send(engine.behind(keys()), twice).await;
        assert_eq!(reply.status.as_u16(), 401, "two headers");
    }
    assert_eq!(engine.calls(), []);
}

#[tokio::test]
async fn a_key_speaks_for_its_tenant() {
    for (seed, tenant) in [(1, "shop"), (2, "bank"), (3, "bank")] {
        let engine = Scripted::willing();
        for scheme in ["Bearer ", "bearer ", "BEARER   "] {
            let authorization = bearer(seed).replace("Bearer ", scheme);
            let request = with(bare("DELETE", "/v1/challenges/c1.abc"), &authorization);
            let reply = send(engine.behind(keys()), request).await;
            assert_eq!(reply.status.as_u16(), 204, "{authorization}");
        }
        let expected = Call::Revoke(tenant.into(), "c1.abc".into());
        assert_eq!(engine.calls(), vec![expected; 3]);
    }
}

#[tokio::test]
async fn only_an_operator_unlocks() {
    let body = r#"{"purpose":"login","to":"x"}"#;
    for (seed, status, code) in [(2, 403, "forbidden"), (3, 204, "")] {
        let engine = Scripted::willing();
        let request = with(post("/v1/unlock", body), &bearer(seed));
        let reply = send(engine.behind(keys()), request).await;
        assert_eq!((reply.status.as_u16(), reply.code().as_str()), (status, code));
        assert_eq!(engine.calls().len(), usize::from(status == 204));
    }
}

#[tokio::test]
async fn the_services_own_routes_need_no_key() {
    for path in ["/healthz", "/readyz", "/openapi.json"] {
        let reply = send(Scripted::willing().behind(keys()), bare("GET", path)).await;
        assert_eq!(reply.status.as_u16(), 200, "{path}");
    }
}

#[tokio::test]
async fn without_keys_every_caller_is_an_operator_of_default() {
    let engine = Scripted::willing();
    assert!(ApiKeys::open().is_open() && !keys().is_open());
    for request in every_call() {
        let reply = send(engine.open(), with(request, "Bearer nonsense")).await;
        assert!(reply.status.is_success(), "{reply:?}");
    }
    assert_eq!(engine.calls().len(), every_call().len());
}

#[test]
fn lists_that_would_confuse_callers_are_refused() {
    let named = |name: &str| key(name, "t", 1, false);
    let refusal = |keys: Vec<ApiKey>| ApiKeys::new(keys).unwrap_err();
    assert_eq!(refusal(vec![]), InvalidKeys::Empty);
    assert_eq!(
        refusal(vec![key("a", "t", 1, false), key("a", "t", 2, false)]),
        InvalidKeys::DuplicateName("a".into())
    );
    assert_eq!(
        refusal(vec![key("a", "t", 1, false), key("b", "u", 1, true)]),
        InvalidKeys::DuplicateKey("a".into(), "b".into())
    );
    for name in ["", "A", "a b", "ä", &"a".repeat(65)] {
        assert_eq!(refusal(vec![named(name)]), InvalidKeys::Name(name.into()));
        let tenant = key("a", name, 1, false);
        assert_eq!(refusal(vec![tenant]), InvalidKeys::Tenant("a".into()));
    }
}

#[test]
fn a_new_key_is_its_prefix_and_32_bytes_and_comes_with_its_sha_256() {
    let (key, sha256) = new_key(&[0; 32]);
    assert_eq!(
        *key.expose(),
        format!("countersign_{}", "A".repeat(43)),
        "base64url of 32 zero bytes"
    );
    // printf countersign_AAA… | sha256sum
    assert_eq!(
        data_encoding::HEXLOWER.encode(&sha256),
        "f0d02672dd237a362ce220ccd6abccf51fcf6ba493a238e20aedcc8c5e31e31b"
    );
    assert_ne!(new_key(&[1; 32]).0, key);
}

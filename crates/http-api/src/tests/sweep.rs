//! Sweeping: for operators, bounded.

use axum::http::{StatusCode, header};
use countersign_contract::otp::Error;
use countersign_contract::types::StoreError;

use super::scripted::{Call, Scripted, bare, post, send};
use crate::keys::{ApiKey, ApiKeys, new_key};

#[tokio::test]
async fn a_sweep_is_bounded_and_says_what_it_did() {
    for (body, limit) in
        [("", 256), ("{}", 256), (r#"{"limit":1}"#, 1), (r#"{"limit":10000}"#, 10_000)]
    {
        let engine = Scripted::willing();
        let reply = send(engine.open(), post("/v1/sweep", body)).await;
        assert_eq!(reply.text, r#"{"examined":7,"removed":5,"more":true}"#);
        assert_eq!(engine.calls(), [Call::Sweep(limit)]);
    }
    for body in [r#"{"limit":0}"#, r#"{"limit":10001}"#, r#"{"limit":-1}"#, r#"{"limits":1}"#] {
        let engine = Scripted::willing();
        let reply = send(engine.open(), post("/v1/sweep", body)).await;
        assert_eq!(
            (reply.status, reply.code().as_str()),
            (StatusCode::BAD_REQUEST, "invalid_request")
        );
        assert!(engine.calls().is_empty());
    }
}

#[tokio::test]
async fn only_an_operator_may_sweep() {
    let key = |seed: u8, operator| ApiKey {
        name: format!("key-{seed}"),
        tenant: "default".into(),
        sha256: new_key(&[seed; 32]).1,
        operator,
    };
    let keys = ApiKeys::new(vec![key(1, true), key(2, false)]).unwrap();
    for (seed, status) in [(1, 200), (2, 403), (3, 401)] {
        let mut request = bare("POST", "/v1/sweep");
        let bearer = format!("Bearer {}", new_key(&[seed; 32]).0.expose());
        request.headers_mut().insert(header::AUTHORIZATION, bearer.parse().unwrap());
        let reply = send(Scripted::willing().behind(keys.clone()), request).await;
        assert_eq!(reply.status.as_u16(), status);
    }
}

#[tokio::test]
async fn a_store_that_fails_is_a_503_to_come_back_to() {
    let engine = Scripted::refusing(Error::StoreUnavailable(StoreError::Unavailable));
    let reply = send(engine.open(), post("/v1/sweep", "")).await;
    assert_eq!((reply.status.as_u16(), reply.code().as_str()), (503, "store_unavailable"));
    assert_eq!(reply.header("retry-after"), "1");
}

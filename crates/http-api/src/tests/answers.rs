//! What goes right: the exact JSON, the headers, and what reaches the engine.

use axum::http::StatusCode;
use countersign_contract::otp::{Addressee, IssueRequest, ResendRequest, Target, VerifyRequest};
use countersign_contract::types::Channel;
use countersign_contract::{Pii, Secret};

use super::scripted::{Call, Scripted, bare, post, send};
use crate::ClientAddress;
use crate::health::{Condition, Dependency, Readiness};

const CHALLENGE: &str = r#"{"id":"c1.abc","purpose":"login","channel":"sms","to":"49****5678","code_length":6,"expires_at":"2026-08-01T12:05:00Z","expires_in":300,"resend_in":60,"resends_left":3,"attempts_left":3,"provider":"twilio_sms"}"#;
const REPORT: &str = r#"{"id":"c1.abc","purpose":"login","channel":"email","to":"j***@e***.com","state":"pending","delivery":"sent","issued_at":"2026-08-01T12:00:00Z","expires_at":"2026-08-01T12:05:00Z","expires_in":290,"resend_in":50,"resends_left":3,"attempts_left":2,"locked_for":0,"disabled":false}"#;

#[tokio::test]
async fn an_issued_challenge_is_told_exactly() {
    let engine = Scripted::willing();
    let request = post(
        "/v1/challenges",
        r#"{"purpose":"login","channel":"sms","to":"+4915112345678","reference":"tx 7","locale":"de","client_ip":"192.0.2.9","device_cookie":"a cookie"}"#,
    );
    let reply = send(engine.open(), request).await;
    assert_eq!(reply.status, StatusCode::CREATED);
    assert_eq!(reply.text, CHALLENGE);
    assert_eq!(reply.header("location"), "/v1/challenges/c1.abc");
    assert_eq!(reply.header("content-type"), "application/json");
    assert_eq!(reply.header("cache-control"), "no-store");
    assert_eq!(
        reply.header("content-length"),
        CHALLENGE.len().to_string(),
        "one segment, of known length"
    );
    assert_eq!(
        engine.calls(),
        [Call::Issue(IssueRequest {
            tenant: "default".into(),
            purpose: "login".into(),
            channel: Some(Channel::Sms),
            to: Pii::new("+4915112345678".into()),
            reference: Some("tx 7".into()),
            locale: Some("de".into()),
            client_ip: Some("192.0.2.9".into()),
            device_cookie: Some(Secret::new("a cookie".into())),
        })]
    );
}

#[tokio::test]
async fn every_channel_has_its_name() {
    for (name, channel) in [
        ("email", Channel::Email),
        ("sms", Channel::Sms),
        ("voice", Channel::Voice),
        ("webhook", Channel::Webhook),
        ("whatsapp", Channel::Whatsapp),
    ] {
        let engine = Scripted::willing();
        let body = format!(r#"{{"purpose":"login","channel":"{name}","to":"x"}}"#);
        send(engine.open(), post("/v1/challenges", body)).await;
        let [Call::Issue(request)] = &engine.calls()[..] else {
            panic!("{name} did not reach the engine");
        };
        assert_eq!(request.channel, Some(channel));
    }
}

#[tokio::test]
async fn a_verified_challenge_is_told_exactly_by_id_and_by_recipient() {
    let with_reference = r#"{"verified":true,"id":"c1.abc","purpose":"login","channel":"sms","to":"49****5678","reference":"tx 7","verified_at":"2026-08-01T12:00:00Z","device_cookie":"AGpqNwA5iXb4q0mTzvK1c2VuZGVy"}"#;
    let without = r#"{"verified":true,"id":"c1.abc","purpose":"login","channel":"sms","to":"49****5678","verified_at":"2026-08-01T12:00:00Z"}"#;
    let engine = Scripted::willing();
    let by_id = post("/v1/challenges/c1.abc/verify", r#"{"code":"483 920","reference":"tx 7"}"#);
    let reply = send(engine.open(), by_id).await;
    assert_eq!((reply.status, &*reply.text), (StatusCode::OK, with_reference));

    let by_recipient = post(
        "/v1/verify",
        r#"{"purpose":"login","to":"ann@example.com","code":"483920","client_ip":"::1","device_cookie":"a cookie"}"#,
    );
    let reply = send(engine.open(), by_recipient).await;
    assert_eq!((reply.status, &*reply.text), (StatusCode::OK, without));

    assert_eq!(
        engine.calls(),
        [
            Call::Verify(VerifyRequest {
                tenant: "default".into(),
                target: Target::Id("c1.abc".into()),
                purpose: None,
                to: None,
                code: Secret::new("483 920".into()),
                reference: Some("tx 7".into()),
                client_ip: None,
            }),
            Call::Verify(VerifyRequest {
                tenant: "default".into(),
                target: Target::Recipient(Addressee {
                    purpose: "login".into(),
                    to: Pii::new("ann@example.com".into()),
                    device_cookie: Some(Secret::new("a cookie".into())),
                }),
                purpose: None,
                to: None,
                code: Secret::new("483920".into()),
                reference: None,
                client_ip: Some("::1".into()),
            }),
        ]
    );
}

#[tokio::test]
async fn a_resend_needs_no_body() {
    let engine = Scripted::willing();
    let path = "/v1/challenges/c1.abc/resend";
    for request in
        [bare("POST", path), post(path, ""), post(path, "{}"), post(path, r#"{"client_ip":null}"#)]
    {
        let reply = send(engine.open(), request).await;
        assert_eq!((reply.status, &*reply.text), (StatusCode::OK, CHALLENGE));
    }
    let expected = Call::Resend(ResendRequest {
        tenant: "default".into(),
        id: "c1.abc".into(),
        client_ip: None,
    });
    assert_eq!(engine.calls(), vec![expected; 4]);
}

#[tokio::test]
async fn a_report_is_told_exactly_by_id_and_by_recipient() {
    let engine = Scripted::willing();
    let reply = send(engine.open(), bare("GET", "/v1/challenges/c1.abc")).await;
    assert_eq!((reply.status, &*reply.text), (StatusCode::OK, REPORT));
    let body = r#"{"purpose":"login","to":"ann@example.com","device_cookie":"a cookie"}"#;
    let reply = send(engine.open(), post("/v1/status", body)).await;
    assert_eq!((reply.status, &*reply.text), (StatusCode::OK, REPORT));
    let by_recipient = Target::Recipient(Addressee {
        purpose: "login".into(),
        to: Pii::new("ann@example.com".into()),
        device_cookie: Some(Secret::new("a cookie".into())),
    });
    assert_eq!(
        engine.calls(),
        [
            Call::Status("default".into(), Target::Id("c1.abc".into())),
            Call::Status("default".into(), by_recipient),
        ]
    );
}

#[tokio::test]
async fn revoking_and_unlocking_answer_nothing() {
    let engine = Scripted::willing();
    let reply = send(engine.open(), bare("DELETE", "/v1/challenges/c1.abc")).await;
    assert_eq!((reply.status, &*reply.text), (StatusCode::NO_CONTENT, ""));
    let body = r#"{"purpose":"login","to":"x"}"#;
    let reply = send(engine.open(), post("/v1/unlock", body)).await;
    assert_eq!((reply.status, &*reply.text), (StatusCode::NO_CONTENT, ""));
    let addressee =
        Addressee { purpose: "login".into(), to: Pii::new("x".into()), device_cookie: None };
    assert_eq!(
        engine.calls(),
        [
            Call::Revoke("default".into(), "c1.abc".into()),
            Call::Unlock("default".into(), addressee),
        ]
    );
}

#[tokio::test]
async fn head_is_get_without_its_body_and_neither_changes_anything() {
    let engine = Scripted::willing();
    let head = send(engine.open(), bare("HEAD", "/v1/challenges/c1.abc")).await;
    let get = send(engine.open(), bare("GET", "/v1/challenges/c1.abc")).await;
    assert_eq!((head.status, &*head.text), (StatusCode::OK, ""));
    assert_eq!(head.headers, get.headers);
    assert!(engine.calls().iter().all(|call| matches!(call, Call::Status(..))));
}

#[tokio::test]
async fn the_address_in_the_body_wins_over_that_of_the_connection() {
    let engine = Scripted::willing();
    let path = "/v1/challenges/c1.abc/resend";
    for body in ["", r#"{"client_ip":"192.0.2.9"}"#] {
        let mut request = post(path, body);
        let address = ClientAddress("2001:db8::7".parse().unwrap());
        request.extensions_mut().insert(address);
        send(engine.open(), request).await;
    }
    let addresses: Vec<_> = engine
        .calls()
        .into_iter()
        .map(|call| match call {
            Call::Resend(request) => request.client_ip.unwrap(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(addresses, ["2001:db8::7", "192.0.2.9"]);
}

#[tokio::test]
async fn json_is_taken_by_any_of_its_names() {
    for name in
        ["application/json", "Application/JSON; charset=utf-8", "application/vnd.example+json"]
    {
        let engine = Scripted::willing();
        let mut request = post("/v1/challenges/c1.abc/verify", r#"{"code":"483920"}"#);
        let headers = request.headers_mut();
        headers.insert("content-type", name.parse().unwrap());
        let reply = send(engine.open(), request).await;
        assert_eq!(reply.status, StatusCode::OK, "{name}");
    }
}

#[tokio::test]
async fn health_is_told() {
    let reply = send(Scripted::willing().open(), bare("GET", "/healthz")).await;
    assert_eq!((reply.status, &*reply.text), (StatusCode::OK, r#"{"status":"ok"}"#));
    for (store, degraded, status, text) in [
        (
            Condition::Ok,
            false,
            200,
            r#"{"status":"ok","dependencies":[{"name":"engine","status":"ok"},{"name":"store","status":"ok"}]}"#,
        ),
        (
            Condition::Ok,
            true,
            200,
            r#"{"status":"degraded","dependencies":[{"name":"engine","status":"ok"},{"name":"store","status":"ok"}]}"#,
        ),
        (
            Condition::Failed,
            true,
            503,
            r#"{"status":"failed","dependencies":[{"name":"engine","status":"ok"},{"name":"store","status":"failed"}]}"#,
        ),
    ] {
        let engine = Scripted::with_readiness(Readiness {
            degraded,
            dependencies: vec![
                Dependency::new("engine", Condition::Ok),
                Dependency::new("store", store),
            ],
        });
        let reply = send(engine.open(), bare("GET", "/readyz")).await;
        assert_eq!((reply.status.as_u16(), &*reply.text), (status, text));
    }
}

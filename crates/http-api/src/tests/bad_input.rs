//! Bad input: a 4xx problem that names the field, and no call of the engine.

use axum::body::{Body, Bytes};
use axum::http::{Request, StatusCode};
use http_body_util::{BodyExt, Full, Limited};

use super::scripted::{Reply, Scripted, bare, post, send};
use crate::MAX_BODY_BYTES;

/// Sends what the engine must never see.
async fn refused(request: Request<Body>) -> Reply {
    let engine = Scripted::willing();
    let reply = send(engine.open(), request).await;
    assert_eq!(engine.calls(), [], "it reached the engine");
    assert!(reply.status.is_client_error(), "{reply:?}");
    assert_eq!(reply.header("content-type"), "application/problem+json");
    reply
}

fn told(reply: &Reply) -> (u16, String, String) {
    let field = reply.json()["field"].as_str().unwrap_or("-").to_owned();
    (reply.status.as_u16(), reply.code(), field)
}

#[tokio::test]
async fn a_byte_order_mark_before_a_body_is_ignored() {
    let body = r#"{"purpose":"login","channel":"sms","to":"+49301234567"}"#;
    let engine = Scripted::willing();
    let reply = send(engine.open(), post("/v1/challenges", format!("\u{feff}{body}"))).await;
    assert_eq!(reply.status, StatusCode::CREATED, "{reply:?}");
    assert_eq!(engine.calls().len(), 1);
    for body in [format!("\u{feff}\u{feff}{body}"), format!("{body}\u{feff}"), "\u{feff}".into()] {
        assert_eq!(told(&refused(post("/v1/challenges", body.clone())).await).0, 400, "{body:?}");
    }
}

#[tokio::test]
async fn a_byte_order_mark_alone_is_no_body() {
    let engine = Scripted::willing();
    let path = "/v1/challenges/c1.abc/resend";
    let reply = send(engine.open(), post(path, "\u{feff}".to_owned())).await;
    assert_eq!(reply.status, StatusCode::OK, "{reply:?}");
}

#[tokio::test]
async fn a_body_that_cannot_be_read_names_the_field() {
    let deep = format!("{}{}", "[".repeat(2_000), "]".repeat(2_000));
    let long = "x".repeat(3_000);
    let cases: Vec<(String, &str, &str)> = vec![
        ("".into(), "invalid_request", "-"),
        ("   ".into(), "invalid_request", "-"),
        ("null".into(), "invalid_request", "-"),
        ("7".into(), "invalid_request", "-"),
        (r#"["login","sms","+49"]"#.into(), "invalid_request", "-"),
        ("{".into(), "invalid_request", "-"),
        ("{}".into(), "invalid_request", "purpose"),
        (deep.clone(), "invalid_request", "-"),
        (format!(r#"{{"a":{deep}}}"#), "invalid_request", "a"),
        (format!(r#"{{"to":{deep}}}"#), "invalid_request", "to"),
        (r#"{"purpose":1,"channel":"sms","to":"x"}"#.into(), "invalid_request", "purpose"),
        (r#"{"purpose":"login","channel":7,"to":"x"}"#.into(), "invalid_request", "channel"),
        (r#"{"purpose":"login","channel":"pigeon","to":"x"}"#.into(), "invalid_channel", "channel"),
        (r#"{"purpose":"login","channel":"SMS","to":"x"}"#.into(), "invalid_channel", "channel"),
        (r#"{"purpose":"login","channel":"sms"}"#.into(), "invalid_request", "to"),
        (r#"{"purpose":"login","channel":"sms","to":null}"#.into(), "invalid_request", "to"),
        (r#"{"purpose":"login","channel":"sms","to":["x"]}"#.into(), "invalid_request", "to"),
        (
            r#"{"purpose":"login","channel":"sms","to":"x","to":"y"}"#.into(),
            "invalid_request",
            "to",
        ),
        (
            r#"{"purpose":"login","channel":"sms","to":"x","locale":{}}"#.into(),
            "invalid_request",
            "locale",
        ),
        (
            r#"{"purpose":"login","channel":"sms","to":"x","reference":5}"#.into(),
            "invalid_request",
            "reference",
        ),
        (
            r#"{"purpose":"login","channel":"sms","to":"x","client_ip":1}"#.into(),
            "invalid_request",
            "client_ip",
        ),
        (
            r#"{"purpose":"login","channel":"sms","to":"x","tenant":"y"}"#.into(),
            "invalid_request",
            "tenant",
        ),
        (r#"{"purpose":"login","channel":"sms","to":"\ud800"}"#.into(), "invalid_request", "to"),
        (r#"{"purpose":"login","channel":"sms","to":"x"} x"#.into(), "invalid_request", "-"),
        (r#"{"purpose":"login","channel":"sms","to":"x",}"#.into(), "invalid_request", "-"),
        (format!(r#"{{"{long}":1}}"#), "invalid_request", &long[..64]),
    ];
    for (body, code, field) in cases {
        let reply = refused(post("/v1/challenges", body.clone())).await;
        let expected = (400, code.to_owned(), field.to_owned());
        assert_eq!(told(&reply), expected, "{body}");
    }
}

#[tokio::test]
async fn bytes_that_are_not_utf_8_name_the_field() {
    let body = b"{\"purpose\":\"login\",\"channel\":\"sms\",\"to\":\"\xff\xfe\"}".to_vec();
    let reply = refused(post("/v1/challenges", body)).await;
    assert_eq!(told(&reply), (400, "invalid_request".into(), "to".into()));
    refused(post("/v1/challenges", b"\xff\xfe{}".to_vec())).await;
}

#[tokio::test]
async fn every_body_refuses_what_it_does_not_know_and_misses_what_it_needs() {
    let verify = "/v1/challenges/c1.abc/verify";
    let resend = "/v1/challenges/c1.abc/resend";
    for (path, body, field) in [
        (verify, "{}", "code"),
        (verify, r#"{"code":483920}"#, "code"),
        (verify, r#"{"code":null}"#, "code"),
        (verify, r#"{"code":"483920","tenant":"x"}"#, "tenant"),
        (verify, r#"{"code":"483920","to":7}"#, "to"),
        ("/v1/verify", r#"{"purpose":"login","code":"483920"}"#, "to"),
        ("/v1/verify", r#"{"purpose":"p","to":"x"}"#, "code"),
        ("/v1/verify", r#"{"purpose":"p","to":"x","code":"1","id":"c"}"#, "id"),
        ("/v1/status", r#"{"purpose":"p"}"#, "to"),
        ("/v1/status", r#"{"purpose":"p","to":"x","client_ip":"::1"}"#, "client_ip"),
        ("/v1/unlock", r#"{"to":"x"}"#, "purpose"),
        (resend, r#"{"client_ip":4}"#, "client_ip"),
        (resend, r#"{"code":"483920"}"#, "code"),
    ] {
        let reply = refused(post(path, body)).await;
        let expected = (400, "invalid_request".to_owned(), field.to_owned());
        assert_eq!(told(&reply), expected, "{path} {body}");
    }
}

#[tokio::test]
async fn a_refusal_never_repeats_a_value() {
    for body in [
        r#"{"code":483920}"#,
        r#"{"code":"483920""#,
        r#"{"code":["483920"]}"#,
        r#"{"code":"1","reference":483920}"#,
    ] {
        let reply = refused(post("/v1/challenges/c1.abc/verify", body)).await;
        assert!(!reply.text.contains("483920"), "{}", reply.text);
    }
}

#[tokio::test]
async fn a_body_that_is_not_json_by_name_is_refused() {
    for name in [None, Some("text/plain"), Some("application/x-www-form-urlencoded"), Some("json")]
    {
        for path in [
            "/v1/challenges",
            "/v1/verify",
            "/v1/status",
            "/v1/unlock",
            "/v1/challenges/c/verify",
            "/v1/challenges/c/resend",
        ] {
            let mut request = post(path, "{}");
            request.headers_mut().remove("content-type");
            if let Some(name) = name {
                let headers = request.headers_mut();
                headers.insert("content-type", name.parse().unwrap());
            }
            let reply = refused(request).await;
            assert_eq!(told(&reply), (415, "unsupported_media_type".into(), "-".into()));
        }
    }
}

#[tokio::test]
async fn a_body_over_16_kib_is_refused_announced_or_not() {
    let body = |bytes: usize| {
        let frame = r#"{"code":""}"#.len();
        format!(r#"{{"code":"{}"}}"#, "1".repeat(bytes - frame))
    };
    let path = "/v1/challenges/c1.abc/verify";
    let engine = Scripted::willing();
    let longest = send(engine.open(), post(path, body(MAX_BODY_BYTES))).await;
    assert_eq!(longest.status, StatusCode::OK);

    let unannounced = post(path, body(MAX_BODY_BYTES + 1));
    let mut announced = post(path, "{}");
    let headers = announced.headers_mut();
    headers.insert("content-length", "9000000".parse().unwrap());
    for request in [unannounced, announced] {
        let reply = refused(request).await;
        assert_eq!(told(&reply), (413, "body_too_large".into(), "-".into()));
    }
}

#[tokio::test]
async fn a_body_that_breaks_off_is_refused() {
    let body = Limited::new(Full::<Bytes>::from("{\"code\""), 1)
        .map_err(|_| std::io::Error::other("gone"));
    let reply = refused(post("/v1/challenges/c1.abc/verify", Body::new(body))).await;
    assert_eq!(told(&reply), (400, "invalid_request".into(), "-".into()));
}

#[tokio::test]
async fn an_id_that_cannot_be_one_is_not_found() {
    let long = "a".repeat(137);
    let huge = "a".repeat(60_000);
    for id in [
        "%FF%FE",
        "%00",
        "a%2Fb",
        "a%20b",
        "%zz",
        "%",
        "+4915112345678",
        "a:b",
        "%F0%9F%92%A9",
        "..%2f..",
        &long,
        &huge,
    ] {
        for request in [
            bare("GET", &format!("/v1/challenges/{id}")),
            bare("DELETE", &format!("/v1/challenges/{id}")),
            post(&format!("/v1/challenges/{id}/verify"), r#"{"code":"483920"}"#),
            post(&format!("/v1/challenges/{id}/resend"), ""),
        ] {
            let reply = refused(request).await;
            let expected = (404, "challenge_not_found".to_owned(), "id".to_owned());
            assert_eq!(told(&reply), expected, "{id}");
        }
    }
    for path in ["/v1/challenges//verify", "/v1/challenges//resend"] {
        let reply = refused(post(path, r#"{"code":"483920"}"#)).await;
        assert_eq!(reply.code(), "challenge_not_found");
    }
    let longest = "a".repeat(136);
    let reply =
        send(Scripted::willing().open(), bare("GET", &format!("/v1/challenges/{longest}"))).await;
    assert_eq!(reply.status, StatusCode::OK);
}

#[tokio::test]
async fn a_path_that_is_none_is_not_found() {
    for path in [
        "/",
        "//",
        "/v1",
        "/v1/",
        "/v1/challenges/",
        "/v1/challenges/c/verify/",
        "/v1/challenges/c/other",
        "/V1/challenges",
        "/v2/challenges",
        "/v1/%63hallenges",
        "/../etc/passwd",
        "/%FF",
        "/healthz/",
    ] {
        for method in ["GET", "POST", "DELETE", "OPTIONS", "BREW"] {
            let reply = refused(bare(method, path)).await;
            let expected = (404, "route_not_found".to_owned(), "-".to_owned());
            assert_eq!(told(&reply), expected, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn a_method_that_is_none_is_refused_with_those_that_are() {
    for (path, allow) in [
        ("/v1/challenges", "POST"),
        ("/v1/challenges/c", "GET,HEAD,DELETE"),
        ("/v1/challenges/c/verify", "POST"),
        ("/v1/challenges/c/resend", "POST"),
        ("/v1/verify", "POST"),
        ("/v1/status", "POST"),
        ("/v1/unlock", "POST"),
        ("/v1/sweep", "POST"),
        ("/v1/callbacks/c", "GET,HEAD,POST"),
        ("/healthz", "GET,HEAD"),
        ("/readyz", "GET,HEAD"),
        ("/openapi.json", "GET,HEAD"),
    ] {
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"]
        {
            if allow.split(',').any(|allowed| allowed == method) {
                continue;
            }
            let reply = refused(bare(method, path)).await;
            assert_eq!(reply.status.as_u16(), 405, "{method} {path}");
            assert_eq!(reply.header("allow"), allow, "{method} {path}");
            if method != "HEAD" {
                assert_eq!(reply.code(), "method_not_allowed");
            }
        }
    }
}

#[tokio::test]
async fn a_code_in_the_query_is_not_read() {
    let request = post("/v1/challenges/c1.abc/verify?code=483920", "{}");
    let reply = refused(request).await;
    assert_eq!(told(&reply), (400, "invalid_request".into(), "code".into()));
    assert!(!reply.text.contains("483920"));
}

//! What providers report: who is heard, what the engine is told, and what is answered.

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, Method, Request, StatusCode};
use countersign_contract::callbacks::{
    CallbackError, DeliveryReport, MAX_CALLBACK_BYTES, MAX_REPORTS,
};
use countersign_contract::otp::Error;
use countersign_contract::types::{ArgumentFault, DeliveryOutcome, StoreError};

use super::scripted::{Call, Reply, Scripted, bare, send};
use super::traced;
use crate::callbacks::{CallbackAnswer, CallbackRequest, Received};
use crate::keys::{ApiKey, ApiKeys};
use crate::otp::Failure;

const PATH: &str = "/v1/callbacks/meta-1";

fn report(number: u32) -> DeliveryReport {
    let outcome =
        if number % 2 == 1 { DeliveryOutcome::Delivered } else { DeliveryOutcome::Failed };
    DeliveryReport { tenant: "shop".into(), id: "login.abc".into(), send_number: number, outcome }
}

fn received(reports: u32) -> Received {
    Received {
        reports: (1..=reports).map(report).collect(),
        answer: CallbackAnswer {
            status: StatusCode::ACCEPTED,
            content_type: Some(HeaderValue::from_static("text/xml")),
            body: Bytes::from_static(b"<Response/>"),
        },
    }
}

fn callback(method: &str, path: &str, body: impl Into<Body>) -> Request<Body> {
    let request = Request::builder().method(method).uri(path);
    request.header("x-signature", "t0ken").body(body.into()).unwrap()
}

async fn told(engine: &Scripted, request: Request<Body>) -> (Reply, Vec<Call>) {
    let before = engine.calls().len();
    let reply = send(engine.open(), request).await;
    (reply, engine.calls().split_off(before))
}

#[tokio::test]
async fn a_report_is_noted_and_the_provider_gets_its_answer() {
    let engine = Scripted::hearing(Ok(received(2)), None);
    let request = callback("POST", &format!("{PATH}?token=a%20b&x"), "not JSON \u{0}");
    let (reply, calls) = told(&engine, request).await;
    assert_eq!((reply.status, &*reply.text), (StatusCode::ACCEPTED, "<Response/>"));
    assert_eq!(reply.header("content-type"), "text/xml");
    assert_eq!(reply.header("cache-control"), "no-store");
    assert_eq!(reply.header("x-content-type-options"), "nosniff");
    let [Call::Receive(provider, heard), Call::RecordDelivery(first), Call::RecordDelivery(second)] =
        &calls[..]
    else {
        panic!("{calls:?}")
    };
    assert_eq!(provider, "meta-1");
    assert_eq!(heard.method, Method::POST);
    assert_eq!(heard.query.as_deref(), Some("token=a%20b&x"));
    assert_eq!(heard.headers["x-signature"], "t0ken");
    assert_eq!(heard.body, "not JSON \u{0}");
    assert_eq!([first, second], [&report(1), &report(2)]);
}

/// Also where a receiver says that there is something to note.
#[tokio::test]
async fn a_handshake_is_answered_and_changes_nothing() {
    for method in ["GET", "HEAD"] {
        let engine = Scripted::hearing(Ok(received(2)), None);
        let (reply, calls) = told(&engine, callback(method, PATH, "")).await;
        assert_eq!(reply.status, StatusCode::ACCEPTED);
        assert_eq!(reply.text, if method == "GET" { "<Response/>" } else { "" });
        let [Call::Receive(_, heard)] = &calls[..] else { panic!("{calls:?}") };
        assert_eq!((&heard.method, heard.query.as_deref()), (&Method::GET, None));
    }
}

#[tokio::test]
async fn no_api_key_is_asked_for() {
    let key = ApiKey {
        name: "shop".into(),
        tenant: "shop".into(),
        sha256: crate::keys::new_key(&[1; 32]).1,
        operator: true,
    };
    let keys = ApiKeys::new(vec![key]).unwrap();
    let engine = Scripted::hearing(Ok(received(1)), None);
    for method in ["GET", "POST"] {
        let reply = send(engine.behind(keys.clone()), callback(method, PATH, "")).await;
        assert_eq!(reply.status, StatusCode::ACCEPTED);
    }
}

#[tokio::test]
async fn who_is_refused_changes_nothing_and_is_told_why() {
    for (error, status, code) in [
        (CallbackError::Unauthenticated, 401, "callback_unauthenticated"),
        (CallbackError::UnknownProvider, 404, "unknown_provider"),
        (CallbackError::Unreadable, 400, "invalid_request"),
        (CallbackError::Unsupported, 404, "callback_unsupported"),
    ] {
        for method in ["GET", "POST"] {
            let engine = Scripted::hearing(Err(error), None);
            let (reply, calls) = told(&engine, callback(method, PATH, "")).await;
            assert_eq!((reply.status.as_u16(), reply.code().as_str()), (status, code));
            assert_eq!(reply.header("content-type"), "application/problem+json");
            assert!(matches!(calls[..], [Call::Receive(..)]), "{calls:?}");
        }
    }
}

#[tokio::test]
async fn a_name_that_no_sender_has_is_unknown_without_asking() {
    let long = "a".repeat(65);
    let engine = Scripted::hearing(Ok(received(1)), None);
    for name in ["A", "a.b", "a%2Fb", "%FF", "%00", "a%20b", "a:b", "..", "%C3%A9", &long] {
        for method in ["GET", "POST"] {
            let path = format!("/v1/callbacks/{name}");
            let (reply, calls) = told(&engine, callback(method, &path, "")).await;
            assert_eq!((reply.status.as_u16(), &*reply.code()), (404, "unknown_provider"));
            assert_eq!(calls, [], "{name}");
        }
    }
    for name in [&long[1..], "a", "0-_z"] {
        let (reply, _) =
            told(&engine, callback("POST", &format!("/v1/callbacks/{name}"), "")).await;
        assert_eq!(reply.status, StatusCode::ACCEPTED, "{name}");
    }
    for path in ["/v1/callbacks", "/v1/callbacks/a/b"] {
        let (reply, calls) = told(&engine, callback("POST", path, "")).await;
        assert_eq!((&*reply.code(), calls.len()), ("route_not_found", 0), "{path}");
    }
}

/// The provider can do nothing about it, and would only repeat itself.
#[tokio::test]
async fn a_report_on_nothing_that_there_is_is_no_failure() {
    let fault = ArgumentFault { field: "send-number".into(), reason: "has to be better".into() };
    for error in [Error::NotFound, Error::UnknownPurpose, Error::InvalidArgument(fault)] {
        let engine = Scripted::hearing(Ok(received(3)), Some(error.into()));
        let (reply, calls) = told(&engine, callback("POST", PATH, "")).await;
        assert_eq!((reply.status, calls.len()), (StatusCode::ACCEPTED, 4));
    }
}

/// The provider is to try again: and so nothing more is asked of a store that is gone.
#[tokio::test]
async fn a_report_that_could_not_be_noted_is_asked_for_again() {
    for (failure, status, code) in [
        (Error::StoreUnavailable(StoreError::Timeout).into(), 503, "store_unavailable"),
        (Failure::Overloaded, 503, "overloaded"),
        (Failure::Internal, 500, "internal"),
        (Error::Misconfigured("PRIVATE".into()).into(), 500, "misconfigured"),
    ] {
        let engine = Scripted::hearing(Ok(received(3)), Some(failure));
        let (reply, calls) = told(&engine, callback("POST", PATH, "")).await;
        assert_eq!((reply.status.as_u16(), reply.code().as_str()), (status, code));
        assert_eq!(calls.len(), 2);
        assert_eq!(reply.header("retry-after"), if status == 503 { "1" } else { "" });
    }
}

#[tokio::test]
async fn a_body_and_a_number_of_reports_have_their_bounds() {
    let engine = Scripted::hearing(Ok(received(1)), None);
    let longest = vec![b'x'; MAX_CALLBACK_BYTES];
    let (reply, calls) = told(&engine, callback("POST", PATH, longest.clone())).await;
    assert_eq!((reply.status, calls.len()), (StatusCode::ACCEPTED, 2));
    let too_long = [&longest[..], b"x"].concat();
    let mut announced = callback("POST", PATH, "");
    let headers = announced.headers_mut();
    headers.insert("content-length", (MAX_CALLBACK_BYTES + 1).into());
    for request in [callback("POST", PATH, too_long), announced] {
        let (reply, calls) = told(&engine, request).await;
        assert_eq!(
            (reply.status.as_u16(), &*reply.code(), calls.len()),
            (413, "body_too_large", 0)
        );
        assert_eq!(reply.json()["detail"], "The callback's body is longer than 262144 bytes.");
    }

    let most = u32::try_from(MAX_REPORTS).unwrap();
    for (reports, status, calls) in [(most, 202, MAX_REPORTS + 1), (most + 1, 500, 1)] {
        let engine = Scripted::hearing(Ok(received(reports)), None);
        let (reply, told) = told(&engine, callback("POST", PATH, "")).await;
        assert_eq!((reply.status.as_u16(), told.len()), (status, calls));
    }
}

#[tokio::test(flavor = "current_thread")]
async fn nothing_of_a_callback_is_traced_but_whose_it_was() {
    let secret = "hunter2";
    for (heard, failure) in [
        (Ok(received(2)), None),
        (Ok(received(2)), Some(Failure::Internal)),
        (Ok(received(2)), Some(Error::NotFound.into())),
        (Err(CallbackError::Unauthenticated), None),
        (Err(CallbackError::Unreadable), None),
    ] {
        let engine = Scripted::hearing(heard, failure);
        for method in ["GET", "POST", "PUT"] {
            for path in [format!("{PATH}?token={secret}"), format!("/v1/callbacks/{secret}.")] {
                let mut request = callback(method, &path, secret);
                request.headers_mut().insert("x-signature", HeaderValue::from_static("hunter2"));
                send(engine.open(), request).await;
            }
        }
        let shown = format!("{:?} {:#?}", engine.calls(), engine.calls());
        assert!(!shown.contains(secret), "{shown}");
    }
    let text = traced::taken();
    assert!(!text.contains(secret), "{text}");
    for told in ["route=\"/v1/callbacks/{provider}\"", "provider=\"meta-1\"", "reports=2"] {
        assert!(text.contains(told), "{told} is missing from: {text}");
    }
}

#[tokio::test]
async fn without_callbacks_no_provider_is_known() {
    use crate::callbacks::{Callbacks, NoCallbacks};
    let request = CallbackRequest {
        method: Method::POST,
        query: None,
        headers: bare("POST", PATH).headers().clone(),
        body: Bytes::new(),
    };
    let received = NoCallbacks.receive("console".into(), request).await;
    assert_eq!(received, Err(CallbackError::UnknownProvider));
}

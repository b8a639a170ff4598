//! The signature against what AWS publishes, and what it depends on.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use countersign_contract::Secret;
use http::header::{AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use super::*;

/// The credentials of AWS's test suite.
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
/// 2015-08-30T12:36:00Z.
const THEN: Timestamp = Timestamp(1_440_938_160);

fn signer(token: Option<&str>) -> Signer {
    let token = token.map(|token| Secret::new(token.to_owned()));
    let access = Access {
        region: "us-east-1",
        access_key_id: &Secret::new("AKIDEXAMPLE".into()),
        secret_access_key: &Secret::new(SECRET.into()),
        session_token: token.as_ref(),
        url: None,
    };
    Signer::new(&access, "service")
}

fn request() -> Request<Vec<u8>> {
    Request::post("https://example.amazonaws.com/")
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(b"Param1=value1".to_vec())
        .unwrap()
}

fn signed(signer: &Signer, mut request: Request<Vec<u8>>, now: Timestamp) -> Request<Vec<u8>> {
    signer.sign(&mut request, now).unwrap();
    request
}

fn header<'a>(request: &'a Request<Vec<u8>>, name: &str) -> &'a str {
    request.headers()[name].to_str().unwrap()
}

/// AWS's published suite (aws-sig-v4-test-suite), by the names of its cases.
#[test]
fn the_published_vectors_are_signed_as_published() {
    let vanilla = |method: &str, url: &str| {
        Request::builder().method(method).uri(url).body(Vec::new()).unwrap()
    };
    let token = "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267";
    for (case, token, request, headers, signature) in [
        (
            "post-vanilla",
            None,
            vanilla("POST", "https://example.amazonaws.com/"),
            "host;x-amz-date",
            "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
        ),
        (
            "post-x-www-form-urlencoded",
            None,
            request(),
            "content-type;host;x-amz-date",
            "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
        ),
        (
            "get-vanilla-with-session-token",
            Some(token),
            vanilla("GET", "https://example.amazonaws.com/"),
            "host;x-amz-date;x-amz-security-token",
            "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8",
        ),
    ] {
        let request = signed(&signer(token), request, THEN);
        let expected = format!(
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
             SignedHeaders={headers}, Signature={signature}"
        );
        assert_eq!(header(&request, "authorization"), expected, "{case}");
        assert_eq!(header(&request, "x-amz-date"), "20150830T123600Z", "{case}");
        let sent = request.headers().get("x-amz-security-token");
        assert_eq!(sent.map(|token| token.to_str().unwrap()), token, "{case}");
    }
}

#[test]
fn another_time_changes_the_date_and_the_signature_only() {
    let at = |now| signed(&signer(Some("token")), request(), now);
    let (first, again, later) = (at(THEN), at(THEN), at(Timestamp(THEN.0 + 86_400)));
    assert_eq!(first.headers(), again.headers());
    assert_eq!((first.uri(), first.body()), (later.uri(), later.body()));
    let mut differing = Vec::new();
    for (name, value) in first.headers() {
        if later.headers()[name] != value {
            differing.push(name.as_str());
        }
    }
    assert_eq!(differing, ["x-amz-date", "authorization"]);
    assert_eq!(first.headers().len(), later.headers().len());
    let parts = |request: &Request<Vec<u8>>| {
        let (head, signature) = header(request, "authorization").split_once("Signature=").unwrap();
        (head.to_owned(), signature.to_owned())
    };
    let ((first_head, first), (later_head, later)) = (parts(&first), parts(&later));
    assert_eq!(first_head.replace("/20150830/", "/20150831/"), later_head);
    assert_ne!(first, later);
}

#[test]
fn what_proxies_change_is_not_signed_and_what_is_said_is() {
    let base = request();
    let mut agent = request();
    agent.headers_mut().insert(USER_AGENT, HeaderValue::from_static("x"));
    let mut body = request();
    body.body_mut().push(b'2');
    let signature = |request| signed(&signer(None), request, THEN).headers()[AUTHORIZATION].clone();
    let expected = signature(base);
    assert_eq!(signature(agent), expected);
    assert_ne!(signature(body), expected);
}

#[test]
fn times_that_have_no_date_are_refused() {
    let sign = |now| signer(None).sign(&mut request(), Timestamp(now));
    assert!(sign(LAST_SECOND).is_some());
    assert!(sign(LAST_SECOND + 1).is_none());
    assert!(sign(u64::MAX).is_none());
}

#[test]
fn what_no_header_can_hold_is_refused() {
    assert!(signer(Some("a\r\nb")).sign(&mut request(), THEN).is_none());
}

#[test]
fn headers_of_a_signature_are_not_printed() {
    let request = signed(&signer(Some("hunter2")), request(), THEN);
    let shown = format!("{:?}", request.headers());
    assert!(!shown.contains("hunter2") && !shown.contains("AKID"), "{shown}");
}

/// Counts what it is told.
struct Ear(Arc<AtomicUsize>);

impl Subscriber for Ear {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, _: &Event<'_>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[test]
fn signing_traces_nothing_at_any_level() {
    let heard = Arc::new(AtomicUsize::new(0));
    tracing::subscriber::with_default(Ear(heard.clone()), || {
        signed(&signer(None), request(), THEN);
        assert_eq!(heard.load(Ordering::Relaxed), 0);
        tracing::trace!("heard");
    });
    assert_eq!(heard.load(Ordering::Relaxed), 1);
}

//! The exact request, what the specification's own library says of it, and every answer.

use std::time::UNIX_EPOCH;

use countersign_contract::Secret;
use countersign_contract::types::{Channel, DeliveryOutcome};
use http::HeaderMap;
use standardwebhooks::Webhook as Oracle;

use super::*;
use crate::messages::content::Content;
use crate::protocol::callback::MessageReport;
use crate::protocol::provider::{Accepted, MAX_RESPONSE_BYTES};
use crate::protocol::request::unwritable;
use crate::protocol::tag::Tag;

const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const OLD_SECRET: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
const NOW: Timestamp = Timestamp(1_795_208_661);

fn webhook(secret: &str) -> Webhook {
    let settings = WebhookSettings {
        url: Secret::new("https://example.com:8443/codes?from=countersign".into()),
        secret: Secret::new(secret.into()),
    };
    Webhook::open(&settings, "senders.sms").unwrap()
}

fn message() -> Message {
    Message {
        challenge_id: "login.AbC-_9".into(),
        send_number: 2,
        expires_at: Timestamp(1_795_208_960),
        reference: Some("order \"7\" ü".into()),
        locale: Some("id".into()),
        ..Message::example(Channel::Sms, Content::None)
    }
}

fn request(secret: &str, message: &Message, now: Timestamp) -> Request<Vec<u8>> {
    webhook(secret).request(message, &mut Session::default(), now).unwrap()
}

/// The request as text.
fn written(request: &Request<Vec<u8>>) -> String {
    let mut text = format!("{} {}\n", request.method(), request.uri());
    for (name, value) in request.headers() {
        text += &format!("{name}: {}\n", value.to_str().unwrap());
    }
    text + "\n" + std::str::from_utf8(request.body()).unwrap()
}

fn answer(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Result<Progress, SendError> {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    let response = response.body(body).unwrap();
    webhook(SECRET).response(response, &mut Session::default(), NOW)
}

fn accepted(message_id: Option<&str>) -> Result<Progress, SendError> {
    Ok(Progress::Accepted(Accepted { message_id: message_id.map(Into::into) }))
}

#[test]
fn the_request_to_the_byte() {
    assert_eq!(
        written(&request(SECRET, &message(), NOW)),
        "POST https://example.com:8443/codes?from=countersign\n\
         content-type: application/json\n\
         accept: application/json\n\
         user-agent: countersign/0.1.0\n\
         webhook-id: login.AbC-_9.2\n\
         webhook-timestamp: 1795208661\n\
         webhook-signature: v1,G3h4e639QL/Rdu/BtwWK/SYGCE0CqYjieFX7CPWKQ/8=\n\
         \n\
         {\"type\":\"code.send\",\"timestamp\":\"2026-11-20T21:04:20Z\",\"data\":{\"tenant\":\"default\",\
         \"purpose\":\"login\",\"channel\":\"sms\",\"to\":\"+6281234567890\",\"code\":\"471199\",\
         \"challenge_id\":\"login.AbC-_9\",\"send_number\":2,\"lifetime_seconds\":300,\
         \"expires_at\":1795208960,\"reference\":\"order \\\"7\\\" ü\",\"locale\":\"id\"}}"
    );
}

#[test]
fn a_locale_is_told_in_its_current_form() {
    for (asked, told) in [("in-ID", "id-ID"), ("zh_hant_tw", "zh-Hant-TW"), ("rus", "ru")] {
        let request = request(SECRET, &Message { locale: Some(asked.into()), ..message() }, NOW);
        let body = String::from_utf8(request.into_body()).unwrap();
        assert!(body.contains(&format!("\"locale\":\"{told}\"")), "{body}");
    }
}

#[test]
fn what_a_message_does_not_have_is_left_out() {
    let request = request(SECRET, &Message { reference: None, locale: None, ..message() }, NOW);
    assert!(request.body().ends_with(br#""expires_at":1795208960}}"#));
}

#[test]
fn another_attempt_differs_in_its_time_and_signature_only() {
    let (first, second) =
        (request(SECRET, &message(), NOW), request(SECRET, &message(), Timestamp(NOW.0 + 7)));
    assert_eq!(first.body(), second.body());
    assert_eq!(first.headers()[ID_HEADER], second.headers()[ID_HEADER]);
    assert_ne!(first.headers()[TIMESTAMP_HEADER], second.headers()[TIMESTAMP_HEADER]);
    assert_ne!(first.headers()[SIGNATURE_HEADER], second.headers()[SIGNATURE_HEADER]);
}

#[test]
fn the_specification_s_library_signs_alike() {
    let request = request(&format!("{SECRET} {OLD_SECRET}"), &message(), NOW);
    let sign = |secret| {
        let seconds = i64::try_from(NOW.0).unwrap();
        Oracle::new(secret).unwrap().sign("login.AbC-_9.2", seconds, request.body()).unwrap()
    };
    let expected = format!("{} {}", sign(SECRET), sign(OLD_SECRET));
    assert_eq!(request.headers()[SIGNATURE_HEADER], expected.as_str());
}

#[test]
fn the_specification_s_library_verifies_by_either_secret() {
    // The library compares with the real time.
    let now = UNIX_EPOCH.elapsed().unwrap().as_secs();
    let request = request(&format!("{SECRET} {OLD_SECRET}"), &message(), Timestamp(now));
    for secret in [SECRET, OLD_SECRET] {
        Oracle::new(secret).unwrap().verify(request.body(), request.headers()).unwrap();
    }
    let stranger = Oracle::new("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA").unwrap();
    assert!(stranger.verify(request.body(), request.headers()).is_err());
    let tampered = String::from_utf8(request.body().clone()).unwrap().replace("471199", "471198");
    let oracle = Oracle::new(SECRET).unwrap();
    assert!(oracle.verify(tampered.as_bytes(), request.headers()).is_err());
}

#[test]
fn a_message_that_no_header_can_hold_is_refused() {
    let message = Message { challenge_id: "a\r\nb".into(), ..message() };
    let error = webhook(SECRET).request(&message, &mut Session::default(), NOW).unwrap_err();
    assert_eq!(error, unwritable());
    let message = Message { expires_at: Timestamp(u64::MAX), ..message };
    let error = webhook(SECRET).request(&message, &mut Session::default(), NOW).unwrap_err();
    assert_eq!(error, unwritable());
}

#[test]
fn any_2xx_is_a_success_whatever_its_body() {
    for status in [200, 201, 202, 204, 299] {
        assert_eq!(answer(status, &[], b""), accepted(None), "{status}");
    }
    let deep = "[".repeat(MAX_RESPONSE_BYTES);
    let bodies: [&[u8]; 8] = [
        b"OK",
        b"<!doctype html><title>Thanks</title>",
        br#"{"message_id":"abc"#,
        br#"{"message_id":7}"#,
        br#"["abc"]"#,
        b"null",
        &[0xff; MAX_RESPONSE_BYTES],
        deep.as_bytes(),
    ];
    for body in bodies {
        let answer = answer(200, &[("content-type", "text/html")], body);
        assert_eq!(answer, accepted(None), "{:?}", &body[..body.len().min(40)]);
    }
}

#[test]
fn a_message_id_is_taken_where_it_may_stand_in_logs() {
    let id = |text: &str| {
        answer(200, &[], format!(r#"{{"message_id":"{text}","more":[1]}}"#).as_bytes())
    };
    assert_eq!(id("SM-1.2_3~a:b@c/d+e="), accepted(Some("SM-1.2_3~a:b@c/d+e=")));
    assert_eq!(id(&"a".repeat(128)), accepted(Some(&"a".repeat(128))));
    for text in ["", "a b", "a\\nb", "<b>", "ü", "a\\u0000", &"a".repeat(129)] {
        assert_eq!(id(text), accepted(None), "{text}");
    }
}

#[test]
fn every_other_status_has_its_outcome() {
    let not_configured = |status: u16| {
        SendError::NotConfigured(format!("senders.sms.url: the webhook answered {status}"))
    };
    let other = |status: u16| SendError::Other(format!("the webhook answered {status}"));
    for (status, expected) in [
        (101, other(101)),
        (300, other(300)),
        (301, other(301)),
        (308, other(308)),
        (400, other(400)),
        (401, SendError::Unauthorised),
        (402, other(402)),
        (403, SendError::Unauthorised),
        (404, not_configured(404)),
        (405, other(405)),
        (408, SendError::Timeout),
        (410, not_configured(410)),
        (413, other(413)),
        (418, other(418)),
        (422, other(422)),
        (425, SendError::Unavailable),
        (429, SendError::Throttled(None)),
        (500, SendError::Unavailable),
        (502, SendError::Unreadable),
        (503, SendError::Unavailable),
        (504, SendError::Timeout),
        (599, SendError::Unavailable),
        (600, other(600)),
        (999, other(999)),
    ] {
        let bodies: [&[u8]; 4] = [
            b"",
            b"<html>471199 to +6281234567890 failed</html>",
            br#"{"error":"471199"}"#,
            br#"{"message_id":"abc","error":"#,
        ];
        for body in bodies {
            assert_eq!(answer(status, &[], body), Err(expected.clone()), "{status} {body:?}");
        }
    }
}

#[test]
fn a_refusal_says_which_only_where_the_status_is_one() {
    let refused: &[u8] = br#"{"error":"recipient_refused","detail":"no such number"}"#;
    let unknown: &[u8] = br#"{"error":"template_unknown"}"#;
    for status in [400, 422] {
        assert_eq!(answer(status, &[], refused), Err(SendError::RecipientRefused));
        assert_eq!(answer(status, &[], unknown), Err(SendError::TemplateUnknown));
    }
    assert_eq!(answer(500, &[], refused), Err(SendError::Unavailable));
    assert_eq!(answer(403, &[], refused), Err(SendError::Unauthorised));
    assert_eq!(answer(200, &[], refused), accepted(None));
}

#[test]
fn retry_after_counts_where_waiting_helps() {
    let wait = |status, value| answer(status, &[("retry-after", value)], b"");
    for status in [429, 503] {
        assert_eq!(wait(status, "30"), Err(SendError::Throttled(Some(30))));
        assert_eq!(wait(status, "999999"), Err(SendError::Throttled(Some(300))));
        let date = "Fri, 20 Nov 2026 21:05:21 GMT";
        assert_eq!(wait(status, date), Err(SendError::Throttled(Some(60))));
    }
    assert_eq!(wait(429, "soon"), Err(SendError::Throttled(None)));
    assert_eq!(wait(503, "soon"), Err(SendError::Unavailable));
    assert_eq!(wait(500, "30"), Err(SendError::Unavailable));
}

const REPORT: &str = r#"{"type":"code.status","timestamp":"2026-11-20T21:04:31Z","data":{"tenant":"acme","challenge_id":"login.AbC-_9.x","send_number":2,"status":"delivered","more":1}}"#;

/// Signs as the specification's own library does.
fn reported(secret: &str, body: &str, at: u64) -> Result<CallbackContent, CallbackError> {
    let seconds = i64::try_from(at).unwrap();
    let signature = Oracle::new(secret).unwrap().sign("r.1", seconds, body.as_bytes()).unwrap();
    received("POST", &[("r.1", &at.to_string(), &signature)], body)
}

fn received(
    method: &str,
    signed: &[(&str, &str, &str)],
    body: &str,
) -> Result<CallbackContent, CallbackError> {
    let mut headers = HeaderMap::new();
    for (id, timestamp, signature) in signed {
        headers.insert(ID_HEADER, id.parse().unwrap());
        headers.insert(TIMESTAMP_HEADER, timestamp.parse().unwrap());
        headers.insert(SIGNATURE_HEADER, signature.parse().unwrap());
    }
    let method = method.parse().unwrap();
    let url = "https://otp.example.com/v1/callbacks/sms-webhook";
    let callback =
        Callback { method: &method, url, query: None, headers: &headers, body: body.as_bytes() };
    webhook(&format!("{SECRET} {OLD_SECRET}")).receive(&callback, NOW)
}

#[test]
fn a_receiver_s_report_names_the_message() {
    let tag = Tag { tenant: "acme".into(), challenge_id: "login.AbC-_9.x".into(), send_number: 2 };
    let report = |outcome| CallbackContent {
        reports: vec![MessageReport { tag: tag.clone(), outcome }],
        answer: String::new(),
    };
    let failed = REPORT.replace("delivered", "failed");
    for secret in [SECRET, OLD_SECRET] {
        assert_eq!(reported(secret, REPORT, NOW.0), Ok(report(DeliveryOutcome::Delivered)));
        assert_eq!(reported(secret, &failed, NOW.0 - 300), Ok(report(DeliveryOutcome::Failed)));
    }
}

#[test]
fn what_is_neither_delivered_nor_failed_reports_nothing() {
    let nothing = Ok(CallbackContent::default());
    assert_eq!(reported(SECRET, &REPORT.replace("delivered", "queued"), NOW.0), nothing);
    assert_eq!(reported(SECRET, r#"{"type":"ping","data":null}"#, NOW.0), nothing);
    // What we sent ourselves, sent back by a client that saw it.
    let ours = String::from_utf8(request(SECRET, &message(), NOW).into_body()).unwrap();
    assert_eq!(reported(SECRET, &ours, NOW.0), nothing);
}

#[test]
fn a_report_that_the_receiver_did_not_sign_is_refused() {
    let stranger = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let refused = Err(CallbackError::Unauthenticated);
    assert_eq!(reported(stranger, REPORT, NOW.0), refused);
    assert_eq!(reported(SECRET, REPORT, NOW.0 - 301), refused);
    assert_eq!(reported(SECRET, REPORT, NOW.0 + 301), refused);
    assert_eq!(received("POST", &[], REPORT), refused);
    let seconds = i64::try_from(NOW.0).unwrap();
    let signature = Oracle::new(SECRET).unwrap().sign("r.1", seconds, REPORT.as_bytes()).unwrap();
    let signed = [("r.1", &*NOW.0.to_string(), &*signature)];
    assert!(received("POST", &signed, REPORT).is_ok());
    assert_eq!(received("POST", &signed, &REPORT.replace("acme", "acmf")), refused);
    assert_eq!(received("GET", &signed, REPORT), Err(CallbackError::Unreadable));
}

#[test]
fn a_report_that_names_no_message_is_unreadable() {
    for body in [
        "",
        "{",
        "[]",
        r#"{"type":"code.status"}"#,
        r#"{"type":"code.status","data":{}}"#,
        &REPORT.replace("\"acme\"", "7"),
        &REPORT.replace("acme", ""),
        &REPORT.replace("acme", "ac.me"),
        &REPORT.replace("acme", "ac me"),
        &REPORT.replace("acme", &"a".repeat(300)),
        &REPORT.replace(":2", ":0"),
        &REPORT.replace(":2", ":-2"),
        &REPORT.replace(":2", ":4294967296"),
    ] {
        assert_eq!(reported(SECRET, body, NOW.0), Err(CallbackError::Unreadable), "{body}");
    }
}

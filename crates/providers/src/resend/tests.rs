//! Settings, tags, the one answer whose meaning isn't known, and status reports.

use countersign_contract::Secret;
use countersign_contract::types::{Channel, DeliveryOutcome};
use data_encoding::BASE64URL_NOPAD;
use http::header::AUTHORIZATION;
use http::{HeaderMap, Method};
use serde_json::{Value, json};
use standardwebhooks::Webhook as Oracle;

use super::*;
use crate::messages::content::{Content, Mail};
use crate::protocol::callback::MessageReport;
use crate::protocol::provider::Accepted;
use crate::protocol::tag::Tag;

const NOW: Timestamp = Timestamp(1_795_208_661);
const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const OLD_SECRET: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

fn settings() -> ResendSettings {
    let text = json!({
        "api_key": "re_hunter2",
        "from": "Example <codes@example.com>",
        "webhook_secret": format!("{SECRET} {OLD_SECRET}"),
    });
    serde_json::from_value(text).unwrap()
}

fn resend() -> Resend {
    Resend::open(&settings(), "senders.email").unwrap()
}

fn message() -> Message {
    Message {
        tenant: "acme".into(),
        send_number: 2,
        ..Message::example(
            Channel::Email,
            Content::Mail(Mail {
                subject: "Your code \"x\" <ü>".into(),
                text: Secret::new("471199\r\n\u{0}\u{1f600}".into()),
                html: Secret::new("<b>471199</b>".into()),
            }),
        )
    }
}

fn request(message: &Message) -> Request<Vec<u8>> {
    resend().request(message, &mut Session::default(), NOW).unwrap()
}

fn body(message: &Message) -> Value {
    serde_json::from_slice(request(message).body()).unwrap()
}

#[test]
fn every_setting_that_is_wrong_is_told_at_once_and_not_repeated() {
    let long = "x".repeat(400);
    for (key, mailbox, secret) in [
        ("", "hunter2", "hunter2"),
        ("re_hunter2 x", "a@hunter2\r\nBcc: b@c", ""),
        ("re_hunter2\u{fc}", "hunter2 <a>", "whsec_hunter2"),
        (&long, &long, &long),
    ] {
        let settings = ResendSettings {
            api_key: Secret::new(key.into()),
            from: mailbox.into(),
            reply_to: Some(mailbox.into()),
            url: "https://hunter2.example/?x".into(),
            webhook_secret: Some(Secret::new(secret.into())),
        };
        let problems = Resend::open(&settings, "senders.email").err().unwrap();
        let fields: Vec<_> = problems
            .0
            .iter()
            .map(|problem| problem.path.strip_prefix("senders.email.").unwrap())
            .collect();
        assert_eq!(fields, ["api_key", "from", "reply_to", "url", "webhook_secret"]);
        assert!(!problems.to_string().contains("hunter2"), "{problems}");
    }
    let text = r#"{"api_key": "re_x", "from": "a@b", "domain": "x"}"#;
    assert!(serde_json::from_str::<ResendSettings>(text).is_err());
}

#[test]
fn what_is_not_said_is_resend_s_own() {
    assert_eq!(request(&message()).uri(), "https://api.resend.com/emails");
    assert!(body(&message()).get("reply_to").is_none());
    assert!(!format!("{:?}", settings()).contains("hunter2"));
    assert!(request(&message()).headers()[AUTHORIZATION].is_sensitive());
}

#[test]
fn words_survive_json() {
    let body = body(&message());
    assert_eq!(body["subject"], "Your code \"x\" <ü>");
    assert_eq!(body["text"], "471199\r\n\u{0}\u{1f600}");
    assert_eq!(body["html"], "<b>471199</b>");
}

#[test]
fn a_message_without_words_is_refused() {
    let message = Message { content: Content::None, ..message() };
    let error = resend().request(&message, &mut Session::default(), NOW).unwrap_err();
    assert_eq!(error, SendError::Other("the message has no mail".into()));
}

#[test]
fn a_tag_that_is_too_long_is_left_out_and_still_an_idempotency_key() {
    // `acme.2.` and 185 make 192 bytes, of which base64 makes 256.
    let longest = Message { challenge_id: "x".repeat(185), ..message() };
    let longer = Message { challenge_id: "x".repeat(186), ..message() };
    assert_eq!(body(&longest)["tags"][0]["value"].as_str().unwrap().len(), 256);
    assert!(body(&longer).get("tags").is_none());
    for message in [longest, longer] {
        assert_eq!(request(&message).headers()["idempotency-key"], Tag::of(&message).to_string());
    }
    let hostile = Message { challenge_id: "a\r\nb".into(), ..message() };
    assert!(!request(&hostile).headers().contains_key("idempotency-key"));
    assert!(body(&hostile).get("tags").is_none());
}

#[test]
fn a_tag_holds_what_resend_takes() {
    let body = body(&message());
    let tag = &body["tags"][0];
    let is_safe = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
    for text in [&tag["name"], &tag["value"]] {
        assert!(text.as_str().unwrap().bytes().all(is_safe), "{text}");
    }
}

#[test]
fn a_message_that_is_being_taken_elsewhere_may_go_out() {
    let body = br#"{"statusCode":409,"name":"concurrent_idempotent_requests","message":"x"}"#;
    let response = Response::builder().status(409).body(&body[..]).unwrap();
    let error = resend().response(response, &mut Session::default(), NOW).unwrap_err();
    assert_eq!(error, SendError::Timeout);
    assert!(error.is_uncertain());
}

#[test]
fn a_name_counts_only_where_the_status_is_a_refusal() {
    let body = br#"{"name":"invalid_api_key","message":"`to`"}"#;
    for (status, expected) in [
        (302, SendError::Other("Resend answered 302".into())),
        (500, SendError::Unavailable),
        (502, SendError::Unreadable),
        (504, SendError::Timeout),
    ] {
        let response = Response::builder().status(status).body(&body[..]).unwrap();
        let error = resend().response(response, &mut Session::default(), NOW).unwrap_err();
        assert_eq!(error, expected, "{status}");
    }
}

#[test]
fn a_refusal_without_a_name_or_a_message_is_read_by_the_other() {
    for (status, body, expected) in [
        (
            422,
            r#"{"statusCode":422,"message":"Invalid `to` field. Use another."}"#,
            SendError::RecipientRefused,
        ),
        (
            422,
            r#"{"name":null,"message":"Invalid `to` field. Use another."}"#,
            SendError::RecipientRefused,
        ),
        (400, r#"{"message":"API key is invalid"}"#, SendError::Unauthorised),
        (400, r#"{"name":7,"message":"API key is invalid"}"#, SendError::Unauthorised),
        (400, r#"{"name":"validation_error","message":"API key is invalid"}"#, {
            SendError::Unauthorised
        }),
        (400, r#"{"name":"invalid_api_key","message":null}"#, SendError::Unauthorised),
        (400, r#"{"name":"invalid_api_key","message":["x"]}"#, SendError::Unauthorised),
        (401, r#"{"name":"validation_error","message":{}}"#, SendError::Unauthorised),
        (422, r#"{"message":"The `to` field is invalid"}"#, SendError::RecipientRefused),
        (400, r#"{"message":"anything"}"#, SendError::Other("Resend answered 400".into())),
        (429, r#"{"message":"Too many requests"}"#, SendError::Throttled(None)),
    ] {
        let response = Response::builder().status(status).body(body.as_bytes()).unwrap();
        let error = resend().response(response, &mut Session::default(), NOW).unwrap_err();
        assert_eq!(error, expected, "{status} {body}");
    }
}

#[test]
fn a_domain_that_is_not_verified_is_the_operator_s_to_mend_whatever_the_status_and_the_name() {
    for (status, name) in
        [(403, "validation_error"), (422, "validation_error"), (400, ""), (403, "x")]
    {
        let body = format!(
            r#"{{"name":"{name}","message":"The example.com domain is not verified. Please, add and verify your domain on https://resend.com/domains"}}"#
        );
        let response = Response::builder().status(status).body(body.as_bytes()).unwrap();
        let error = resend().response(response, &mut Session::default(), NOW).unwrap_err();
        let SendError::NotConfigured(text) = &error else { panic!("{status} {name}: {error:?}") };
        assert!(text.contains(".from: Resend sends from verified domains only"), "{text}");
    }
}

/// Signs as the specification's own library does, and names the headers as Svix does.
fn signed(secret: &str, body: &str, at: u64) -> HeaderMap {
    let seconds = i64::try_from(at).unwrap();
    let signature = Oracle::new(secret).unwrap().sign("msg_1", seconds, body.as_bytes()).unwrap();
    let mut headers = HeaderMap::new();
    headers.insert("svix-id", "msg_1".parse().unwrap());
    headers.insert("svix-timestamp", at.into());
    headers.insert("svix-signature", signature.parse().unwrap());
    headers
}

fn received(
    resend: &Resend,
    headers: &HeaderMap,
    body: &str,
) -> Result<CallbackContent, CallbackError> {
    let (method, url) = (&Method::POST, "https://otp.example.com/v1/callbacks/email-resend");
    resend.receive(&Callback { method, url, query: None, headers, body: body.as_bytes() }, NOW)
}

fn reports(body: &str) -> Result<Vec<MessageReport>, CallbackError> {
    received(&resend(), &signed(SECRET, body, NOW.0), body).map(|received| received.reports)
}

fn event(kind: &str, tags: &Value) -> String {
    json!({
        "type": kind,
        "created_at": "2024-11-22T23:41:12.126Z",
        "data": {
            "email_id": "56761188-7520-42d8-8898-ff6fc54ce618",
            "from": "Acme <onboarding@resend.dev>",
            "to": ["delivered@resend.dev"],
            "subject": "Sending this example",
            "tags": tags,
        },
    })
    .to_string()
}

/// The tags of the mail that was sent, as the list in which they were sent.
fn tags() -> Value {
    body(&message())["tags"].clone()
}

#[test]
fn tags_come_back_as_an_object_or_a_list() {
    let report = MessageReport { tag: Tag::of(&message()), outcome: DeliveryOutcome::Delivered };
    let list = json!([{ "name": "category", "value": "x" }, tags()[0]]);
    let object = json!({ "category": "x", "countersign": tags()[0]["value"] });
    for tags in [list, object] {
        assert_eq!(reports(&event("email.delivered", &tags)), Ok(vec![report.clone()]), "{tags}");
    }
}

#[test]
fn each_event_is_delivered_failed_or_no_report() {
    let outcome = |kind: &str| {
        let reports = reports(&event(kind, &tags())).unwrap();
        reports.first().map(|report| report.outcome)
    };
    assert_eq!(outcome("email.delivered"), Some(DeliveryOutcome::Delivered));
    for kind in ["email.bounced", "email.failed", "email.suppressed"] {
        assert_eq!(outcome(kind), Some(DeliveryOutcome::Failed), "{kind}");
    }
    for kind in [
        "email.sent",
        "email.scheduled",
        "email.delivery_delayed",
        "email.complained",
        "email.opened",
        "email.clicked",
        "email.received",
        "domain.created",
        "",
    ] {
        assert_eq!(outcome(kind), None, "{kind}");
    }
}

#[test]
fn another_s_mail_is_no_report() {
    for tags in [
        json!(null),
        json!({}),
        json!([]),
        json!({ "category": "confirm_email" }),
        json!({ "countersign": 7 }),
        json!({ "countersign": "!!!" }),
        json!({ "countersign": "_w" }),
        json!({ "countersign": BASE64URL_NOPAD.encode(b"acme.0.x") }),
        json!([7, { "name": "countersign" }]),
        json!("countersign"),
    ] {
        assert_eq!(reports(&event("email.delivered", &tags)), Ok(vec![]), "{tags}");
    }
    assert_eq!(reports(r#"{"type":"contact.created"}"#), Ok(vec![]));
}

#[test]
fn an_event_that_resend_did_not_sign_is_refused() {
    let body = event("email.delivered", &tags());
    let refused = Err(CallbackError::Unauthenticated);
    let verdict = |headers: &HeaderMap, body: &str| received(&resend(), headers, body);
    assert!(verdict(&signed(SECRET, &body, NOW.0), &body).is_ok());
    assert!(verdict(&signed(OLD_SECRET, &body, NOW.0 - 300), &body).is_ok());
    let stranger = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    assert_eq!(verdict(&signed(stranger, &body, NOW.0), &body), refused);
    assert_eq!(verdict(&signed(SECRET, &body, NOW.0 - 301), &body), refused);
    assert_eq!(verdict(&signed(SECRET, &body, NOW.0 + 301), &body), refused);
    assert_eq!(
        verdict(&signed(SECRET, &body, NOW.0), &body.replace("delivered", "bounced")),
        refused
    );
    assert_eq!(verdict(&HeaderMap::new(), &body), refused);
}

#[test]
fn without_a_secret_nothing_is_received() {
    let settings = ResendSettings { webhook_secret: None, ..settings() };
    let resend = Resend::open(&settings, "senders.email").unwrap();
    let body = event("email.delivered", &tags());
    let refused = received(&resend, &signed(SECRET, &body, NOW.0), &body);
    assert_eq!(refused, Err(CallbackError::Unsupported));
}

#[test]
fn an_event_that_is_none_is_unreadable() {
    for body in ["", "{", "[]", "{}", r#"{"type":7}"#, r#"{"type":"email.delivered","data":7}"#] {
        assert_eq!(reports(body), Err(CallbackError::Unreadable), "{body}");
    }
    let body = event("email.delivered", &tags());
    let headers = signed(SECRET, &body, NOW.0);
    let (method, url, body) = (&Method::GET, "https://otp.example.com", body.as_bytes());
    let callback = Callback { method, url, query: None, headers: &headers, body };
    assert_eq!(resend().receive(&callback, NOW), Err(CallbackError::Unreadable));
}

fn answered(status: u16, body: &str) -> Result<Progress, SendError> {
    let response = Response::builder().status(status).header("retry-after", "7");
    let response = response.body(body.as_bytes()).unwrap();
    resend().response(response, &mut Session::default(), NOW)
}

#[test]
fn a_success_that_is_an_error_is_that_error() {
    for (body, expected) in [
        (r#"{"statusCode":429,"name":"rate_limit_exceeded","message":"x"}"#, {
            SendError::Throttled(Some(7))
        }),
        (r#"{"name":"rate_limit_exceeded"}"#, SendError::Throttled(Some(7))),
        (r#"{"statusCode":429,"name":"daily_quota_exceeded"}"#, SendError::Throttled(None)),
        (r#"{"statusCode":401,"name":"validation_error"}"#, SendError::Unauthorised),
        (r#"{"statusCode":"422","message":"Invalid `to` field. x"}"#, SendError::RecipientRefused),
        (r#"{"id":null,"message":"Invalid `to` field. x"}"#, SendError::RecipientRefused),
        (r#"{"statusCode":500,"name":"application_error"}"#, SendError::Unavailable),
        (r#"{"name":"application_error"}"#, SendError::Unavailable),
        (r#"{"statusCode":502}"#, SendError::Unreadable),
        (r#"{"statusCode":422,"name":"?"}"#, SendError::Other("Resend answered 422".into())),
        (r#"{"statusCode":200}"#, SendError::Unreadable),
        (r#"{"id":7}"#, SendError::Unreadable),
        ("[\"a\"]", SendError::Unreadable),
    ] {
        assert_eq!(answered(200, body), Err(expected), "{body}");
    }
    let both = r#"{"id":"a","statusCode":429,"name":"rate_limit_exceeded"}"#;
    assert!(answered(200, both).is_ok());
}

#[test]
fn the_recipient_is_refused_whatever_the_status_and_the_name() {
    let body = r#"{"statusCode":500,"name":"application_error","message":"Invalid `to` field. x"}"#;
    for status in [200, 400, 401, 403, 422, 429, 500, 503] {
        assert_eq!(answered(status, body), Err(SendError::RecipientRefused), "{status}");
    }
    // Which no other message or name does to a 5xx.
    let body = r#"{"name":"validation_error","message":"The `to` field. API key is invalid"}"#;
    assert_eq!(answered(500, body), Err(SendError::Unavailable));
    assert_eq!(answered(504, body), Err(SendError::Timeout));
}

#[test]
fn a_name_that_stands_twice_and_half_a_sign_cost_no_success() {
    for body in [r#"{"id":"a","id":"a"}"#, r#"{"x":"\ud83d","id":"a"}"#] {
        let accepted = Accepted { message_id: Some("a".into()) };
        assert_eq!(answered(200, body), Ok(Progress::Accepted(accepted)), "{body}");
    }
}

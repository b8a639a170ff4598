//! What the recorded exchanges don't hold: settings, tags and events.

use countersign_contract::types::{Channel, DeliveryOutcome};
use countersign_contract::{Pii, Secret};
use http::{HeaderMap, HeaderValue, Method};
use serde_json::{Value, json};

use super::*;
use crate::messages::content::{Content, Mail};
use crate::protocol::callback::MessageReport;
use crate::protocol::provider::Accepted;
use crate::protocol::tag::Tag;

const NOW: Timestamp = Timestamp(1_795_208_661);
const KEY: &str = "0123456789abcdef0123456789abcdef";

fn settings() -> AwsSesSettings {
    AwsSesSettings {
        region: "eu-west-1".into(),
        access_key_id: Secret::new("AKIDEXAMPLEEXAMPLE".into()),
        secret_access_key: Secret::new("hunter2".into()),
        session_token: None,
        from: "codes@example.com".into(),
        from_name: None,
        reply_to: None,
        configuration_set: None,
        event_key: Some(Secret::new(KEY.into())),
        url: None,
    }
}

fn ses(settings: &AwsSesSettings) -> AwsSes {
    AwsSes::open(settings, "senders.email").unwrap()
}

fn message() -> Message {
    Message {
        send_number: 2,
        expires_at: Timestamp(1_795_208_960),
        callback_url: Some("https://otp.example.com/v1/callbacks/sender".into()),
        ..Message::example(
            Channel::Email,
            Content::Mail(Mail {
                subject: "Kode \"Anda\"".into(),
                text: Secret::new("471199".into()),
                html: Secret::new("<b>471199</b>".into()),
            }),
        )
    }
}

fn request(settings: &AwsSesSettings, message: &Message) -> Result<Request<Vec<u8>>, SendError> {
    ses(settings).request(message, &mut Session::default(), NOW)
}

fn body(settings: &AwsSesSettings, message: &Message) -> Value {
    serde_json::from_slice(request(settings, message).unwrap().body()).unwrap()
}

fn answer(status: u16, code: Option<&str>, body: &str) -> Result<Progress, SendError> {
    let mut response = Response::builder().status(status);
    if let Some(code) = code {
        response = response.header("x-amzn-errortype", code);
    }
    let response = response.body(body.as_bytes()).unwrap();
    ses(&settings()).response(response, &mut Session::default(), NOW)
}

fn receive(key: Option<&str>, body: &[u8]) -> Result<CallbackContent, CallbackError> {
    let mut headers = HeaderMap::new();
    if let Some(key) = key {
        headers.insert(EVENT_KEY_HEADER, HeaderValue::from_str(key).unwrap());
    }
    let callback = Callback {
        method: &Method::POST,
        url: "https://otp.example.com/v1/callbacks/sender",
        query: None,
        headers: &headers,
        body,
    };
    ses(&settings()).receive(&callback, NOW)
}

/// An event as EventBridge hands it over, with the tags that a request of ours has.
fn event(kind: &str) -> Value {
    let tags = body(&settings(), &message())["EmailTags"].clone();
    let mut by_name = json!({
        "ses:configuration-set": ["codes"],
        "ses:operation": ["SendEmail"],
    });
    for tag in tags.as_array().unwrap() {
        by_name[tag["Name"].as_str().unwrap()] = json!([tag["Value"]]);
    }
    json!({
        "version": "0",
        "id": "b2c3d4e5-f6a7-8901-bcde-f12345678901",
        "detail-type": "Email Delivered",
        "source": "aws.ses",
        "account": "123456789012",
        "time": "2026-11-20T21:04:25Z",
        "region": "eu-west-1",
        "resources": ["arn:aws:ses:eu-west-1:123456789012:configuration-set/codes"],
        "detail": {
            "eventType": kind,
            "mail": {
                "timestamp": "2026-11-20T21:04:21.123Z",
                "source": "codes@example.com",
                "messageId": "EXAMPLE7c191be45-e9aedb9a-02f9-4d12-a87d-dd0099a07f8a-000000",
                "destination": ["ana@example.com"],
                "headersTruncated": false,
                "headers": [{ "name": "To", "value": "ana@example.com" }],
                "tags": by_name,
            },
            "delivery": { "timestamp": "2026-11-20T21:04:24.1Z", "smtpResponse": "250 OK" },
        },
    })
}

fn reported(event: &Value) -> Result<Vec<MessageReport>, CallbackError> {
    let received = receive(Some(KEY), event.to_string().as_bytes())?;
    assert_eq!(received.answer, "");
    Ok(received.reports)
}

#[test]
fn every_wrong_setting_is_told_at_once() {
    let settings = AwsSesSettings {
        region: "nowhere".into(),
        from: "Codes <codes@example.com>".into(),
        from_name: Some("a\nb".into()),
        reply_to: Some("help".into()),
        configuration_set: Some("a b".into()),
        event_key: Some(Secret::new("hunter2".into())),
        ..settings()
    };
    let problems = AwsSes::open(&settings, "senders.email").err().unwrap().to_string();
    let fields: Vec<_> = problems.lines().map(|line| line.split(':').next().unwrap()).collect();
    let expected = ["region", "from", "from_name", "reply_to", "configuration_set", "event_key"];
    assert_eq!(fields, expected.map(|field| format!("senders.email.{field}")));
    assert!(!problems.contains("hunter2"), "{problems}");
}

#[test]
fn what_is_not_set_is_not_sent() {
    let message = Message { callback_url: None, ..message() };
    assert_eq!(
        body(&settings(), &message),
        json!({
            "FromEmailAddress": "codes@example.com",
            "Destination": { "ToAddresses": ["ana@example.com"] },
            "Content": { "Simple": {
                "Subject": { "Data": "Kode \"Anda\"", "Charset": "UTF-8" },
                "Body": {
                    "Text": { "Data": "471199", "Charset": "UTF-8" },
                    "Html": { "Data": "<b>471199</b>", "Charset": "UTF-8" },
                },
            } },
        })
    );
}

#[test]
fn tags_hold_what_ses_allows_or_are_left_out() {
    let tags = |message: &Message| body(&settings(), message).get("EmailTags").cloned();
    let longest = Message {
        tenant: "t".repeat(64),
        challenge_id: format!("{}.{}", "p".repeat(64), "x".repeat(71)),
        send_number: u32::MAX,
        ..message()
    };
    for tag in tags(&longest).unwrap().as_array().unwrap() {
        let value = tag["Value"].as_str().unwrap();
        assert!((1..=256).contains(&value.len()), "{value}");
        assert!(value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte)));
    }
    assert_eq!(tags(&Message { tenant: "a.b".into(), ..message() }), None);
    assert_eq!(tags(&Message { challenge_id: "x".repeat(193), ..message() }), None);
}

#[test]
fn a_mail_that_cannot_be_sent_is_refused() {
    let refused = |message: Message| request(&settings(), &message).unwrap_err();
    let without = Message { content: Content::None, ..message() };
    assert_eq!(refused(without), SendError::Other("the message has no mail".into()));
    let recipient = Pii::new("änä@example.com".into());
    assert_eq!(refused(Message { recipient, ..message() }), SendError::RecipientRefused);
}

#[test]
fn another_time_changes_the_date_and_the_signature_only() {
    let at = |seconds| {
        let now = Timestamp(NOW.0 + seconds);
        ses(&settings()).request(&message(), &mut Session::default(), now).unwrap()
    };
    let (first, later) = (at(0), at(7));
    assert_eq!((first.method(), first.uri()), (later.method(), later.uri()));
    assert_eq!(first.body(), later.body());
    let differing: Vec<_> = first
        .headers()
        .iter()
        .filter(|(name, value)| later.headers()[*name] != *value)
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(differing, ["x-amz-date", "authorization"]);
}

#[test]
fn a_code_is_read_in_all_its_forms() {
    let rejected = Err(SendError::Other("AWS SES answered 400, MessageRejected".into()));
    for code in ["MessageRejected", "MessageRejected:", "MessageRejected:http://x.example/y"] {
        assert_eq!(answer(400, Some(code), r#"{"message":"x"}"#), rejected, "{code}");
    }
    for code in ["MessageRejected", "com.amazonaws.ses#MessageRejected"] {
        for name in ["__type", "code"] {
            let body = json!({ name: code, "message": "x" }).to_string();
            assert_eq!(answer(400, None, &body), rejected, "{name} {code}");
        }
    }
    for body in [
        r#"{"code":"BadRequestException","message":"Domain starts with dot"}"#,
        r#"{"__type":"a#BadRequestException","code":7,"Message":"Domain starts with dot"}"#,
        r#"{"__type":null,"code":"BadRequestException","message":"Domain starts with dot"}"#,
    ] {
        assert_eq!(answer(400, None, body), Err(SendError::RecipientRefused), "{body}");
    }
    assert_eq!(answer(400, None, r#"{"code":"MessageRejected","message":null}"#), rejected);
    let both = r#"{"__type":"AccountSuspendedException"}"#;
    assert_eq!(answer(400, Some("MessageRejected"), both), rejected);
    assert_eq!(answer(403, Some("Hunter2"), "{}"), Err(SendError::Unauthorised));
    let clock = answer(
        403,
        Some("InvalidSignatureException"),
        r#"{"message":"Signature expired: 20261120T210421Z is now earlier than …"}"#,
    );
    assert!(matches!(clock, Err(SendError::Other(text)) if text.contains("clock")));
}

#[test]
fn without_a_configuration_set_nothing_is_there() {
    assert_eq!(
        answer(404, Some("NotFoundException"), "{}"),
        Err(SendError::NotConfigured("senders.email.url: AWS SES isn't there".into()))
    );
}

#[test]
fn a_success_needs_its_id() {
    let accepted =
        |id: Option<&str>| Ok(Progress::Accepted(Accepted { message_id: id.map(Into::into) }));
    assert_eq!(
        answer(200, None, r#"{"MessageId":"0102-a-000000"}"#),
        accepted(Some("0102-a-000000"))
    );
    assert_eq!(answer(200, None, r#"{"MessageId":"a b"}"#), accepted(None));
    for body in [r#"{"MessageId":7}"#, r#"{"messageId":"a"}"#, r#"{"MessageId":"a""#] {
        assert_eq!(answer(200, None, body), Err(SendError::Unreadable), "{body}");
    }
}

#[test]
fn an_event_names_the_send_that_it_is_of() {
    let tag =
        Tag { tenant: "default".into(), challenge_id: "login.AbC-_9.x".into(), send_number: 2 };
    for (kind, outcome) in [
        ("Delivery", DeliveryOutcome::Delivered),
        ("Bounce", DeliveryOutcome::Failed),
        ("Reject", DeliveryOutcome::Failed),
        ("Rendering Failure", DeliveryOutcome::Failed),
    ] {
        assert_eq!(
            reported(&event(kind)),
            Ok(vec![MessageReport { tag: tag.clone(), outcome }]),
            "{kind}"
        );
    }
    for kind in ["Send", "DeliveryDelay", "Complaint", "Open", "Click", "Subscription", ""] {
        assert_eq!(reported(&event(kind)), Ok(Vec::new()), "{kind}");
    }
}

#[test]
fn events_of_mail_that_is_not_ours_report_nothing() {
    for (name, value) in [
        ("countersign-tenant", json!([])),
        ("countersign-tenant", json!(["a b"])),
        ("countersign-send", json!(["0"])),
        ("countersign-send", json!(["2.login"])),
        ("countersign-challenge", json!(["!"])),
        ("countersign-challenge", json!([""])),
    ] {
        let mut event = event("Delivery");
        event["detail"]["mail"]["tags"][name] = value;
        assert_eq!(reported(&event), Ok(Vec::new()), "{name}");
    }
    let mut untagged = event("Delivery");
    untagged["detail"]["mail"]["tags"] = json!({});
    assert_eq!(reported(&untagged), Ok(Vec::new()));
    untagged["detail"]["mail"] = json!({});
    assert_eq!(reported(&untagged), Ok(Vec::new()));
}

#[test]
fn a_call_without_the_key_is_not_read() {
    let event = event("Delivery").to_string();
    for key in [None, Some(""), Some("0123456789abcdef0123456789abcdee"), Some("hunter2")] {
        for body in [event.as_bytes(), b"nonsense"] {
            assert_eq!(receive(key, body), Err(CallbackError::Unauthenticated), "{key:?}");
        }
    }
    let closed = AwsSesSettings { event_key: None, ..settings() };
    let callback = Callback {
        method: &Method::POST,
        url: "https://otp.example.com/v1/callbacks/sender",
        query: None,
        headers: &HeaderMap::from_iter([(
            http::HeaderName::from_static(EVENT_KEY_HEADER),
            HeaderValue::from_static(KEY),
        )]),
        body: event.as_bytes(),
    };
    assert_eq!(ses(&closed).receive(&callback, NOW), Err(CallbackError::Unsupported));
}

#[test]
fn what_is_no_event_of_ses_cannot_be_read() {
    let mut foreign = event("Delivery");
    foreign["source"] = json!("com.example");
    let mut wrong = event("Delivery");
    wrong["detail"]["mail"]["tags"] = json!([]);
    let (foreign, wrong) = (foreign.to_string(), wrong.to_string());
    let deep = "[".repeat(100_000);
    let sns = r#"{"Type":"Notification","TopicArn":"arn:x","Message":"{}","SignatureVersion":"2"}"#;
    for body in ["", "{}", "[]", "null", "<html>", &foreign, &wrong, &deep, sns] {
        let error = receive(Some(KEY), body.as_bytes());
        assert_eq!(error, Err(CallbackError::Unreadable), "{}", &body[..body.len().min(40)]);
    }
    assert_eq!(receive(Some(KEY), &[0xff, 0xfe]), Err(CallbackError::Unreadable));
}

#[test]
fn settings_show_no_secret() {
    let shown = format!("{:?}", settings());
    assert!(!shown.contains("hunter2") && !shown.contains(KEY), "{shown}");
}

#[test]
fn a_success_that_is_an_error_is_that_error() {
    let throttled = Err(SendError::Throttled(None));
    assert_eq!(answer(200, None, r#"{"__type":"TooManyRequestsException"}"#), throttled);
    assert_eq!(answer(200, Some("ThrottlingException:http://x/"), ""), throttled);
    let unauthorised = answer(202, None, r#"{"code":"a#AccessDeniedException"}"#);
    assert_eq!(unauthorised, Err(SendError::Unauthorised));
    let refused = r#"{"__type":"BadRequestException","message":"Domain starts with dot"}"#;
    assert_eq!(answer(200, None, refused), Err(SendError::RecipientRefused));
    let down = answer(200, None, r#"{"__type":"InternalFailure"}"#);
    assert_eq!(down, Err(SendError::Unavailable));
    assert_eq!(answer(200, None, r#"{"__type":"X"}"#), Err(SendError::Unreadable));
    assert!(answer(200, None, r#"{"MessageId":"a","__type":"AccessDeniedException"}"#).is_ok());
}

#[test]
fn a_name_that_stands_twice_and_half_a_sign_cost_no_success() {
    for body in [r#"{"MessageId":"x","MessageId":"a"}"#, r#"{"x":"\ud83d","MessageId":"a"}"#] {
        let accepted = Accepted { message_id: Some("a".into()) };
        assert_eq!(answer(200, None, body), Ok(Progress::Accepted(accepted)), "{body}");
    }
}

#[test]
fn a_tag_of_an_event_may_be_a_text() {
    let mut event = event("Delivery");
    let tags = event["detail"]["mail"]["tags"].as_object_mut().unwrap();
    for (_, value) in tags.iter_mut() {
        *value = value[0].take();
    }
    assert_eq!(reported(&event).map(|reports| reports.len()), Ok(1));
}

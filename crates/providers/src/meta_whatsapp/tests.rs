//! What the recorded exchanges don't hold: settings, languages, every code and reports.

use countersign_contract::callbacks::MAX_REPORTS;
use countersign_contract::types::{Channel, DeliveryOutcome};
use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, Method};
use serde_json::{Value, json};
use sha2::Sha256;

use super::*;
use crate::messages::content::Content;
use crate::protocol::callback::MessageReport;

const APP_SECRET: &str = "0123456789abcdef0123456789abcdef";
const VERIFY_TOKEN: &str = "c0ffee00c0ffee00c0ffee00c0ffee00";
const TAG: &str = "default.2.login.AbC";

fn settings(changes: Value) -> MetaWhatsappSettings {
    let mut settings = json!({
        "phone_number_id": "106540352242922",
        "access_token": "EAAJB",
        "template": "login_otp",
        "app_secret": APP_SECRET,
        "verify_token": VERIFY_TOKEN,
    });
    for (name, value) in changes.as_object().unwrap() {
        settings[name] = value.clone();
    }
    serde_json::from_value(settings).unwrap()
}

fn meta(changes: Value) -> MetaWhatsapp {
    MetaWhatsapp::open(&settings(changes), "p").unwrap()
}

fn problems(changes: Value) -> Vec<String> {
    let problems = MetaWhatsapp::open(&settings(changes), "p").err().unwrap();
    problems.0.iter().map(ToString::to_string).collect()
}

fn message(purpose: &str, locale: Option<&str>) -> Message {
    Message {
        purpose: purpose.into(),
        challenge_id: "login.AbC".into(),
        send_number: 2,
        expires_at: Timestamp(1_795_208_960),
        locale: locale.map(Into::into),
        callback_url: Some("https://otp.example.com/v1/callbacks/whatsapp-meta_whatsapp".into()),
        ..Message::example(Channel::Whatsapp, Content::None)
    }
}

/// The request's URL and body.
fn written(meta: &MetaWhatsapp, message: &Message) -> (String, Value) {
    let request = meta.request(message, &mut Session::default(), Timestamp(0)).unwrap();
    (request.uri().to_string(), serde_json::from_slice(request.body()).unwrap())
}

#[test]
fn what_is_not_set_has_meta_s_own_values() {
    let (url, body) = written(&meta(json!({})), &message("login", Some("id")));
    assert_eq!(url, "https://graph.facebook.com/v26.0/106540352242922/messages");
    assert_eq!(body["template"]["language"], json!({ "code": "en_US" }));
    let other = json!({ "url": "http://127.0.0.1:8080/", "version": "v27.1" });
    let (url, _) = written(&meta(other), &message("login", None));
    assert_eq!(url, "http://127.0.0.1:8080/v27.1/106540352242922/messages");
}

#[test]
fn a_language_is_asked_for_only_where_the_templates_are_approved_in_it() {
    let meta = meta(json!({
        "language": "en",
        "languages": { "id": "id", "pt-BR": "pt_BR", "zh-Hant": "zh_TW" },
        "templates": { "pay": "pay_otp" },
    }));
    for (purpose, locale, template, language) in [
        ("login", None, "login_otp", "en"),
        ("login", Some("id"), "login_otp", "id"),
        ("pay", Some("id-ID"), "pay_otp", "id"),
        ("pay", Some("PT-br"), "pay_otp", "pt_BR"),
        ("pay", Some("pt"), "pay_otp", "en"),
        ("pay", Some("zh-Hant-HK"), "pay_otp", "zh_TW"),
        ("pay", Some("zh-TW"), "pay_otp", "zh_TW"),
        ("pay", Some("zh-HK"), "pay_otp", "zh_TW"),
        ("pay", Some("zh-CN"), "pay_otp", "en"),
        ("pay", Some("in"), "pay_otp", "id"),
        ("pay", Some("in-ID"), "pay_otp", "id"),
        ("pay", Some("ind"), "pay_otp", "id"),
        ("pay", Some("id_ID"), "pay_otp", "id"),
        ("pay", Some("de"), "pay_otp", "en"),
    ] {
        let (_, body) = written(&meta, &message(purpose, locale));
        assert_eq!(body["template"]["name"], template);
        assert_eq!(body["template"]["language"]["code"], language, "{locale:?}");
    }
}

#[test]
fn a_message_is_named_only_where_reports_are_wanted_and_can_be_authenticated() {
    let login = message("login", None);
    let tag = |meta: &MetaWhatsapp, message: &Message| {
        written(meta, message).1.get("biz_opaque_callback_data").cloned()
    };
    assert_eq!(tag(&meta(json!({})), &login), Some(json!(TAG)));
    let deaf = meta(json!({ "app_secret": null, "verify_token": null }));
    assert_eq!(tag(&deaf, &login), None);
    let silent = Message { callback_url: None, ..login };
    assert_eq!(tag(&meta(json!({})), &silent), None);
}

#[test]
fn everything_wrong_with_the_settings_is_told_at_once_and_no_value_is_repeated() {
    let problems = problems(json!({
        "phone_number_id": "+hunter2",
        "access_token": "hunter 2",
        "template": "Hunter2",
        "templates": { "pay": "Hunter2" },
        "language": "hunter2",
        "languages": { "id": "hunter2" },
        "version": "hunter2",
        "url": "hunter2",
        "app_secret": "hunter2",
        "verify_token": "hunter2",
    }));
    let paths: Vec<_> = problems.iter().map(|text| text.split(": ").next().unwrap()).collect();
    assert_eq!(
        paths,
        [
            "p.phone_number_id",
            "p.access_token",
            "p.template",
            "p.templates.pay",
            "p.language",
            "p.languages.id",
            "p.version",
            "p.url",
            "p.app_secret",
            "p.verify_token",
        ]
    );
    let text = problems.join("\n");
    assert!(!text.contains("hunter") && !text.contains("Hunter"), "{text}");
}

#[test]
fn each_problem_alone_is_enough() {
    for (name, value) in [
        ("phone_number_id", json!("")),
        ("phone_number_id", json!("1".repeat(33))),
        ("access_token", json!("Bearer EAAJB")),
        ("template", json!("")),
        ("language", json!("pt-BR")),
        ("language", json!("pt_br")),
        ("language", json!("PT")),
        ("language", json!("pt_")),
        ("version", json!("26.0")),
        ("version", json!("v26")),
        ("version", json!("v26.0/..")),
        ("url", json!("http://graph.facebook.com")),
        ("verify_token", json!("t".repeat(31))),
        ("app_secret", json!("t".repeat(15))),
        ("app_secret", json!("t".repeat(257))),
    ] {
        let problems = problems(json!({ (name): value }));
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(problems[0].starts_with(&format!("p.{name}: ")), "{problems:?}");
    }
    let half = problems(json!({ "app_secret": null }));
    assert_eq!(half, ["p.app_secret: is missing: `verify_token` is of no use without"]);
    let half = problems(json!({ "verify_token": null }));
    assert_eq!(half, ["p.verify_token: is missing: `app_secret` is of no use without"]);
}

fn answer(status: u16, retry_after: Option<&str>, error: Value) -> SendError {
    let mut response = Response::builder().status(status);
    if let Some(seconds) = retry_after {
        response = response.header("retry-after", seconds);
    }
    let body = json!({ "error": error }).to_string();
    let response = response.body(body.as_bytes()).unwrap();
    meta(json!({})).response(response, &mut Session::default(), Timestamp(0)).unwrap_err()
}

#[test]
fn a_code_counts_whatever_the_status() {
    for status in [400, 401, 403, 404, 429, 500, 503] {
        for (code, expected) in [
            (102, SendError::Unauthorised),
            (190, SendError::Unauthorised),
            (200, SendError::Unauthorised),
            (299, SendError::Unauthorised),
            (2, SendError::Unavailable),
            (130_429, SendError::Throttled(None)),
            (131_026, SendError::RecipientRefused),
            (132_001, SendError::TemplateUnknown),
        ] {
            assert_eq!(answer(status, None, json!({ "code": code })), expected, "{status} {code}");
        }
    }
}

#[test]
fn a_code_that_says_nothing_leaves_it_to_the_status() {
    for (status, code, expected) in [
        (400, 1, SendError::Other("Meta answered 400, code 1".into())),
        (500, 1, SendError::Unavailable),
        (400, 100, SendError::Other("Meta answered 400, code 100".into())),
        (400, 199, SendError::Other("Meta answered 400, code 199".into())),
        (400, 300, SendError::Other("Meta answered 400, code 300".into())),
        (403, 300, SendError::Unauthorised),
        (400, 131_047, SendError::Other("Meta answered 400, code 131047".into())),
        (429, 7, SendError::Throttled(None)),
        (504, -1, SendError::Timeout),
    ] {
        assert_eq!(answer(status, None, json!({ "code": code })), expected, "{status} {code}");
    }
    // A subcode belongs to its code.
    let error = answer(400, None, json!({ "code": 100, "error_subcode": 2_494_010 }));
    assert_eq!(error, SendError::Other("Meta answered 400, code 100".into()));
    assert_eq!(
        answer(400, None, json!({ "code": 190, "error_subcode": 33 })),
        SendError::Unauthorised
    );
}

#[test]
fn throttling_lasts_as_long_as_the_header_says_unless_it_is_one_recipient_s() {
    for code in [4, 80_007, 130_429, 131_048] {
        let error = answer(400, Some("17"), json!({ "code": code }));
        assert_eq!(error, SendError::Throttled(Some(17)));
    }
    let error = answer(400, Some("17"), json!({ "code": 131_056 }));
    assert_eq!(error, SendError::Throttled(None));
}

#[test]
fn a_code_in_a_text_is_that_code() {
    let error = |code| answer(400, None, json!({ "code": code }));
    assert_eq!(error(json!("190")), SendError::Unauthorised);
    assert_eq!(error(json!("131026")), SendError::RecipientRefused);
}

#[test]
fn a_limit_towards_one_recipient_concerns_that_one_alone() {
    let concerns = |body: serde_json::Value| {
        let body = body.to_string();
        let response = Response::builder().status(400).body(body.as_bytes()).unwrap();
        meta(json!({})).concerns_recipient(&response)
    };
    for code in [json!(131_056), json!("131056")] {
        assert!(concerns(json!({ "error": { "code": code } })));
    }
    for code in [4, 130_429, 131_048, 131_000] {
        assert!(!concerns(json!({ "error": { "code": code } })), "{code}");
    }
    assert!(!concerns(json!(null)));
}

#[test]
fn a_code_of_another_kind_is_none() {
    for code in [json!("x190"), json!(190.5), json!(null), json!([190]), json!(u64::MAX)] {
        let error = answer(400, None, json!({ "code": code }));
        assert_eq!(error, SendError::Other("Meta answered 400".into()));
    }
}

fn signature(secret: &str, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    format!("sha256={}", HEXLOWER.encode(&mac.finalize().into_bytes()))
}

fn receive(
    meta: &MetaWhatsapp,
    method: &Method,
    query: Option<&str>,
    signature: Option<&str>,
    body: &str,
) -> Result<CallbackContent, CallbackError> {
    let mut headers = HeaderMap::new();
    if let Some(signature) = signature {
        headers.insert("x-hub-signature-256", signature.parse().unwrap());
    }
    let url = "https://otp.example.com/v1/callbacks/whatsapp-meta_whatsapp";
    let callback = Callback { method, url, query, headers: &headers, body: body.as_bytes() };
    meta.receive(&callback, Timestamp(0))
}

/// A signed call.
fn posted(body: &str) -> Result<CallbackContent, CallbackError> {
    let signature = signature(APP_SECRET, body);
    receive(&meta(json!({})), &Method::POST, None, Some(&signature), body)
}

/// A status as Meta documents it.
fn status(status: &str, tag: Option<&str>) -> Value {
    let mut status = json!({
        "id": "wamid.HBgLMTQxMjU1NTA4MjkVAgASGBQzQUNCNjk5RDUwNUZGMUZEM0VBRAA=",
        "status": status,
        "timestamp": "1750263773",
        "recipient_id": "6281234567890",
        "pricing": { "billable": true, "pricing_model": "PMP", "category": "authentication" },
    });
    if let Some(tag) = tag {
        status["biz_opaque_callback_data"] = json!(tag);
    }
    status
}

fn body(statuses: &[Value]) -> String {
    json!({
        "object": "whatsapp_business_account",
        "entry": [{
            "id": "102290129340398",
            "changes": [{
                "value": {
                    "messaging_product": "whatsapp",
                    "metadata": {
                        "display_phone_number": "15550783881",
                        "phone_number_id": "106540352242922",
                    },
                    "statuses": statuses,
                },
                "field": "messages",
            }],
        }],
    })
    .to_string()
}

fn reports(received: &CallbackContent) -> Vec<(String, DeliveryOutcome)> {
    received
        .reports
        .iter()
        .map(|MessageReport { tag, outcome }| (tag.to_string(), *outcome))
        .collect()
}

#[test]
fn every_final_status_of_ours_is_reported() {
    let body = body(&[
        status("sent", Some(TAG)),
        status("delivered", Some(TAG)),
        status("read", Some("acme.1.pay.X")),
        status("failed", Some("acme.3.pay.Y")),
        status("played", Some(TAG)),
        status("delivered", None),
        status("failed", Some("an order of other software")),
        json!("no status"),
        json!({ "status": 7, "biz_opaque_callback_data": TAG }),
    ]);
    let received = posted(&body).unwrap();
    assert_eq!(
        reports(&received),
        [
            (TAG.to_owned(), DeliveryOutcome::Delivered),
            ("acme.1.pay.X".to_owned(), DeliveryOutcome::Delivered),
            ("acme.3.pay.Y".to_owned(), DeliveryOutcome::Failed),
        ]
    );
    assert_eq!(received.answer, "");
}

#[test]
fn other_entries_do_not_hide_ours() {
    let body = json!({ "object": "whatsapp_business_account", "entry": [
        7,
        { "id": "1" },
        { "changes": {} },
        { "changes": [null, { "field": "message_template_status_update", "value": { "event": "APPROVED" } }] },
        { "changes": [{ "value": { "messages": [{ "type": "text" }] } }, { "value": { "statuses": null } }] },
        { "changes": [{ "value": { "statuses": [status("read", Some(TAG))] } }] },
    ] });
    let received = posted(&body.to_string()).unwrap();
    assert_eq!(reports(&received), [(TAG.to_owned(), DeliveryOutcome::Delivered)]);
}

#[test]
fn no_more_is_read_than_is_worth_it() {
    let statuses = vec![json!({ "status": "read", "biz_opaque_callback_data": TAG }); 1_200];
    assert_eq!(posted(&body(&statuses)).unwrap().reports.len(), MAX_REPORTS);
}

#[test]
fn who_did_not_sign_this_body_is_not_heard() {
    let body = body(&[status("failed", Some(TAG))]);
    let right = signature(APP_SECRET, &body);
    assert!(posted(&body).is_ok());
    for signature in [
        None,
        Some(""),
        Some("sha256="),
        Some(&right[7..]),
        Some(&right[..right.len() - 2]),
        Some(&format!("{right}00")),
        Some(&right.replace("sha256", "sha1")),
        Some(&signature("fedcba9876543210fedcba9876543210", &body)),
        Some(&signature(APP_SECRET, &format!("{body} "))),
        Some(&signature(APP_SECRET, "")),
    ] {
        let received = receive(&meta(json!({})), &Method::POST, None, signature, &body);
        assert_eq!(received, Err(CallbackError::Unauthenticated), "{signature:?}");
    }
    // Nor by knowing the word of the handshake.
    let query = format!("hub.mode=subscribe&hub.verify_token={VERIFY_TOKEN}");
    let received = receive(&meta(json!({})), &Method::POST, Some(&query), None, &body);
    assert_eq!(received, Err(CallbackError::Unauthenticated));
}

#[test]
fn what_is_signed_and_no_report_is_unreadable() {
    for body in ["", "{", "null", "[]", "{}", r#"{"entry":{}}"#, &"[".repeat(100_000)] {
        assert_eq!(posted(body), Err(CallbackError::Unreadable), "{}", body.len());
    }
    let body = body(&[status("failed", Some(TAG))]);
    let signature = signature(APP_SECRET, &body);
    let received = receive(&meta(json!({})), &Method::PUT, None, Some(&signature), &body);
    assert_eq!(received, Err(CallbackError::Unreadable));
}

fn handshake(query: &str) -> Result<CallbackContent, CallbackError> {
    receive(&meta(json!({})), &Method::GET, Some(query), None, "")
}

#[test]
fn the_handshake_s_word_is_given_back_to_who_shows_the_token() {
    let query =
        format!("hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token={VERIFY_TOKEN}");
    let received = handshake(&query).unwrap();
    assert_eq!(received, CallbackContent { reports: Vec::new(), answer: "1158201444".into() });
    let token = VERIFY_TOKEN.replace('0', "1");
    for query in [
        String::new(),
        "hub.mode=subscribe&hub.challenge=1".to_owned(),
        format!("hub.mode=subscribe&hub.challenge=1&hub.verify_token={token}"),
        format!("hub.mode=subscribe&hub.challenge=1&verify_token={VERIFY_TOKEN}"),
    ] {
        assert_eq!(handshake(&query), Err(CallbackError::Unauthenticated), "{query}");
    }
}

#[test]
fn a_word_that_is_more_than_a_word_is_not_given_back() {
    for challenge in ["", "%3Cscript%3E", "a%20b", "a%0D%0Ab", "%C3%BC", &"1".repeat(129)] {
        let query =
            format!("hub.mode=subscribe&hub.verify_token={VERIFY_TOKEN}&hub.challenge={challenge}");
        assert_eq!(handshake(&query), Err(CallbackError::Unreadable), "{challenge}");
    }
    let query = format!("hub.mode=unsubscribe&hub.verify_token={VERIFY_TOKEN}&hub.challenge=1");
    assert_eq!(handshake(&query), Err(CallbackError::Unreadable));
}

#[test]
fn without_secrets_in_the_settings_nothing_is_heard() {
    let deaf = meta(json!({ "app_secret": null, "verify_token": null }));
    let body = body(&[status("failed", Some(TAG))]);
    let signature = signature("", &body);
    for method in [Method::GET, Method::POST] {
        let received = receive(&deaf, &method, Some("hub.verify_token="), Some(&signature), &body);
        assert_eq!(received, Err(CallbackError::Unsupported));
    }
}

fn answered(status: u16, body: &[u8]) -> Result<Progress, SendError> {
    let response = Response::builder().status(status).body(body).unwrap();
    meta(json!({})).response(response, &mut Session::default(), Timestamp(0))
}

#[test]
fn a_success_that_is_an_error_is_that_error() {
    for (code, expected) in [
        (190, SendError::Unauthorised),
        (131_026, SendError::RecipientRefused),
        (131_056, SendError::Throttled(None)),
        (2, SendError::Unavailable),
        (100, SendError::Other("Meta answered 200, code 100".into())),
    ] {
        assert_eq!(answer(200, None, json!({ "code": code })), expected, "{code}");
    }
    for error in [json!(null), json!({}), json!({ "code": null })] {
        assert_eq!(answer(200, None, error), SendError::Unreadable);
    }
    assert!(answered(200, br#"{"messages":[{"id":"a"}],"error":{"code":190}}"#).is_ok());
    let body = br#"{"error":{"code":131056}}"#;
    let response = Response::builder().status(200).body(&body[..]).unwrap();
    assert!(meta(json!({})).concerns_recipient(&response));
}

#[test]
fn fields_that_are_not_needed_cost_neither_a_success_nor_an_error_its_meaning() {
    for x in [&b"\xff"[..], br"\ud83d", b"\xed\xa0\xbd"] {
        let of = |rest: &str| [&b"{\"x\":\""[..], x, rest.as_bytes()].concat();
        assert!(answered(200, &of(r#"","messages":[{"id":"a"}]}"#)).is_ok());
        assert!(answered(200, &of(r#"","messages":{"id":"a"}}"#)).is_ok());
        let refused = answered(400, &of(r#"","error":{"code":131026}}"#));
        assert_eq!(refused, Err(SendError::RecipientRefused));
    }
}

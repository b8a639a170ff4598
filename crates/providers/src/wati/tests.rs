//! What the recorded exchanges don't hold: settings, templates and reports.

use countersign_contract::types::{Channel, DeliveryOutcome};
use http::{HeaderMap, Method};
use serde_json::{Value, json};

use super::*;
use crate::messages::content::Content;
use crate::protocol::callback::MessageReport;
use crate::protocol::tag::Tag;

const TOKEN: &str = "c0ffee00c0ffee00c0ffee00c0ffee00";

fn settings(changes: Value) -> WatiSettings {
    let mut settings = json!({
        "url": "https://live-mt-server.wati.io",
        "api_key": "key.a-b_c",
        "template": "login_otp",
        "callback_token": TOKEN,
    });
    for (name, value) in changes.as_object().unwrap() {
        settings[name] = value.clone();
    }
    serde_json::from_value(settings).unwrap()
}

fn wati(changes: Value) -> Wati {
    Wati::open(&settings(changes), "senders.whatsapp").unwrap()
}

fn problems(changes: Value) -> Vec<String> {
    let problems = Wati::open(&settings(changes), "p").err().unwrap();
    problems.0.iter().map(ToString::to_string).collect()
}

fn message(purpose: &str, locale: Option<&str>) -> Message {
    Message {
        purpose: purpose.into(),
        challenge_id: "login.AbC".into(),
        send_number: 2,
        expires_at: Timestamp(1_795_208_960),
        locale: locale.map(Into::into),
        callback_url: Some("https://otp.example.com/v1/callbacks/whatsapp-wati".into()),
        ..Message::example(Channel::Whatsapp, Content::None)
    }
}

/// The request's URL and body.
fn written(wati: &Wati, message: &Message) -> (String, Value) {
    let request = wati.request(message, &mut Session::default(), Timestamp(0)).unwrap();
    (request.uri().to_string(), serde_json::from_slice(request.body()).unwrap())
}

#[test]
fn the_tenant_s_number_is_left_off_the_url_and_nothing_else() {
    for (url, expected) in [
        ("https://live-mt-server.wati.io", "https://live-mt-server.wati.io"),
        ("https://live-mt-server.wati.io/12345", "https://live-mt-server.wati.io"),
        ("https://live-mt-server.wati.io/12345/", "https://live-mt-server.wati.io"),
        ("https://live-server-12345.wati.io/", "https://live-server-12345.wati.io"),
        ("https://proxy.example/wati/12345", "https://proxy.example/wati"),
        ("https://proxy.example/v2a", "https://proxy.example/v2a"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://127.0.0.1:8080/77", "http://127.0.0.1:8080"),
    ] {
        let (written, _) = written(&wati(json!({ "url": url })), &message("login", None));
        assert_eq!(written, format!("{expected}/api/ext/v3/messageTemplates/send"), "{url}");
    }
}

#[test]
fn everything_wrong_with_the_settings_is_told_at_once_and_no_value_is_repeated() {
    let wrong = json!({
        "url": "http://wati.example/hunter2",
        "api_key": "",
        "template": "Hunter2",
        "parameter": "hunter 2",
        "channel": "hunter\n2",
        "callback_token": "hunter2",
        "translations": { "login_otp": { "id": "Hunter2" } },
    });
    let problems = problems(wrong);
    let paths: Vec<_> = problems.iter().map(|text| text.split(": ").next().unwrap()).collect();
    assert_eq!(
        paths,
        [
            "p.url",
            "p.api_key",
            "p.template",
            "p.translations.login_otp",
            "p.translations.login_otp.id",
            "p.parameter",
            "p.channel",
            "p.callback_token",
        ]
    );
    let text = problems.join("\n");
    assert!(!text.contains("hunter") && !text.contains("Hunter"), "{text}");
}

#[test]
fn each_problem_alone_is_enough() {
    for (name, value) in [
        ("url", json!("https://live-mt-server.wati.io/?a=b")),
        ("api_key", json!("Bearer abc")),
        ("template", json!("")),
        ("parameter", json!("")),
        ("parameter", json!("x".repeat(65))),
        ("channel", json!("")),
        ("callback_token", json!("t".repeat(31))),
        ("translations", json!({ "another": {} })),
    ] {
        let problems = problems(json!({ (name): value }));
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(problems[0].starts_with(&format!("p.{name}")), "{problems:?}");
    }
}

#[test]
fn a_template_follows_from_the_purpose_and_then_from_the_locale() {
    let wati = wati(json!({
        "templates": { "pay": "pay_otp" },
        "translations": {
            "login_otp": { "id": "login_otp_id" },
            "pay_otp": { "pt-BR": "pay_otp_br", "pt": "pay_otp_pt" },
        },
    }));
    for (purpose, locale, template) in [
        ("login", None, "login_otp"),
        ("login", Some("id"), "login_otp_id"),
        ("login", Some("id-ID"), "login_otp_id"),
        ("login", Some("pt-BR"), "login_otp"),
        ("pay", None, "pay_otp"),
        ("pay", Some("pt-br"), "pay_otp_br"),
        ("pay", Some("pt-PT"), "pay_otp_pt"),
        ("pay", Some("id"), "pay_otp"),
    ] {
        let (_, body) = written(&wati, &message(purpose, locale));
        assert_eq!(body["template_name"], template, "{purpose} {locale:?}");
    }
}

#[test]
fn a_message_is_named_only_where_reports_are_wanted_and_can_be_authenticated() {
    let login = message("login", None);
    let id = |wati: &Wati, message: &Message| {
        written(wati, message).1["recipients"][0].get("local_message_id").cloned()
    };
    assert_eq!(id(&wati(json!({})), &login), Some(json!("default.2.login.AbC")));
    assert_eq!(id(&wati(json!({ "callback_token": null })), &login), None);
    let silent = Message { callback_url: None, ..login };
    assert_eq!(id(&wati(json!({})), &silent), None);
}

#[test]
fn the_channel_is_sent_where_one_is_set() {
    let (_, body) = written(&wati(json!({ "channel": "6281111111111" })), &message("login", None));
    assert_eq!(body["channel"], "6281111111111");
    let (_, body) = written(&wati(json!({ "parameter": "1" })), &message("login", None));
    assert_eq!(body.get("channel"), None);
    assert_eq!(body["recipients"][0]["custom_params"], json!([{ "name": "1", "value": "471199" }]));
}

fn receive(method: &Method, query: &str, body: &str) -> Result<CallbackContent, CallbackError> {
    let callback = Callback {
        method,
        url: "https://otp.example.com/v1/callbacks/whatsapp-wati",
        query: Some(query),
        headers: &HeaderMap::new(),
        body: body.as_bytes(),
    };
    wati(json!({})).receive(&callback, Timestamp(0))
}

/// An event as WATI documents it.
fn event(kind: &str, id: &str) -> String {
    json!({
        "eventType": kind,
        "statusString": "Delivered",
        "localMessageId": id,
        "id": "693fd65f99391640",
        "whatsappMessageId": "wamid.HBgNODYxMzEzMzg4Nzg2MDU0OEM0NTYxRTlBMwA=",
        "text": null,
        "type": "template",
        "timestamp": "1765791326",
    })
    .to_string()
}

#[test]
fn an_event_is_reported_with_its_message() {
    let query = format!("token={TOKEN}");
    let id = "default.2.login.AbC";
    for (kind, outcome) in [
        ("sentMessageDELIVERED_v2", Some(DeliveryOutcome::Delivered)),
        ("sentMessageREAD_v2", Some(DeliveryOutcome::Delivered)),
        ("sentMessageREPLIED_v2", Some(DeliveryOutcome::Delivered)),
        ("sentMessageDELIVERED_v2_bsuid", Some(DeliveryOutcome::Delivered)),
        ("templateMessageFailed", Some(DeliveryOutcome::Failed)),
        ("templateMessageSent_v2", None),
        ("sentMessageDELIVERED", None),
        ("message", None),
    ] {
        let received = receive(&Method::POST, &query, &event(kind, id)).unwrap();
        let tag = Tag::parse(id).unwrap();
        let expected = outcome.map(|outcome| MessageReport { tag, outcome });
        assert_eq!(received.reports, Vec::from_iter(expected), "{kind}");
        assert_eq!(received.answer, "");
    }
}

#[test]
fn messages_that_are_not_ours_are_no_reports() {
    let query = format!("token={TOKEN}");
    for id in ["16bf77ae-79e8-691eb4b", "", "a.0.b", &"x".repeat(300)] {
        let body = event("templateMessageFailed", id);
        assert_eq!(receive(&Method::POST, &query, &body), Ok(CallbackContent::default()), "{id}");
    }
    let nameless = r#"{"eventType":"templateMessageFailed","localMessageId":null}"#;
    assert_eq!(receive(&Method::POST, &query, nameless), Ok(CallbackContent::default()));
}

#[test]
fn who_shows_no_token_or_another_is_not_heard() {
    let body = event("templateMessageFailed", "default.2.login.AbC");
    let other = TOKEN.replace('0', "1");
    for query in ["", "token=", "token", &format!("token={other}"), &format!("t={TOKEN}")] {
        let received = receive(&Method::POST, query, &body);
        assert_eq!(received, Err(CallbackError::Unauthenticated), "{query}");
        // Nor is anything said of a body before.
        assert_eq!(receive(&Method::GET, query, "{"), Err(CallbackError::Unauthenticated));
    }
}

#[test]
fn what_is_no_event_is_unreadable() {
    let query = format!("token={TOKEN}");
    for body in ["", "{", "null", "[]", "{}", r#"{"eventType":7}"#, &"[".repeat(100_000)] {
        assert_eq!(receive(&Method::POST, &query, body), Err(CallbackError::Unreadable));
    }
    let body = event("templateMessageFailed", "default.2.login.AbC");
    assert_eq!(receive(&Method::GET, &query, &body), Err(CallbackError::Unreadable));
}

#[test]
fn without_a_token_in_the_settings_nothing_is_heard() {
    let body = event("templateMessageFailed", "default.2.login.AbC");
    let callback = Callback {
        method: &Method::POST,
        url: "https://otp.example.com/v1/callbacks/whatsapp-wati",
        query: Some("token="),
        headers: &HeaderMap::new(),
        body: body.as_bytes(),
    };
    let wati = wati(json!({ "callback_token": null }));
    assert_eq!(wati.receive(&callback, Timestamp(0)), Err(CallbackError::Unsupported));
}

#[test]
fn what_is_said_beside_a_success_is_no_refusal() {
    let answer = |body: &str| {
        let response = Response::builder().status(200).body(body.as_bytes()).unwrap();
        wati(json!({})).response(response, &mut Session::default(), Timestamp(0))
    };
    for body in [
        r#"{"ok":true}"#,
        r#"{"result":"success"}"#,
        r#"{"success":true,"message":"Message queued"}"#,
        r#"{"result":true,"info":"Message sent successfully"}"#,
        r#"{"success":true,"result":true,"message":"anything","info":"else"}"#,
        r#"{"result":true,"errors":{"invalidWhatsappNumbers":[],"invalidCustomParameters":[]}}"#,
    ] {
        assert!(matches!(answer(body), Ok(Progress::Accepted(_))), "{body}");
    }
    for (result, error) in [("true", "\"\""), ("true", "null"), ("\"success\"", "\"\"")] {
        let body = format!(r#"{{"result":{result},"errors":{{"error":{error}}}}}"#);
        assert!(matches!(answer(&body), Ok(Progress::Accepted(_))), "{body}");
    }
    assert!(matches!(answer(r#"{"success":true,"errors":[]}"#), Ok(Progress::Accepted(_))));
    let unknown = r#"{"ok":true,"info":"Template not found"}"#;
    assert_eq!(answer(unknown), Err(SendError::TemplateUnknown));
    let other = Err(SendError::Other("WATI refused the message".into()));
    for body in [r#"{"ok":false}"#, r#"{"result":"failed"}"#, r#"{"ok":true,"error":"anything"}"#] {
        assert_eq!(answer(body), other, "{body}");
    }
    for body in [r#"{"result":7}"#, r#"{"result":"?"}"#, r#"{"info":"sent"}"#] {
        assert_eq!(answer(body), Err(SendError::Unreadable), "{body}");
    }
}

#[test]
fn what_stands_in_errors_is_read_in_each_form() {
    let answer = |status: u16, body: &str| {
        let response = Response::builder().status(status).body(body.as_bytes()).unwrap();
        wati(json!({})).response(response, &mut Session::default(), Timestamp(0)).err()
    };
    let of_v1 = |result: bool, name: &str, error: &str| {
        let lists =
            json!({ name: error, "invalidWhatsappNumbers": [], "invalidCustomParameters": [] });
        json!({ "result": result, "errors": lists }).to_string()
    };
    for body in [
        of_v1(true, "error", "template not found"),
        of_v1(false, "error", "Invalid Template Name"),
        of_v1(true, "Error", "Template does not exist"),
        r#"{"result":false,"errors":["Template not found"]}"#.to_owned(),
    ] {
        for status in [200, 400] {
            assert_eq!(answer(status, &body), Some(SendError::TemplateUnknown), "{status} {body}");
        }
    }
    for body in [
        r#"{"success":false,"errors":["No valid receivers"]}"#.to_owned(),
        r#"{"success":true,"errors":[{"message":"no valid receivers"}]}"#.to_owned(),
        r#"{"success":true,"errors":"Invalid phone number"}"#.to_owned(),
        of_v1(true, "error", "no valid receivers"),
    ] {
        for status in [200, 400] {
            assert_eq!(answer(status, &body), Some(SendError::RecipientRefused), "{status} {body}");
        }
    }
    let other = SendError::Other("WATI refused the message".into());
    assert_eq!(answer(200, &of_v1(true, "error", "anything")), Some(other));
}

fn answered(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Result<Progress, SendError> {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    let response = response.body(body).unwrap();
    wati(json!({})).response(response, &mut Session::default(), Timestamp(0))
}

#[test]
fn after_any_5xx_the_message_may_have_gone_out() {
    for status in 500..600 {
        for headers in [&[][..], &[("retry-after", "20")]] {
            for body in [&b"{}"[..], br#"{"code":429,"message":"x"}"#, b""] {
                let error = answered(status, headers, body).unwrap_err();
                assert!(error.is_uncertain(), "{status} {headers:?} {error:?}");
            }
        }
    }
    assert_eq!(answered(503, &[("retry-after", "20")], b"{}"), Err(SendError::Unreadable));
    assert_eq!(answered(425, &[], b""), Err(SendError::Unavailable));
}

#[test]
fn what_is_no_list_where_one_is_documented_counts_all_the_same() {
    let error = |status: u16, body: Value| answered(status, &[], body.to_string().as_bytes()).err();
    for invalid in [json!("+998901"), json!({ "0": "+998901" }), json!(998_901), json!(["+998901"])]
    {
        for status in [200, 400] {
            let lists = json!({ "invalidWhatsappNumbers": invalid });
            let error = error(status, json!({ "result": true, "errors": lists }));
            assert_eq!(error, Some(SendError::RecipientRefused), "{status} {invalid}");
        }
        let lists = json!({ "invalidCustomParameters": invalid });
        let error = error(200, json!({ "result": true, "errors": lists }));
        assert!(matches!(error, Some(SendError::NotConfigured(_))), "{invalid}");
    }
    for nothing in
        [json!(null), json!(""), json!(" "), json!([]), json!({}), json!(0), json!(false)]
    {
        let lists = json!({ "invalidWhatsappNumbers": nothing });
        assert_eq!(error(200, json!({ "result": true, "errors": lists })), None, "{nothing}");
    }
    let refused = "no valid receivers";
    for errors in [json!(refused), json!([refused]), json!({ "message": refused })] {
        for body in [
            json!({ "result": true, "errors": errors }),
            json!({ "result": true, "errors": { "error": errors } }),
            json!({ "result": true, "error": errors }),
            json!({ "result": true, "message": errors }),
            json!({ "result": true, "recipients": [{ "errors": errors }] }),
            json!({ "result": true, "recipients": { "errors": errors } }),
        ] {
            assert_eq!(error(200, body.clone()), Some(SendError::RecipientRefused), "{body}");
        }
    }
    let invalid = json!({ "result": true, "receivers": { "isValidWhatsAppNumber": false } });
    assert_eq!(error(200, invalid), Some(SendError::RecipientRefused));
}

#[test]
fn a_success_that_is_an_error_is_that_error() {
    for (body, expected) in [
        (r#"{"code":401,"message":"x"}"#, SendError::Unauthorised),
        (r#"{"code":429,"message":"x"}"#, SendError::Throttled(Some(7))),
        (r#"{"code":500,"message":"x"}"#, SendError::Unreadable),
        (r#"{"code":400,"message":"x"}"#, SendError::Other("WATI answered 400, code 400".into())),
        (r#"{"code":400,"message":"Template not found"}"#, SendError::TemplateUnknown),
        (r#"{"errors":{"invalidWhatsappNumbers":["1"]}}"#, SendError::RecipientRefused),
        (r#"{"error":"?"}"#, SendError::Other("WATI refused the message".into())),
        (r#"{"code":200,"message":"x"}"#, SendError::Unreadable),
    ] {
        let answered = answered(200, &[("retry-after", "7")], body.as_bytes());
        assert_eq!(answered, Err(expected), "{body}");
    }
    assert!(answered(200, &[], br#"{"result":true,"code":429}"#).is_ok());
}

#[test]
fn fields_that_are_not_needed_cost_neither_a_success_nor_an_error_its_meaning() {
    for x in [&b"\xff"[..], br"\ud83d"] {
        let of = |rest: &str| [&b"{\"x\":\""[..], x, rest.as_bytes()].concat();
        assert!(answered(200, &[], &of(r#"","ok":true}"#)).is_ok());
        let refused = answered(400, &[], &of(r#"","error":"no valid receivers"}"#));
        assert_eq!(refused, Err(SendError::RecipientRefused));
    }
}
